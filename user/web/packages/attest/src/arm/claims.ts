/** Claims of Arm tokens (RFC 9783, RMM specification A7.2): read strictly by type and size; unknown ones are ignored. */

import { type Bytes } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { type CborMap } from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import type { Sha2 } from "../sha2.ts";

export const HASH_SIZES = [32, 48, 64] as const;
interface Hash {
  readonly size: number;
  readonly name: Sha2;
}
/** By the names of the IANA registry "Named Information Hash Algorithm". */
export const HASHES: ReadonlyMap<string, Hash> = new Map<string, Hash>([
  ["sha-256", { size: 32, name: "SHA-256" }],
  ["sha-384", { size: 48, name: "SHA-384" }],
  ["sha-512", { size: 64, name: "SHA-512" }],
]);
export const IMPLEMENTATION_BYTES = 32;
export const INSTANCE_BYTES = 33;
/** First byte of an instance id: a random one (RFC 9711 section 4.2.1). */
export const RANDOM_INSTANCE = 1;
export const MAX_COMPONENTS = 64;
export const MAX_TEXT = 256;
const TYPE = 1;
const VALUE = 2;
const VERSION = 4;
const SIGNER = 5;
const DESCRIPTION = 6;

/** The token says that it is of a profile that is not read here. */
export class ProfileUnknown extends Error {}

/** One measured piece of firmware; `signer` is the hash of the key that signed it, empty where none is named. */
export interface Component {
  readonly name: string;
  readonly value: Bytes;
  readonly version: string;
  readonly signer: Bytes;
}

export function refuse(what: string | number): never {
  throw new Malformed("member_value", `claim ${String(what)}`);
}

/** The map of claims. Raises Malformed. */
export function claims(payload: Bytes): CborMap {
  const value = cbor.decode(payload, { anyOrder: true });
  if (!(value instanceof cbor.CborMap)) refuse("map");
  return value;
}

/** Whether a claim is there, null included. */
export function has({ pairs }: CborMap, key: number): boolean {
  return pairs.some(([name]) => name === key);
}

/** A byte string of one of `sizes`. Raises Malformed. */
export function octets(value: cbor.Value | undefined, what: number, sizes: readonly number[]): Bytes {
  if (!(value instanceof Uint8Array) || !sizes.includes(value.length)) refuse(what);
  return value;
}

/** A byte string of at most `most` bytes. Raises Malformed. */
export function octetsUpTo(value: cbor.Value | undefined, what: number, least: number, most: number): Bytes {
  if (!(value instanceof Uint8Array) || value.length < least || value.length > most) refuse(what);
  return value;
}

/** A text, empty where there is none. Raises Malformed. */
export function text(found: CborMap, key: number): string {
  const value = has(found, key) ? found.get(key) : "";
  if (typeof value !== "string" || Array.from(value).length > MAX_TEXT) refuse(key);
  return value;
}

/** An integer. Raises Malformed. */
export function number(found: CborMap, key: number, least: number, most: number): number {
  const value = found.get(key);
  if (typeof value !== "number" || value < least || value > most) refuse(key);
  return value;
}

/** The instance id. Raises Malformed. */
export function instance(found: CborMap, key: number): Bytes {
  const value = octets(found.get(key), key, [INSTANCE_BYTES]);
  if (value[0] !== RANDOM_INSTANCE) refuse(key);
  return value;
}

/** The lifecycle state. Raises Malformed. */
export function lifecycle(found: CborMap, key: number): number {
  return number(found, key, 0, 0xffff);
}

/** The software components, at least one; `signed` demands a signer of each. Raises Malformed. */
export function components(found: CborMap, key: number, signed: boolean): readonly Component[] {
  const value = found.get(key);
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_COMPONENTS) refuse(key);
  return (value as readonly cbor.Value[]).map((one) => component(one, signed));
}

function component(value: cbor.Value, signed: boolean): Component {
  if (!(value instanceof cbor.CborMap)) refuse("component");
  text(value, DESCRIPTION);
  return {
    name: text(value, TYPE),
    value: octets(value.get(VALUE), VALUE, HASH_SIZES),
    version: text(value, VERSION),
    signer: signed || has(value, SIGNER) ? octets(value.get(SIGNER), SIGNER, HASH_SIZES) : new Uint8Array(0),
  };
}
