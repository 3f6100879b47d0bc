/** What is told to people beside the screen they are on: shown as a notice, or only spoken. */

import { signal } from "@preact/signals";

import { type Notice, notices } from "./app.ts";

/** What the two live regions say; a text is said again when it is set again. */
export const polite = signal("");
export const assertive = signal("");

/** Notices that are shown at once; older ones give way. */
const MOST = 3;
/** Milliseconds that a notice stays that asks nothing. */
export const STAYS = 6000;

let next = 0;

/** Have a screen reader say this when it has time. */
export function say(text: string): void {
  polite.value = again(polite.value, text);
}

export interface Telling {
  /** Said at once, and shown until it is closed. */
  readonly urgent?: boolean;
  readonly details?: string;
  readonly action?: Notice["action"];
  /** Milliseconds until it goes by itself; null: not before it is closed. */
  readonly stays?: number | null;
}

/** Show a notice, and have it said. Returns its id, for `dismiss`. */
export function tell(text: string, telling: Telling = {}): number {
  const { urgent = false, details = "", stays = urgent ? null : STAYS } = telling;
  // Told again by somebody who has no remedy, it keeps the one that it had.
  const action = telling.action ?? notices.value.find((one) => urgent && one.text === text)?.action;
  const id = next++;
  const notice: Notice = { id, text, urgent, details, ...(action === undefined ? {} : { action }) };
  notices.value = [...notices.value.filter((one) => one.text !== text), notice].slice(-MOST);
  const region = urgent ? assertive : polite;
  region.value = again(region.value, text);
  if (stays !== null) setTimeout(() => dismiss(id), stays);
  return id;
}

/** Take a notice away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((one) => one.id !== id);
}

/** The same text twice in a row is only said twice when it differs: by a space that nobody hears. */
function again(before: string, text: string): string {
  return before === text ? `${text}\u00a0` : text;
}
