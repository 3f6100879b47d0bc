/** Checks that PSA and CCA tokens share: the pinned key, the lifecycle, and what the firmware measured. */

import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { type Case, fails, type Finding, NotChecked } from "../case.ts";
import * as cose from "../cose.ts";
import { CoseError, type Sign1 } from "../cose.ts";
import { trustAnchors } from "../policy.ts";
import { isPublished } from "../roots/pins.ts";
import { Unchecked } from "../schema.ts";
import { SignatureInvalid } from "../signature.ts";
import * as x509 from "../x509.ts";
import { type Component, ProfileUnknown } from "./claims.ts";

export type ArmKind = "psa" | "cca";
/** Label of a key id. */
const KEY_ID = 4;
/** COSE algorithms HMAC 256/64, 256/256, 384/384 and 512/512. */
const SYMMETRIC: readonly (cbor.Value | undefined)[] = [4, 5, 6, 7];
/** The one lifecycle state in which no debugger can look in. */
const SECURED = { least: 0x3000, most: 0x30ff } as const;

/**
 * The COSE_Sign1, tagged or not; a key id in its unprotected header is a hint that nobody needs.
 *
 * Raises CoseError; a message that is authenticated says so by its code.
 */
export function sign1(data: Bytes): Sign1 {
  try {
    return cose.decode(data, { tagged: true });
  } catch (error) {
    if (error instanceof CoseError && isAuthenticated(data)) throw new CoseError("cose_mac0_not_verifiable");
    const plain = withoutKeyId(data);
    if (plain === null) throw error;
    return cose.decode(plain);
  }
}

/** The untagged message without its unprotected key id (RFC 9052 section 3.1), null if there is none. */
function withoutKeyId(data: Bytes): Bytes | null {
  const value = readOrNull(data);
  const message = value instanceof cbor.Tag && value.number === cose.SIGN1_TAG ? value.value : value;
  const [header, hints, payload, signature, ...more] = Array.isArray(message) ? (message as readonly cbor.Value[]) : [];
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) return null;
  const alone = hints instanceof cbor.CborMap && hints.pairs.length === 1 && hints.get(KEY_ID) instanceof Uint8Array;
  return alone ? cbor.encode([header, new cbor.CborMap([]), payload, signature]) : null;
}

/** The reason that an error of a token's readers stands for; any other error goes on. */
export function formFault(error: unknown): Finding {
  if (error instanceof CoseError) return [`${error.code}:cpu`];
  if (error instanceof ProfileUnknown) return ["unsupported_version:cpu"];
  if (error instanceof Malformed) return [error.reason === "trailing_data" ? "trailing_data:cpu" : "malformed:cpu"];
  throw error;
}

/** The policy pins a key at all: Arm has no root that signs every device. */
export function trustAnchor({ policy }: Case, kind: ArmKind): Finding {
  return fails(trustAnchors(policy, kind).size === 0, "trust_anchor_not_pinned:cpu");
}

/** One of the pinned keys signed the token. A key whose private half is published makes it an imitation. */
export async function tokenSignature(at: Case, kind: ArmKind): Promise<Finding> {
  for (const hex of [...trustAnchors(at.policy, kind)].sort()) {
    const spki = fromHex(hex) ?? new Uint8Array(0);
    try {
      await cose.verify(at.found.sign1, x509.publicKey(spki));
      at.foreignRoot = isPublished(spki);
      return [];
    } catch (error) {
      if (!(error instanceof SignatureInvalid)) throw error;
    }
  }
  return ["token_signature:cpu"];
}

/** What is wrong with a lifecycle state: only a secured device, and only in a state that is named. */
export function lifecycleFault(state: number, allowed: readonly number[]): Finding {
  const secured = state >= SECURED.least && state <= SECURED.most;
  return fails(!secured || !allowed.includes(state), `lifecycle:0x${state.toString(16).padStart(4, "0")}`);
}

type Named = readonly string[] | Unchecked;

/** Whether the implementation is one of those that the policy names. */
export function implementationFault(value: Bytes, wanted: Named): Finding {
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  return fails(!wanted.includes(toHex(value)), "measurement_mismatch:implementation");
}

/** Which components are not among those that the policy names; one at least must be measured. */
export function componentFaults(found: readonly Component[], wanted: Named): Finding {
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  if (found.length === 0) return ["measurement_mismatch:components"];
  return found.flatMap(({ value }, place) => {
    return fails(!wanted.includes(toHex(value)), `measurement_mismatch:component-${String(place)}`);
  });
}

/** Components as people read them. */
export function written(found: readonly Component[]): readonly string[] {
  return found.map(({ name, version, value }) => `${name} ${version} ${toHex(value)}`);
}

/** Whether this is a COSE_Mac0, by its tag or by a symmetric algorithm where a signature's is due. */
function isAuthenticated(data: Bytes): boolean {
  const value = readOrNull(data);
  if (value instanceof cbor.Tag) return value.number === cose.MAC0_TAG;
  const [header] = Array.isArray(value) ? (value as readonly cbor.Value[]) : [];
  const algorithm = header instanceof Uint8Array ? readOrNull(header) : null;
  return algorithm instanceof cbor.CborMap && SYMMETRIC.includes(algorithm.get(1));
}

function readOrNull(data: Bytes): cbor.Value {
  try {
    return cbor.decode(data, { anyOrder: true });
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
