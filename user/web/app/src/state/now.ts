/** The time that is shown, in Unix milliseconds; it moves each half minute, so that "4 minutes ago" stays true. */

import { signal } from "@preact/signals";

const STEP = 30_000;

export const now = signal(Date.now());

/** Let it move. Returns what stops it. */
export function run(): () => void {
  const clock = setInterval(() => { now.value = Date.now(); }, STEP);
  return () => clearInterval(clock);
}
