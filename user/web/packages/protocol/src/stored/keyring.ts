/** The public half of a keyring: which openers and devices an account has. Source: specs/keyring.md. */

import { ascii, type Bytes, concat, equal, toHex } from "../bytes.ts";
import type { Value } from "../cbor.ts";
import { Malformed } from "../errors.ts";
import { sha256 } from "../kdf.ts";
import * as labels from "./labels.ts";
import * as m from "./members.ts";
import * as ed25519 from "./signature.ts";

/** Bytes of both halves together. */
export const MAX_KEYRING = 256 * 1024;
export const MAX_OPENERS = 16;
/** Revoked ones included: none is ever dropped, so this is for the life of an account. */
export const MAX_DEVICES = 256;
export const KINDS = 4;
const MEMBERS = 10;

/** An opener that the keyring knows, by the SHA-256 of its record. */
export interface ListedOpener {
  readonly id: Bytes;
  readonly kind: number;
  readonly record: Bytes;
}

/** A device's signing key. `lastSeq` is null while it is active, else the last page of it that counts. */
export interface Device {
  readonly id: Bytes;
  readonly key: Bytes;
  readonly lastSeq: number | null;
  readonly introducedBy: Bytes;
}

/** The public half. `previous` is null in revision 1; `private` is the SHA-256 of the sealed private half. */
export interface Keyring {
  readonly account: Bytes;
  readonly revision: number;
  readonly epoch: number;
  readonly previous: Bytes | null;
  readonly openers: readonly ListedOpener[];
  readonly devices: readonly Device[];
  readonly day: number;
  readonly signer: Bytes;
  readonly private: Bytes;
}

/** The device of this id, active or not. */
export function deviceOf(ring: Keyring, id: Uint8Array): Device | null {
  return ring.devices.find((one) => equal(one.id, id)) ?? null;
}

/** The opener of this id. */
export function openerOf(ring: Keyring, id: Uint8Array): ListedOpener | null {
  return ring.openers.find((one) => equal(one.id, id)) ?? null;
}

/** What is signed, and what both MACs cover. */
export function signedBytes(data: Bytes): Bytes {
  return concat(ascii(labels.KEYRING), data);
}

/** The hash by which the next keyring and pages name this one. */
export function digest(data: Bytes): Promise<Bytes> {
  return sha256(data);
}

/** Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the public half. */
export async function verify(data: Bytes, signature: Bytes, key: Bytes): Promise<void> {
  await ed25519.verify(key, signature, signedBytes(data));
}

/** Read a public half. Raises Malformed: as `members.decode`, `member_type`, `member_value`. */
export function decode(data: Bytes): Keyring {
  const members = m.decode(data, MEMBERS, MAX_KEYRING);
  m.version(m.at(members, 0));
  const revision = m.number(m.at(members, 2), "revision", 1);
  const before = m.at(members, 4);
  if ((before === null) !== (revision === 1)) {
    throw new Malformed("member_value", "prev is null in revision 1 and only there");
  }
  const openers = m.rows(m.at(members, 5), "openers", 3, MAX_OPENERS, 1).map(readOpener);
  const devices = m.rows(m.at(members, 6), "devices", 5, MAX_DEVICES, 1).map(readDevice);
  m.distinct(openers.map((one) => one.id), "openers");
  m.distinct(devices.map((one) => one.id), "devices");
  if (new Set(devices.map((one) => toHex(one.key))).size !== devices.length) {
    throw new Malformed("member_value", "devices: a key twice");
  }
  return {
    account: m.octets(m.at(members, 1), "account", 16),
    revision,
    epoch: m.number(m.at(members, 3), "epoch", 1),
    previous: before === null ? null : m.octets(before, "prev", 32),
    openers,
    devices,
    day: m.number(m.at(members, 7), "day"),
    signer: m.octets(m.at(members, 8), "signer", 16),
    private: m.octets(m.at(members, 9), "private", 32),
  };
}

function readOpener(row: readonly Value[]): ListedOpener {
  return {
    id: m.octets(m.at(row, 0), "opener", 16),
    kind: m.number(m.at(row, 1), "kind", 1, KINDS),
    record: m.octets(m.at(row, 2), "record hash", 32),
  };
}

function readDevice(row: readonly Value[]): Device {
  const revoked = m.number(m.at(row, 2), "state", 0, 1);
  const last = m.at(row, 3);
  if ((last === null) !== (revoked === 0)) {
    throw new Malformed("member_value", "last_seq belongs to a revoked device and to no other");
  }
  const lastSeq = last === null ? null : m.number(last, "last_seq", 0, m.COUNT);
  return {
    id: m.octets(m.at(row, 0), "device", 16),
    key: m.octets(m.at(row, 1), "key", 32),
    lastSeq,
    introducedBy: m.octets(m.at(row, 4), "by", 16),
  };
}

/** The bytes of a public half. Raises Malformed as `decode` does. */
export function encode(ring: Keyring): Bytes {
  const openers = ring.openers.map((one): Value => [one.id, one.kind, one.record]);
  const devices = ring.devices.map((one): Value => [
    one.id, one.key, one.lastSeq === null ? 0 : 1, one.lastSeq, one.introducedBy,
  ]);
  const data = m.encode([
    1, ring.account, ring.revision, ring.epoch, ring.previous, openers, devices, ring.day, ring.signer, ring.private,
  ]);
  decode(data);
  return data;
}
