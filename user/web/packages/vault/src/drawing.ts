/** How a drawing of tokens is repeated, and when it is not. Source: specs/wallet.md, "Crash"; specs/issuance.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, uint } from "@privity/protocol/bytes";
import { type Entropy } from "@privity/protocol/xwing";

const BLOCK_BYTES = 32;
const FINAL: ReadonlySet<string> = new Set([
  "tokens.daily", "tokens.day", "tokens.malformed", "tokens.off", "plan.tokens", "request.key_reused", "request.malformed",
]);

/**
 * Bytes that nobody can guess who has not the seed, as many as asked for; the same seed gives the same ones.
 *
 * A seed is durable before its request leaves: whoever crashed makes the same request again, and opens the same answer.
 */
export function expanded(seed: Uint8Array): Entropy {
  let block = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / BLOCK_BYTES) }, () => sha256(concat(seed, uint(block++, 4))));
    return concat(...blocks).slice(0, size);
  };
}

/** Whether the service's reason means "not these": such a drawing is forgotten, every other one is repeated. */
export function isOver(reason: string): boolean {
  return FINAL.has(reason);
}
