/**
 * The operator's word for a node: a fleet key signed this node document, on this machine, until this time.
 *
 * Source: specs/endorsement.md. A genuine machine that is not the operator's has no endorsement; a fleet key that was
 * stolen still needs genuine hardware: the two locks are independent.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat, equal, uint } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import { VerifyingKey } from "@privity/protocol/verifying";

export const LABEL: Bytes = ascii("EC1 endorse v1\0");
const ID = 32;
/** Bytes of the signatures. */
export const ED25519 = 64;
export const MLDSA44 = 2420;

/** A logged key that endorses: Ed25519 (32 bytes), and ML-DSA-44 (1,312 bytes) or null. */
export interface FleetKey {
  readonly ed25519: Bytes;
  readonly mldsa44: Bytes | null;
}

/** A parsed, unverified endorsement: id of the fleet key and its signatures. */
export interface Endorsement {
  readonly key: Bytes;
  readonly ed25519: Bytes;
  readonly mldsa44: Bytes | null;
}

/** What is endorsed: the node document's bytes, `plat.id` (32 bytes) and `exp` of it. */
export interface Endorsed {
  readonly nodeDocument: Bytes;
  readonly platform: Bytes;
  readonly exp: number;
}

/** The endorsement does not hold; `reason` is `endorsement_missing` or `endorsement_signature` with a detail. */
export class EndorsementInvalid extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

/** The 32 bytes by which endorsements and policies name a fleet key. */
export function idOf(key: FleetKey): Bytes {
  return new Uint8Array(sha256(concat(key.ed25519, key.mldsa44 ?? new Uint8Array(0))));
}

/** What a fleet key signs. */
export function message({ nodeDocument, platform, exp }: Endorsed): Bytes {
  return concat(LABEL, sha256(nodeDocument), platform, uint(exp, 8));
}

/** The endorsement in an item `endorsement+cbor`. Raises Malformed. */
export function decode(data: Uint8Array): Endorsement {
  const value = cbor.decode(data);
  if (Array.isArray(value) && value.length === 3) {
    const [key, first, second] = value as readonly cbor.Value[];
    if (sized(key, ID) && sized(first, ED25519) && (second === null || sized(second, MLDSA44))) {
      return { key, ed25519: first, mldsa44: second };
    }
  }
  throw new Malformed("member_type", "endorsement");
}

function sized(value: cbor.Value | undefined, size: number): value is Bytes {
  return value instanceof Uint8Array && value.length === size;
}

/** The item of an endorsement. */
export function encode(endorsement: Endorsement): Bytes {
  return cbor.encode([endorsement.key, endorsement.ed25519, endorsement.mldsa44]);
}

/**
 * The fleet key among `keys` that endorses this node; a key with two parts must have signed with both.
 *
 * Raises EndorsementInvalid.
 */
export async function verify(item: Uint8Array | null, keys: readonly FleetKey[], endorsed: Endorsed): Promise<FleetKey> {
  if (item === null) throw new EndorsementInvalid("endorsement_missing");
  const given = read(item);
  const key = keys.find((one) => equal(idOf(one), given.key));
  if (key === undefined) throw new EndorsementInvalid("endorsement_signature:unknown_key");
  const signed = message(endorsed);
  if ((key.mldsa44 === null) !== (given.mldsa44 === null)) throw new EndorsementInvalid("endorsement_signature:mldsa44");
  await holds("ed25519", new VerifyingKey("Ed25519", key.ed25519).verify(signed, given.ed25519));
  const [point, signature] = [key.mldsa44, given.mldsa44];
  if (point !== null && signature !== null) {
    await holds("mldsa44", new VerifyingKey("ML-DSA-44", point).verify(signed, signature));
  }
  return key;
}

function read(item: Uint8Array): Endorsement {
  try {
    return decode(item);
  } catch (error) {
    if (error instanceof Malformed) throw new EndorsementInvalid("endorsement_signature:malformed");
    throw error;
  }
}

async function holds(part: string, verified: Promise<boolean>): Promise<void> {
  if (!(await verified)) throw new EndorsementInvalid(`endorsement_signature:${part}`);
}
