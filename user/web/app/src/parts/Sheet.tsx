/** Something that lies over the page from one side, holds the focus while it is open and gives it back. */

import type { ComponentChildren, JSX } from "preact";

import { useHeld } from "./holding.ts";

export interface SheetProps {
  /** What it is, spoken. */
  readonly name: string;
  /** From where it comes: with the text's beginning, its end, or over everything. */
  readonly side: "start" | "end" | "whole";
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Sheet({ name, side, onClose, children }: SheetProps): JSX.Element {
  const holding = useHeld(onClose);
  return (
    <dialog
      {...holding}
      class={`sheet sheet-${side}`}
      aria-label={name}
    >
      <div class="sheet-inside">{children}</div>
    </dialog>
  );
}
