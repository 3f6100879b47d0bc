/** COSE_Sign1 (RFC 9052 section 4.2) with ES256 or ES384, read strictly. COSE_Mac0 is symmetric and always refused. */

import { type Bytes } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { type Curve, isOn, P256, P384, type PublicKey, SignatureInvalid, verifyRaw } from "./signature.ts";

export const ALGORITHMS: ReadonlyMap<cbor.Value, Curve> = new Map([[-7, P256], [-35, P384]]);
export const MAC0_TAG = 17;
export const SIGN1_TAG = 18;

export type CoseReason = "malformed" | "trailing_data" | "unsupported_algorithm" | "cose_mac0_not_verifiable";

/** The bytes are no acceptable COSE_Sign1; `code` is the appraisal reason of stage 2. */
export class CoseError extends Error {
  readonly code: CoseReason;

  constructor(code: CoseReason) {
    super(code);
    this.code = code;
  }
}

/** A parsed, unverified COSE_Sign1; `curve` follows from the protected algorithm. */
export interface Sign1 {
  readonly protected: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
  readonly curve: Curve;
}

/** Verify under `key`, which must be on the curve of the algorithm. Raises SignatureInvalid. */
export async function verify(sign1: Sign1, key: PublicKey): Promise<void> {
  if (!isOn(sign1.curve, key)) throw new SignatureInvalid("curve");
  const signed = cbor.encode(["Signature1", sign1.protected, new Uint8Array(0), sign1.payload]);
  await verifyRaw(sign1.curve, key.point, signed, sign1.signature);
}

/**
 * The COSE_Sign1 in `data`; header maps hold the algorithm alone. Raises CoseError.
 *
 * With `tagged` it may carry tag 18, without it must not: a vendor may write either, we write one.
 */
export function decode(data: Bytes, { tagged = false } = {}): Sign1 {
  let value = read(data);
  if (value instanceof cbor.Tag && value.number === MAC0_TAG) throw new CoseError("cose_mac0_not_verifiable");
  if (tagged && value instanceof cbor.Tag && value.number === SIGN1_TAG) value = value.value;
  if (!Array.isArray(value)) throw new CoseError("malformed");
  const [header, unprotected, payload, signature, ...more] = value as readonly cbor.Value[];
  if (
    !(header instanceof Uint8Array) || !(unprotected instanceof cbor.CborMap) || unprotected.pairs.length > 0
    || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array) || more.length > 0
  ) {
    throw new CoseError("malformed");
  }
  return { protected: header, payload, signature, curve: curveOf(read(header)) };
}

function curveOf(header: cbor.Value): Curve {
  const algorithm = header instanceof cbor.CborMap && header.pairs.length === 1 ? header.get(1) : undefined;
  if (algorithm === undefined) throw new CoseError("malformed");
  const curve = ALGORITHMS.get(algorithm);
  if (curve === undefined) throw new CoseError("unsupported_algorithm");
  return curve;
}

function read(data: Bytes): cbor.Value {
  try {
    return cbor.decode(data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CoseError(error.reason === "trailing_data" ? "trailing_data" : "malformed");
  }
}
