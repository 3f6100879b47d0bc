/** Components that are drawn again only when what they are given is something else. */

import { type AnyComponent, Component, type ComponentChildren, createElement, type FunctionComponent } from "preact";

/** `component`, which is not called again while each of its members is the same value. */
export function memo<Props extends object>(component: FunctionComponent<Props>): AnyComponent<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const before = this.props as Readonly<Record<string, unknown>>;
      const after = next as Readonly<Record<string, unknown>>;
      const names = Object.keys(after);
      return names.length !== Object.keys(before).length || names.some((name) => before[name] !== after[name]);
    }

    override render(): ComponentChildren {
      return createElement(component, this.props);
    }
  };
}
