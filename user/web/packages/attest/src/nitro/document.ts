/**
 * The attestation document of the Nitro Security Module.
 *
 * Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md, sections 2.2 and 3.2.2. An optional field may be left
 * out or null: the hypervisor writes null although that document forbids it.
 */

import { type Bytes } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

export const REGISTERS = 32;
/** Bytes of a SHA-384 register. */
export const REGISTER = 48;
/** bytes */
export const MAX_CERTIFICATE = 1024;
export const MAX_ISSUERS = 8;
/** bytes */
export const MAX_PUBLIC_KEY = 1024;
/** Bytes of user data and of a nonce. */
export const MAX_DATA = 512;
export const DIGEST = "SHA384";
const REQUIRED = ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"] as const;
const OPTIONAL = ["public_key", "user_data", "nonce"] as const;
const KNOWN: ReadonlySet<cbor.Key> = new Set([...REQUIRED, ...OPTIONAL]);

/**
 * A parsed, unverified document: `timestamp` in Unix milliseconds, all locked registers, the root first of issuers.
 *
 * `publicKey`, `userData` and `nonce` are null where the enclave gave none.
 */
export interface NitroDocument {
  readonly moduleId: string;
  readonly timestamp: number;
  readonly pcrs: ReadonlyMap<number, Bytes>;
  readonly certificate: Bytes;
  readonly cabundle: readonly Bytes[];
  readonly publicKey: Bytes | null;
  readonly userData: Bytes | null;
  readonly nonce: Bytes | null;
}

/** The instance part of a module's name: `i-0123-enc4567` is enclave 4567 of instance `i-0123`. */
export function instance(moduleId: string): string {
  return moduleId.split("-enc", 1).join("");
}

/** The document whose CBOR is exactly `payload`. Raises Malformed. */
export function decode(payload: Bytes): NitroDocument {
  const map = cbor.decode(payload, { anyOrder: true, indefinite: true });
  if (!(map instanceof cbor.CborMap) || map.pairs.some(([key]) => !KNOWN.has(key))) refuse("member_type");
  const moduleId = map.get("module_id");
  const timestamp = map.get("timestamp");
  const issuers = map.get("cabundle");
  if (typeof moduleId !== "string" || moduleId === "" || map.get("digest") !== DIGEST) refuse("member_value");
  if (typeof timestamp !== "number" || timestamp <= 0) refuse("member_value");
  if (!Array.isArray(issuers) || issuers.length < 1 || issuers.length > MAX_ISSUERS) refuse("member_value");
  return {
    moduleId,
    timestamp,
    pcrs: registers(map.get("pcrs")),
    certificate: bytes(map.get("certificate"), 1, MAX_CERTIFICATE),
    cabundle: (issuers as readonly cbor.Value[]).map((issuer) => bytes(issuer, 1, MAX_CERTIFICATE)),
    publicKey: optional(map.get("public_key"), 1, MAX_PUBLIC_KEY),
    userData: optional(map.get("user_data"), 0, MAX_DATA),
    nonce: optional(map.get("nonce"), 0, MAX_DATA),
  };
}

function registers(value: cbor.Value | undefined): ReadonlyMap<number, Bytes> {
  if (!(value instanceof cbor.CborMap) || value.pairs.length === 0) refuse("member_type");
  return new Map(value.pairs.map(([index, register]): [number, Bytes] => {
    if (typeof index !== "number" || index < 0 || index >= REGISTERS) refuse("member_value");
    return [index, bytes(register, REGISTER, REGISTER)];
  }));
}

function optional(value: cbor.Value | undefined, least: number, most: number): Bytes | null {
  return value === undefined || value === null ? null : bytes(value, least, most);
}

function bytes(value: cbor.Value | undefined, least: number, most: number): Bytes {
  if (!(value instanceof Uint8Array) || value.length < least || value.length > most) refuse("member_type");
  return value;
}

function refuse(reason: "member_type" | "member_value"): never {
  throw new Malformed(reason, "Nitro document");
}
