/**
 * Boxes: a chat's keys, wrapped under the account key; and the box of an object. Source: specs/object.md.
 *
 * A `Box` can only be used. `OpenBox` has its keys raw: for a box that is made, wrapped again or given one more key.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat } from "@privity/protocol/bytes";
import { CborMap, type Value } from "@privity/protocol/cbor";
import * as m from "@privity/protocol/stored/members";

import { reading, VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import * as object from "./object.ts";
import { type AccountKey, type ChatKey, type LaneKey, Secret } from "./secret.ts";

export const KIND = 0;
/** Generations of one chat: a new one follows a rotation only. */
export const MAX_KEYS = 1024;

/** The keys of one chat by generation, the first at 0, without a gap. */
export interface Box {
  readonly id: Bytes;
  readonly keys: readonly ChatKey[];
}

/** The same with its keys in script memory. */
export interface OpenBox {
  readonly id: Bytes;
  readonly keys: readonly Secret<"chat key">[];
}

/** Where a body of a box is: its account, its id, and the version of its writing. */
export interface Where {
  readonly account: Bytes;
  readonly id: Bytes;
  readonly version: number;
}

/** The generation under which the next object is sealed, and the key of it. Raises VaultError `object.wrong_key`. */
export function newest(box: Box): { readonly generation: number; readonly key: ChatKey } {
  return { generation: box.keys.length, key: keyOf(box, box.keys.length) };
}

/** The key of a generation. Raises VaultError `object.wrong_key`. */
export function keyOf(box: Box, generation: number): ChatKey {
  const key = box.keys[generation - 1];
  if (key === undefined) throw new VaultError("object.wrong_key", `no chat key of generation ${String(generation)}`);
  return key;
}

/** A box with its first key. The home box has the account's id. */
export function make(id: Bytes, key: Secret<"chat key">): OpenBox {
  return { id, keys: [key] };
}

/** The box with one generation more. Raises VaultError `object.too_large`. */
export function withNextKey(box: OpenBox, key: Secret<"chat key">): OpenBox {
  if (box.keys.length >= MAX_KEYS) throw new VaultError("object.too_large", `${String(MAX_KEYS)} keys`);
  return { id: box.id, keys: [...box.keys, key] };
}

/** What can only be used from now on; the raw keys are wiped. */
export async function keep(box: OpenBox): Promise<Box> {
  return { id: box.id, keys: await Promise.all(box.keys.map((one) => one.keep())) };
}

/** The body of a box: under the account key of `epoch`, in 512 bytes or twice that, and so on. */
export function seal(
  box: OpenBox, key: AccountKey, { account, version, epoch, nonce }: Omit<Where, "id"> & { epoch: number; nonce: Bytes },
): Promise<Bytes> {
  const rows = box.keys.map((one, at): Value => [at + 1, one.reveal()]);
  const place = { account, box: box.id, object: box.id, version };
  const sealing = { family: object.BOX, kind: KIND, place, key, generation: epoch };
  return object.seal(new CborMap([[1, 1], [2, rows]]), sealing, nonce);
}

/** The box, to be used; the body names the epoch of its account key. Raises VaultError as `object.openBody` does. */
export async function openBox(body: Bytes, keys: ReadonlyMap<number, AccountKey>, where: Where): Promise<Box> {
  return keep(await openRaw(body, keys, where));
}

/** The box, to be written again. Raises VaultError as `object.openBody` does. */
export async function openRaw(body: Bytes, keys: ReadonlyMap<number, AccountKey>, where: Where): Promise<OpenBox> {
  const { account, id, version } = where;
  const epoch = object.readHeader(body).generation;
  const key = keys.get(epoch);
  if (key === undefined) throw new VaultError("object.wrong_key", `no account key of epoch ${String(epoch)}`);
  const place = { account, box: id, object: id, version };
  const content = await object.openBody(body, { family: object.BOX, kind: KIND, place, key, generation: epoch });
  return { id, keys: reading("object.malformed", () => readKeys(content)) };
}

function readKeys(content: Value): readonly Secret<"chat key">[] {
  const members = m.ofMap(content, 2);
  m.version(m.at(members, 0));
  return m.rows(m.at(members, 1), "keys", 2, MAX_KEYS, 1).map((row, at) => {
    m.number(m.at(row, 0), "generation", at + 1, at + 1);
    return Secret.take("chat key", m.octets(m.at(row, 1), "key", 32));
  });
}

/** Mask a box id for the page that writes `id`; applied to a lane, it gives the box back. */
export function lane(box: Bytes, key: LaneKey, id: Bytes): Bytes {
  const mask = hmac(sha256, key.reveal(), id);
  return box.map((byte, at) => byte ^ (mask[at] ?? 0));
}

/** The object id here of something that is imported: importing it twice changes nothing. */
export type Ids = (id: string) => Bytes;

/** What ids of imported things are derived from: it opens nothing. */
export function importKey(key: AccountKey, account: Bytes): Promise<Bytes> {
  return key.derive(account, ascii(labels.IMPORT));
}

/** The ids of what one source exports, under an `importKey`. */
export function idsUnder(derived: Bytes, source: string): Ids {
  return (id) => hmac(sha256, derived, concat(ascii(source), Uint8Array.of(0), ascii(id))).slice(0, 16);
}

/** The ids here of what one source exports. */
export async function importIds(key: AccountKey, account: Bytes, source: string): Promise<Ids> {
  return idsUnder(await importKey(key, account), source);
}
