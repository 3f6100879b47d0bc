/** What went wrong in a step: a closed reason with its detail. `text/reasons.ts` has the words for it. */

import { reasonOf } from "../bridge/line.ts";

export interface Fault {
  /** From the closed lists of the packages, or `page.*`. */
  readonly reason: string;
  /** For those who look closer; never content, never a key. */
  readonly detail: string;
}

/** The reason of anything that was thrown. */
export function faultOf(error: unknown): Fault {
  return reasonOf(error);
}
