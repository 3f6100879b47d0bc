/** How workers are ended and started anew, and how an enclave is met again. Set once, by the page. */

import type { Ports } from "./ports.ts";

export interface Renewal {
  /** Ends the old ones. */
  readonly start: () => Ports;
  /** Has the enclave prove itself again, which a new channel worker, or one that forgot, knows nothing of. */
  readonly prove: () => Promise<void>;
}

let held: Renewal | null = null;

export function renewWith(renewal: Renewal): void {
  held = renewal;
}

/** What was set, null before. */
export function renewed(): Renewal | null {
  return held;
}
