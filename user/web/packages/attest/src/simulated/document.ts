/** The simulated attestation document: a COSE_Sign1 like Nitro's. Source: specs/simulated.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { DerError } from "../der.ts";
import * as x509 from "../x509.ts";

export const CODE = 0;
export const CLOSURE = 1;
export const RUNTIME = 3;
export const REGISTERS = [CODE, CLOSURE, RUNTIME] as const;
export const MAX_ISSUERS = 3;
const KEYS = ["kind", "registers", "report_data", "debug", "certificate", "cabundle"] as const;

/** The payload: registers of 48 bytes, 64 bytes of report data, leaf certificate, issuers with the root first. */
export interface SimDocument {
  readonly registers: Readonly<Record<(typeof REGISTERS)[number], Bytes>>;
  readonly reportData: Bytes;
  readonly debug: boolean;
  readonly certificate: Bytes;
  readonly cabundle: readonly Bytes[];
}

/** The document in the COSE payload. Raises Malformed. */
export function decode(payload: Bytes): SimDocument {
  const map = cbor.decode(payload);
  if (!(map instanceof cbor.CborMap) || map.pairs.length !== KEYS.length) refuse("member_type");
  const [kind, registers, reportData, debug, certificate, issuers] = KEYS.map((name) => map.get(name));
  if (kind !== "sim" || !(registers instanceof cbor.CborMap) || typeof debug !== "boolean") refuse("member_type");
  if (!Array.isArray(issuers) || issuers.length < 1 || issuers.length > MAX_ISSUERS) refuse("member_value");
  const indices = registers.pairs.map(([index]) => index);
  if (indices.length !== REGISTERS.length || REGISTERS.some((index, at) => index !== indices[at])) refuse("member_value");
  return {
    registers: {
      [CODE]: bytes(registers.get(CODE), 48),
      [CLOSURE]: bytes(registers.get(CLOSURE), 48),
      [RUNTIME]: bytes(registers.get(RUNTIME), 48),
    },
    reportData: bytes(reportData, 64),
    debug,
    certificate: bytes(certificate),
    cabundle: (issuers as readonly cbor.Value[]).map((issuer) => bytes(issuer)),
  };
}

function bytes(value: cbor.Value | undefined, size?: number): Bytes {
  if (!(value instanceof Uint8Array) || (size ?? value.length) !== value.length) refuse("member_type");
  return value;
}

function refuse(reason: "member_type" | "member_value"): never {
  throw new Malformed(reason, "simulated document");
}

const PEM = /^-----BEGIN CERTIFICATE----- ([A-Za-z0-9+/= ]*) -----END CERTIFICATE-----$/;

/** The pin (SHA-256 of the SubjectPublicKeyInfo, hexadecimal) of the one certificate in `pem`. Raises DerError. */
export function pinOfPem(pem: string): string {
  const [, base64] = PEM.exec(pem.trim().split(/\s+/).join(" ")) ?? [];
  if (base64 === undefined) throw new DerError("not one PEM certificate");
  let text: string;
  try {
    text = atob(base64.replaceAll(" ", ""));
  } catch {
    throw new DerError("not base64");
  }
  return x509.decode(Uint8Array.from(text, (character) => character.charCodeAt(0))).pin;
}

/** The platform identifier hash (hexadecimal) of an enclave under the development root of `pin`. */
export function platformId(pin: string): string {
  return toHex(sha256(fromHex(pin) ?? new Uint8Array(0)));
}
