/** X-Wing where the browser may have none. A build for browsers that have it takes `no_fallback.ts` in place of this file. */

import { hasXWing } from "./known_answers.ts";
import { type Entropy, portable, type XWing } from "./xwing.ts";

/** `native` where it gives the known answers, else noble with randomness from `entropy`. */
export async function chosen(native: XWing, entropy: Entropy): Promise<XWing> {
  return (await hasXWing()) ? native : portable(entropy);
}
