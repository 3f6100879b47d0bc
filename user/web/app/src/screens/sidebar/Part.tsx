/** A part of the list with its title; it can be folded, and stays so. */

import type { ComponentChildren, JSX } from "preact";

import { isFolded, setFolded } from "../../state/folding.ts";

export interface PartProps {
  readonly id: string;
  readonly title: string;
  /** Whether it is folded before anybody said anything. */
  readonly folded?: boolean;
  readonly children: ComponentChildren;
}

export function Part({ id, title, folded = false, children }: PartProps): JSX.Element {
  const closed = isFolded(id, folded);
  return (
    <section class="sidebar-part">
      <h2 class="sidebar-part-head">
        <button
          type="button" class="sidebar-part-title sidebar-fold" aria-expanded={!closed}
          onClick={() => setFolded(id, !closed, folded)}
        >
          {title}
        </button>
      </h2>
      {!closed && children}
    </section>
  );
}
