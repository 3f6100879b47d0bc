/**
 * Drawing tokens: requests and tokens come from one seed, which is durable before a request leaves. So whoever crashed sends
 * the same request again, and opens the same answer. Source: specs/token.md, specs/issuance.md.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, fromHex, uint } from "@privity/protocol/bytes";
import * as token from "@privity/protocol/token";
import type { Entropy } from "@privity/protocol/xwing";

import type { Meter } from "../../bridge/tokens.ts";
import type { Draw } from "./state.ts";

/** Bytes of a seed that nobody can guess, as many as asked for; the same seed gives the same ones. */
export function expanded(seed: Uint8Array): Entropy {
  let block = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, () => sha256(concat(seed, uint(block++, 4))));
    return concat(...blocks).slice(0, size);
  };
}

/** What is sent, and what opens the answer. Raises Malformed. */
export function begun(draw: Draw, spki: Bytes, { issuer, origin }: Meter): readonly (readonly [token.Pending, Bytes])[] {
  const key = token.decodeKey(spki);
  const entropy = expanded(fromHex(draw.seed) ?? new Uint8Array(0));
  const answered = token.challenge(issuer, origin);
  return Array.from({ length: draw.count }, () => token.begin(key, answered, entropy));
}

/** The tokens of an answer: all of them, or none. Raises Malformed, and NotAuthentic for what the logged key did not sign. */
export async function finished(
  draw: Draw, spki: Bytes, meter: Meter, signatures: readonly Uint8Array[],
): Promise<readonly Bytes[]> {
  const pending = begun(draw, spki, meter);
  const made: Bytes[] = [];
  for (const [at, [one]] of pending.entries()) {
    made.push(token.encode(await one.finish(signatures[at] ?? new Uint8Array(0))));
  }
  return made;
}
