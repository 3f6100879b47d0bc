/**
 * The private half of a keyring: absent openers, past account keys, names. Source: specs/keyring.md.
 *
 * A `PrivateHalf` is what is written: it holds past account keys and locks as bytes. What a device works with all day is
 * a `Names`, with past account keys that can only be used.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, equal, uint } from "@privity/protocol/bytes";
import type { Value } from "@privity/protocol/cbor";
import { MAX_DEVICES, MAX_KEYRING, MAX_OPENERS } from "@privity/protocol/stored/keyring";
import * as m from "@privity/protocol/stored/members";
import * as xwing from "@privity/protocol/xwing";

import { reading, VaultError } from "./errors.ts";
import type { Trusted } from "./keyring.ts";
import * as object from "./object.ts";
import type { Absent } from "./opener.ts";
import { type AccountKey, type LaneKey, Secret } from "./secret.ts";

export const KIND = 0;
/** UTF-8 bytes of a name that a person gives an opener or device. */
export const MAX_LABEL = 128;
/** Account keys of epochs whose boxes are not wrapped again yet. */
export const MAX_PAST = 1024;

/** What a person calls an opener or device. */
export interface Named {
  readonly id: Bytes;
  readonly label: string;
}

/** An opener's public key and lock, and what the person calls it. */
export interface NamedOpener extends Named {
  readonly absent: Absent;
}

/** Openers and device names, account keys of epochs before this one, and the lane key. */
export interface PrivateHalf {
  readonly openers: readonly NamedOpener[];
  readonly devices: readonly Named[];
  readonly past: ReadonlyMap<number, Secret<"account key">>;
  readonly lane: LaneKey;
}

/** What a device needs of it while it changes no keyring. */
export interface Names {
  readonly openers: readonly Named[];
  readonly devices: readonly Named[];
  readonly past: ReadonlyMap<number, AccountKey>;
  readonly lane: LaneKey;
}

/** Where a private half belongs: revision and epoch of its public half. */
export interface Where {
  readonly account: Bytes;
  readonly revision: number;
  readonly epoch: number;
}

/**
 * The body whose SHA-256 the public half names. `nonce` is 12 random bytes.
 *
 * Raises VaultError `keyring.malformed` for what nobody would read, `object.malformed`, `object.too_large`.
 */
export async function seal(half: PrivateHalf, key: AccountKey, where: Where, nonce: Bytes): Promise<Bytes> {
  const openers = sorted(half.openers).map((one): Value => {
    return [one.id, one.absent.publicKey, one.absent.lock.reveal(), one.label];
  });
  const devices = sorted(half.devices).map((one): Value => [one.id, one.label]);
  const past = [...half.past].sort(([one], [other]) => one - other).map(([epoch, old]): Value => [epoch, old.reveal()]);
  const content = m.map([1, openers, devices, past, half.lane.reveal()]);
  read(content, where.epoch);
  const body = await object.seal(content, sealing(where, key), nonce);
  if (body.length > MAX_KEYRING) {
    throw new VaultError("object.too_large", `${String(body.length)} bytes, at most ${String(MAX_KEYRING)}`);
  }
  return body;
}

/**
 * The private half of an accepted keyring, to be written again.
 *
 * Raises VaultError: `object.swapped` (not the body that the public half names), `keyring.malformed`, and those of
 * `object.openBody`.
 */
export async function openHalf(body: Bytes, { keyring }: Trusted, key: AccountKey): Promise<PrivateHalf> {
  if (!equal(sha256(body), keyring.private)) {
    throw new VaultError("object.swapped", "not the private half that the signed one names");
  }
  return read(await object.openBody(body, sealing(keyring, key)), keyring.epoch);
}

/** What a device needs of it: past account keys are kept, locks are wiped. Raises VaultError as `openHalf` does. */
export async function openNames(body: Bytes, trusted: Trusted, key: AccountKey): Promise<Names> {
  const half = await openHalf(body, trusted, key);
  for (const one of half.openers) one.absent.lock.wipe();
  const past = await Promise.all([...half.past].map(async ([epoch, old]) => [epoch, await old.keep()] as const));
  return {
    openers: half.openers.map(({ id, label }) => ({ id, label })),
    devices: half.devices,
    past: new Map(past),
    lane: half.lane,
  };
}

function sealing({ account, revision, epoch }: Where, key: AccountKey): object.Sealing {
  const place = { account, box: account, object: account, version: revision };
  return { family: object.KEYRING, kind: KIND, place, key, generation: epoch };
}

function sorted<One extends Named>(list: readonly One[]): readonly One[] {
  return [...list].sort((one, other) => m.compare(one.id, other.id));
}

function read(content: Value, epoch: number): PrivateHalf {
  return reading("keyring.malformed", () => {
    const members = m.ofMap(content, 5);
    m.version(m.at(members, 0));
    return {
      openers: readOpeners(m.rows(m.at(members, 1), "openers", 4, MAX_OPENERS)),
      devices: readDevices(m.rows(m.at(members, 2), "devices", 2, MAX_DEVICES)),
      past: readPast(m.rows(m.at(members, 3), "past", 2, MAX_PAST), epoch),
      lane: new Secret("lane key", m.octets(m.at(members, 4), "lane key", 32)),
    };
  });
}

function readOpeners(rows: readonly (readonly Value[])[]): readonly NamedOpener[] {
  const ids = rows.map((row) => m.octets(m.at(row, 0), "opener", 16));
  m.distinct(ids, "openers");
  return rows.map((row) => ({
    id: m.octets(m.at(row, 0), "opener", 16),
    absent: {
      publicKey: m.octets(m.at(row, 1), "public key", xwing.PUBLIC_KEY),
      lock: new Secret("lock", m.octets(m.at(row, 2), "lock", 32)),
    },
    label: m.text(m.at(row, 3), "label", MAX_LABEL),
  }));
}

function readDevices(rows: readonly (readonly Value[])[]): readonly Named[] {
  const ids = rows.map((row) => m.octets(m.at(row, 0), "device", 16));
  m.distinct(ids, "devices");
  return rows.map((row) => ({
    id: m.octets(m.at(row, 0), "device", 16), label: m.text(m.at(row, 1), "label", MAX_LABEL),
  }));
}

function readPast(rows: readonly (readonly Value[])[], epoch: number): ReadonlyMap<number, Secret<"account key">> {
  const numbers = rows.map((row) => m.number(m.at(row, 0), "epoch", 1, epoch - 1));
  m.distinct(numbers.map((number) => uint(number, 4)), "past");
  return new Map(rows.map((row, at) => {
    return [numbers[at] ?? 0, new Secret("account key", m.octets(m.at(row, 1), "past key", 32))];
  }));
}
