/** The development roots whose test enclaves a person accepts for one service, as this browser keeps them. */

import { type Bytes, fromHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { Refusal } from "../bridge/line.ts";

export const MAX_ROOTS = 16;
const PIN = 32;
const MAX_KEPT = 4096;

/** The document that is kept. Raises Refusal `page.malformed` for what is no root. */
export function encodeRoots(roots: readonly string[]): Bytes {
  if (roots.length > MAX_ROOTS || !roots.every(isRoot)) throw new Refusal("page.malformed", "roots");
  return canonical.encode([...new Set(roots)].sort());
}

/** The roots of a kept document; one that cannot be read is no consent. */
export function rootsIn(kept: Bytes | null): ReadonlySet<string> {
  if (kept === null) return new Set();
  try {
    const list = canonical.entries(canonical.decode(kept, MAX_KEPT), "roots", 0, MAX_ROOTS);
    return new Set(list.map((one) => canonical.text(one, "root", 2 * PIN, /^[0-9a-f]{64}$/)));
  } catch (error) {
    if (error instanceof Malformed) return new Set();
    throw error;
  }
}

function isRoot(text: string): boolean {
  return fromHex(text)?.length === PIN;
}
