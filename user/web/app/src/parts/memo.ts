/** Components that are drawn again only when what they are given is something else. */

import {
  type AnyComponent, Component, type ComponentChildren, createElement, type FunctionComponent, type VNode,
} from "preact";
import { useRef } from "preact/hooks";

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

interface Drawn<Item> {
  readonly items: readonly Item[];
  readonly shared: unknown;
  readonly nodes: readonly VNode[];
}

/**
 * The nodes of a list, each drawn by `draw` from its item and `shared` alone. Where both are what they were before, the node is
 * the same object, which Preact leaves without comparing anything in it.
 */
export function useNodes<Item>(items: readonly Item[], shared: unknown, draw: (item: Item) => VNode): readonly VNode[] {
  const before = useRef<Drawn<Item> | null>(null);
  const known = before.current?.shared === shared ? before.current : null;
  const nodes = items.map((item, at) => (known?.items[at] === item ? known.nodes[at] : undefined) ?? draw(item));
  before.current = { items, shared, nodes };
  return nodes;
}
