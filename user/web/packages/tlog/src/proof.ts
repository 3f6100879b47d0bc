/** Offline proofs that an entry is in a log. Sources: C2SP tlog-proof, specs/proof.md. */

import { ascii, type Bytes, concat } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import * as head from "./head.ts";
import { type Head } from "./head.ts";
import { MAX_EXTRA, MAX_HASHES, MAX_PROOF } from "./limits.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import { decimal, fromBase64, HASH, octets, toBase64 } from "./spelling.ts";
import { type WitnessPolicy } from "./witness_policy.ts";

const FIRST = "c2sp.org/tlog-proof@v1";
const EXTRA = "extra ";
const INDEX = "index ";

/** A parsed, unverified proof: the entry's index, its path, the checkpoint's note, and unauthenticated extra. */
export interface Proof {
  readonly index: number;
  readonly path: readonly Bytes[];
  readonly checkpoint: Bytes;
  readonly extra: Bytes | null;
}

/** The proof in `data`. Raises TlogError `proof_malformed`. */
export function decode(data: Uint8Array): Proof {
  if (data.length > MAX_PROOF) throw new TlogError("proof_malformed", "too large");
  const blank = octets(data).indexOf("\n\n");
  if (blank < 0 || blank + 2 === data.length) throw new TlogError("proof_malformed", "no checkpoint");
  const [first, ...rest] = octets(data.subarray(0, blank)).split("\n");
  const extra = rest[0]?.startsWith(EXTRA) === true
    ? fromBase64((rest.shift() ?? "").slice(EXTRA.length), "proof_malformed")
    : null;
  const [index, ...path] = rest;
  if (first !== FIRST || index?.startsWith(INDEX) !== true || path.length > MAX_HASHES) {
    throw new TlogError("proof_malformed", "lines");
  }
  if (extra !== null && extra.length > MAX_EXTRA) throw new TlogError("proof_malformed", "extra");
  return {
    index: decimal(index.slice(INDEX.length), "proof_malformed"),
    path: path.map((line) => fromBase64(line, "proof_malformed", HASH)),
    checkpoint: new Uint8Array(data.subarray(blank + 2)),
    extra,
  };
}

/** The text of a proof. Raises TlogError `proof_malformed`. */
export function encode(proof: Proof): Bytes {
  const { index, path, checkpoint, extra } = proof;
  const lines = [FIRST, ...(extra === null ? [] : [EXTRA + toBase64(extra)]), INDEX + String(index), ...path.map(toBase64)];
  const data = concat(ascii(`${lines.join("\n")}\n\n`), checkpoint);
  decode(data);
  return data;
}

/**
 * The head under which `entry` (the exact leaf) is proved to be logged.
 *
 * Raises TlogError: what `head.verify` raises, `proof_malformed`, `inclusion`.
 */
export async function verify(
  data: Uint8Array, entry: Uint8Array, policy: WitnessPolicy, origin: string,
): Promise<Head> {
  const read = decode(data);
  const verified = await head.verify(read.checkpoint, policy, origin);
  verifyInclusion(leafHash(entry), read.index, verified.checkpoint.size, read.path, verified.checkpoint.root);
  return verified;
}
