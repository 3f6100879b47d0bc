/** How a dialog holds the focus: it takes it, keeps it inside, and gives it back. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), "
  + "[tabindex]:not([tabindex='-1']), summary";

export interface Holding {
  readonly ref: RefObject<HTMLDialogElement | null>;
  readonly onCancel: (event: Event) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onPointerDown: (event: PointerEvent) => void;
}

/** What a modal element bears: it holds the focus, and Escape or a press beside it asks to close. */
export function useHeld(onClose: () => void): Holding {
  const shown = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => held(shown.current), []);
  return {
    ref: shown,
    onCancel: (event) => {
      event.preventDefault();
      onClose();
    },
    onKeyDown: (event) => trap(event, shown.current),
    onPointerDown: (event) => {
      if (event.target === shown.current) onClose();
    },
  };
}

/** Open a modal dialog; what is marked with `autofocus`, else its first control, has the focus. Returns what closes it. */
function held(dialog: HTMLDialogElement | null): (() => void) | undefined {
  if (dialog === null) return undefined;
  const before = document.activeElement;
  dialog.showModal();
  const wanted = dialog.querySelector<HTMLElement>("[autofocus]")
    ?? dialog.querySelector<HTMLElement>(".dialog-body :is(input, textarea, select, button)");
  wanted?.focus();
  return () => {
    if (dialog.open) dialog.close();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}

/** Tab goes round inside. */
function trap(event: KeyboardEvent, dialog: HTMLDialogElement | null): void {
  if (event.key !== "Tab" || dialog === null) return;
  const inside = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.checkVisibility());
  const [first, last] = event.shiftKey ? [inside.at(-1), inside[0]] : [inside[0], inside.at(-1)];
  if (first === undefined || document.activeElement !== last) return;
  event.preventDefault();
  first.focus();
}
