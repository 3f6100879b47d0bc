/** Which key press sends, and which begins a line. */

import { remembered } from "../../state/remembered.ts";

/**
 * Whether a key press in a field of text means "send".
 *
 * Enter that ends a word of an input method never does. On a touch screen Enter begins a line: there is a button.
 */
export function sends(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" || isComposing(event) || event.shiftKey || event.altKey) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return remembered.value.enterSends && !matchMedia("(hover: none) and (pointer: coarse)").matches;
}

/** Safari says of the Enter that ends a word only its old key code. */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || (event as { readonly keyCode: number }).keyCode === COMPOSING;
}

const COMPOSING = 229;
