/**
 * Cosignatures: a witness's word that it saw this head, at this time, and no other.
 *
 * Sources: C2SP tlog-cosignature, specs/cosignature.md. Type 0x04 signs the checkpoint's text with Ed25519, type 0x06 a
 * binary message with ML-DSA-44 that names the witness.
 */

import { ascii as utf8, type Bytes, concat, readUint, uint } from "@privity/protocol/bytes";

import * as checkpoint from "./checkpoint.ts";
import { type Checkpoint } from "./checkpoint.ts";
import { TlogError } from "./errors.ts";
import { COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, type Key, SIGNATURE_BYTES } from "./keys.ts";
import { MAX_SIZE } from "./limits.ts";
import { by, type Note, type Signature } from "./note.ts";

const LABEL = utf8("subtree/v1\n\0");
/** Bytes of the time. */
const STAMP = 8;

/** A verified cosignature: who, and when (Unix seconds; 0 makes no statement about time). */
export interface Cosignature {
  readonly name: string;
  readonly time: number;
}

/** What a cosigner with `key` signs for `head` at `time`. Raises TlogError `cosignature_malformed`. */
export function message(key: Key, time: number, head: Checkpoint): Bytes {
  if (time > MAX_SIZE) throw new TlogError("cosignature_malformed", "time");
  if (key.type === COSIGNATURE_ED25519) return utf8(`cosignature/v1\ntime ${String(time)}\n${checkpoint.encode(head)}`);
  if (key.type !== COSIGNATURE_MLDSA44) throw new TlogError("cosignature_malformed", "key type");
  // TLS presentation language: two texts with one byte of length, numbers big-endian; a checkpoint starts at leaf 0.
  const [name, origin] = [utf8(key.name), utf8(head.origin)];
  return concat(
    LABEL, uint(name.length, 1), name, uint(time, 8), uint(origin.length, 1), origin, uint(0, 8), uint(head.size, 8),
    head.root,
  );
}

/**
 * The newest cosignature of `head` by `key`, null without one; `head` is the checkpoint of `note`.
 *
 * Raises TlogError `cosignature_malformed`, `witness_signature`.
 */
export async function verify(note: Note, head: Checkpoint, key: Key): Promise<Cosignature | null> {
  let newest: Cosignature | null = null;
  for (const one of by(note, key)) {
    const found = await verified(one, head, key);
    if (newest === null || found.time > newest.time) newest = found;
  }
  return newest;
}

async function verified(one: Signature, head: Checkpoint, key: Key): Promise<Cosignature> {
  if (one.signature.length !== STAMP + (SIGNATURE_BYTES[key.type] ?? 0)) {
    throw new TlogError("cosignature_malformed", key.name);
  }
  const time = readUint(one.signature, 0, STAMP);
  if (!(await key.verify(message(key, time, head), one.signature.slice(STAMP)))) {
    throw new TlogError("witness_signature", key.name);
  }
  return { name: key.name, time };
}
