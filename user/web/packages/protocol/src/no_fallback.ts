/** What stands for `fallback.ts` in a build that is started where the browser was found to have X-Wing. */

import type { XWing } from "./xwing.ts";

export function chosen(native: XWing): Promise<XWing> {
  return Promise.resolve(native);
}
