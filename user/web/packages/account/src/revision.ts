/** The next revision of a keyring, written as any device of the account writes it and judged here as others will. */

import { sha256 } from "@noble/hashes/sha2.js";
import { newestKey, type Session, type World } from "@privity/history/session";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import type { Device, ListedOpener } from "@privity/protocol/stored/keyring";
import { compare } from "@privity/protocol/stored/members";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import type { Record } from "@privity/vault/opener";
import * as privateHalf from "@privity/vault/private_half";
import type { PrivateHalf } from "@privity/vault/private_half";
import { Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import type { Posted } from "./calls.ts";
import type { DeviceKeys, NewOpener } from "./keys.ts";

export const DAY_MS = 86_400_000;

/** A device that enters: its public key, what the person calls it, and who answers for it. */
export interface Entering {
  readonly id: Bytes;
  readonly key: Bytes;
  readonly label: string;
  readonly introducedBy: Bytes;
}

/** What a revision changes in the same epoch. */
export interface Change {
  readonly openers?: readonly NewOpener[];
  /** The id of an opener that leaves: one of those that enter takes its place. */
  readonly insteadOf?: Bytes;
  readonly devices?: readonly Entering[];
  /** New labels of devices, by id in hexadecimal. */
  readonly labels?: ReadonlyMap<string, string>;
  /** Past account keys that no box uses any more. */
  readonly drop?: ReadonlySet<number>;
}

/** Revision 1: these openers, this device, introduced by the first opener. `raw` is not wiped. */
export async function first(
  account: Bytes, raw: Secret<"account key">, openers: readonly NewOpener[], keys: DeviceKeys, label: string, world: World,
): Promise<Posted> {
  const introducedBy = openers[0]?.record.id ?? account;
  const half: PrivateHalf = {
    openers: openers.map((one) => one.named), devices: [{ id: keys.id, label }], past: new Map(),
    lane: Secret.take("lane key", world.random(32)),
  };
  const key = await raw.copy().keep();
  const body = await privateHalf.seal(half, key, { account, revision: 1, epoch: 1 }, world.random(12));
  const ring = {
    account, revision: 1, epoch: 1, previous: null, day: Math.floor(world.now() / DAY_MS), signer: keys.id,
    private: sha256(body), openers: sorted(openers.map(({ record }) => listed(record))),
    devices: [{ id: keys.id, key: keys.signing.publicKey, lastSeq: null, introducedBy }],
  };
  const known = new Map([[1, key]]);
  const claim = await keyring.write(ring, known, signing.signer(keys.signing), false);
  await keyring.acceptAll([claim], account, known);
  return { claim, half: body, records: openers.map(({ record }) => opener.encode(record)) };
}

/** The revision after the session's. Raises VaultError as `keyring.acceptNext` does. */
export async function next(session: Session, change: Change, world: World): Promise<Posted> {
  const { trusted, identity, keys } = session;
  const before = trusted.keyring;
  const { epoch, key } = newestKey(session);
  const was = await privateHalf.openHalf(session.half, trusted, key);
  const [openers, devices] = [change.openers ?? [], change.devices ?? []];
  const stays = (one: { readonly id: Bytes }): boolean => change.insteadOf === undefined || !equal(one.id, change.insteadOf);
  const kept = { ...was, openers: was.openers.filter(stays) };
  const half = renamed(privateHalfOf(kept, openers, devices, change.drop ?? new Set()), change.labels ?? new Map());
  const revision = before.revision + 1;
  const sealing = privateHalf.seal(half, key, { account: before.account, revision, epoch }, world.random(12));
  const body = await sealing.finally(() => {
    wipe(was);
  });
  const ring = {
    ...before, revision, previous: trusted.hash, private: sha256(body), signer: identity.device,
    day: Math.floor(world.now() / DAY_MS),
    openers: sorted([...before.openers.filter(stays), ...openers.map(({ record }) => listed(record))]),
    devices: sorted([...before.devices, ...devices.map((one): Device => {
      return { id: one.id, key: one.key, lastSeq: null, introducedBy: one.introducedBy };
    })]),
  };
  const claim = await keyring.write(ring, keys, identity.signer, false);
  await keyring.acceptNext(trusted, claim, keys);
  return { claim, half: body, records: openers.map(({ record }) => opener.encode(record)) };
}

/** Overwrite what an opened private half held: locks, past account keys, the lane key. */
export function wipe({ openers, past, lane }: PrivateHalf): void {
  for (const one of openers) one.absent.lock.wipe();
  for (const key of past.values()) key.wipe();
  lane.wipe();
}

function privateHalfOf(
  was: PrivateHalf, openers: readonly NewOpener[], devices: readonly Entering[], drop: ReadonlySet<number>,
): PrivateHalf {
  return {
    ...was,
    openers: [...was.openers, ...openers.map((one) => one.named)],
    devices: [...was.devices, ...devices.map(({ id, label }) => ({ id, label }))],
    past: new Map([...was.past].filter(([epoch]) => !drop.has(epoch))),
  };
}

function renamed(half: PrivateHalf, labels: ReadonlyMap<string, string>): PrivateHalf {
  return { ...half, devices: half.devices.map(({ id, label }) => ({ id, label: labels.get(toHex(id)) ?? label })) };
}

function listed(record: Record): ListedOpener {
  return { id: record.id, kind: record.kind, record: opener.digest(record) };
}

function sorted<One extends { readonly id: Bytes }>(rows: readonly One[]): readonly One[] {
  return [...rows].sort((one, other) => compare(one.id, other.id));
}

/** The records that the session's keyring lists. Raises VaultError `opener.unlisted` when the service gives another for one. */
export function listedRecords(session: Session, given: readonly Bytes[]): readonly Record[] {
  const records = given.map((one) => opener.decode(one));
  return session.trusted.keyring.openers.map((row) => {
    const found = records.find((one) => equal(one.id, row.id));
    if (found?.kind !== row.kind || !equal(opener.digest(found), row.record)) {
      throw new VaultError("opener.unlisted", "the service has another record of this opener, or none");
    }
    return found;
  });
}
