/** What this browser keeps about how the page looks and listens: nothing of what anybody wrote. */

import { signal } from "@preact/signals";

import { forgetLook, keepLook, readLook, type Remembered } from "./look.ts";

export { checked, type Remembered } from "./look.ts";

export const remembered = signal<Remembered>(readLook());

/** Keep a change. Where the browser keeps nothing, it holds until the page is left. */
export function remember(change: Partial<Remembered>): void {
  remembered.value = { ...remembered.value, ...change };
  keepLook(remembered.value);
}

/** Leave no trace of it in this browser. */
export function unremember(): void {
  remembered.value = forgetLook();
}
