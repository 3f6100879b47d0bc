/**
 * Sealed objects: one record, one key, one place. Source: specs/object.md.
 *
 * Identity, version and generation are authenticated, so that the service can swap nothing; the commitment is compared
 * first, so that one ciphertext opens under one key only.
 */

import { allZero, ascii, type Bytes, concat, equalSecret, readUint, uint } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { type Value } from "@privity/protocol/cbor";
import { sha256 } from "@privity/protocol/kdf";
import { padme } from "@privity/protocol/padding";
import * as header from "@privity/protocol/stored/header";
import { HEADER, type Header, MAX_FRAME } from "@privity/protocol/stored/header";
import { U32 } from "@privity/protocol/stored/members";

import { reading, VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import type { Keying } from "./secret.ts";

/** Bytes of kind and length in a frame. */
export const PREFIX = 5;
export const LEAST_FRAME = 4096;
export const LEAST_SMALL = 512;
/** Bytes of a nonce. */
export const NONCE = 12;
/** Data items of one content: a wallet of 3,000 tokens takes 10,000. */
export const MAX_ITEMS = 65_536;
const ID = 16;

/** What kind of thing is sealed: its label, and how its frames are padded. */
export interface Family {
  readonly label: string;
  padded(size: number): number;
}

/** Where a body belongs: `version` rises by one with every writing of `object`. */
export interface Place {
  readonly account: Bytes;
  readonly box: Bytes;
  readonly object: Bytes;
  readonly version: number;
}

function large(size: number): number {
  return Math.max(LEAST_FRAME, padme(size));
}

function doubled(size: number): number {
  let padded = LEAST_SMALL;
  while (padded < size) padded *= 2;
  return padded;
}

export const OBJECT: Family = { label: labels.OBJECT, padded: large };
export const BOX: Family = { label: labels.BOX, padded: doubled };
export const KEYRING: Family = { label: labels.KEYRING, padded: doubled };
export const SHARE: Family = { label: labels.SHARE, padded: large };

/** What a body is and where it belongs: all that its seal holds it to. `family` is OBJECT unless it is said. */
export interface Sealing {
  readonly family?: Family;
  readonly kind: number;
  readonly place: Place;
  readonly key: Keying;
  readonly generation: number;
}

/** The body. `nonce` is 12 random bytes. Raises VaultError `object.malformed`, `object.too_large`. */
export async function seal(content: Value, sealing: Sealing, nonce: Bytes): Promise<Bytes> {
  const { family = OBJECT, kind, place, key, generation } = sealing;
  if (nonce.length !== NONCE || !isUint(kind, 255)) throw new VaultError("object.malformed", "nonce or kind");
  const frame = frameOf(kind, encoded(content), family);
  const additionalData = associated(family, place, generation);
  const commit = await commitOf(family, place, key, additionalData, nonce);
  const cipher = await key.cipher(place.object, ascii(family.label + labels.KEY));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, cipher, frame);
  return concat(header.encode({ generation, nonce, commit }), new Uint8Array(sealed));
}

/**
 * The content of a body that must be of this kind, at this place, under this key.
 *
 * Raises VaultError: `object.malformed`, `object.wrong_key`, `object.damaged`, `object.wrong_kind`.
 */
export async function openBody(body: Bytes, { kind, ...sealing }: Sealing): Promise<Value> {
  return (await openKinds(body, { ...sealing, kinds: new Set([kind]) })).content;
}

/** Kind and content of a body that must be of one of these kinds. Raises VaultError as `openBody` does. */
export async function openKinds(
  body: Bytes, sealing: Omit<Sealing, "kind"> & { readonly kinds: ReadonlySet<number> },
): Promise<{ readonly kind: number; readonly content: Value }> {
  const { family = OBJECT, kinds, place, key, generation } = sealing;
  const found = readHeader(body);
  const additionalData = associated(family, place, generation);
  if (found.generation !== generation) {
    throw new VaultError("object.wrong_key", `generation ${String(found.generation)}, expected ${String(generation)}`);
  }
  if (!equalSecret(await commitOf(family, place, key, additionalData, found.nonce), found.commit)) {
    throw new VaultError("object.wrong_key", "another key, or another place");
  }
  const cipher = await key.cipher(place.object, ascii(family.label + labels.KEY));
  const parameters = { name: "AES-GCM", iv: found.nonce, additionalData };
  const frame = await decrypted(parameters, cipher, body.subarray(HEADER));
  return { kind: readUint(frame, 0, 1), content: contentOf(frame, kinds, family) };
}

async function decrypted(parameters: AesGcmParams, cipher: CryptoKey, sealed: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, cipher, sealed));
  } catch {
    throw new VaultError("object.damaged", "the commitment holds and the ciphertext does not");
  }
}

/** Read the clear header. Raises VaultError `object.malformed`. */
export function readHeader(body: Bytes): Header {
  return reading("object.malformed", () => header.decode(body));
}

/** The body that a page names by hash and size. Raises VaultError `object.swapped`. */
export async function check(body: Bytes, { hash, size }: { readonly hash: Bytes; readonly size: number }): Promise<Bytes> {
  if (body.length !== size || !equalSecret(await sha256(body), hash)) {
    throw new VaultError("object.swapped", "not the bytes that the signed page names");
  }
  return body;
}

/** What is authenticated beside the frame. Raises VaultError `object.malformed` for ids of another length. */
export function associated(family: Family, place: Place, generation: number): Bytes {
  const ids = [place.account, place.box, place.object];
  if (ids.some((one) => one.length !== ID) || !isUint(place.version, U32) || !isUint(generation, U32)) {
    throw new VaultError("object.malformed", "ids have 16 bytes, version and generation 32 bits");
  }
  return concat(ascii(`${family.label}\0`), ...ids, uint(place.version, 4), uint(generation, 4));
}

function isUint(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function commitOf(family: Family, place: Place, key: Keying, aad: Bytes, nonce: Bytes): Promise<Bytes> {
  return key.derive(place.object, concat(ascii(family.label + labels.COMMIT), aad, nonce));
}

/** The bytes of a content that a reader will take. */
function encoded(content: Value): Bytes {
  return reading("object.malformed", () => {
    const data = cbor.encode(content);
    cbor.decode(data, { maxItems: MAX_ITEMS });
    return data;
  });
}

function frameOf(kind: number, content: Bytes, family: Family): Bytes {
  const size = family.padded(PREFIX + content.length);
  if (size > MAX_FRAME) {
    throw new VaultError("object.too_large", `a frame of ${String(size)} bytes, at most ${String(MAX_FRAME)}`);
  }
  const frame = new Uint8Array(size);
  frame.set(concat(uint(kind, 1), uint(content.length, 4), content));
  return frame;
}

function contentOf(frame: Bytes, kinds: ReadonlySet<number>, family: Family): Value {
  const length = readUint(frame, 1, 4);
  const end = PREFIX + length;
  if (end > frame.length || frame.length !== family.padded(end)) {
    throw new VaultError("object.malformed", `${String(length)} bytes in a frame of ${String(frame.length)}`);
  }
  if (!allZero(frame.subarray(end))) throw new VaultError("object.malformed", "padding that is not zero");
  const kind = readUint(frame, 0, 1);
  if (!kinds.has(kind)) throw new VaultError("object.wrong_kind", `kind ${String(kind)}, expected ${[...kinds].join(", ")}`);
  return reading("object.malformed", () => cbor.decode(frame.subarray(PREFIX, end), { maxItems: MAX_ITEMS }));
}
