/**
 * Drawing tokens: requests and tokens come from one seed, which is durable before a request leaves. So whoever crashed sends
 * the same request again, and opens the same answer. Source: specs/token.md, specs/issuance.md.
 */

import { type Bytes, fromHex } from "@privity/protocol/bytes";
import * as token from "@privity/protocol/token";
import { expanded } from "@privity/vault/drawing";

import type { Meter } from "../../bridge/tokens.ts";
import type { Draw } from "./state.ts";

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
