/** An unlocked account on one device: what opens, what signs, and how new account keys are obtained. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { deviceOf } from "@privity/protocol/stored/keyring";
import * as ring from "@privity/protocol/stored/keyring";
import type { XWing } from "@privity/protocol/xwing";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import type { Trusted } from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import type { Material } from "@privity/vault/opener";
import * as privateHalf from "@privity/vault/private_half";
import type { Names } from "@privity/vault/private_half";
import type { AccountKey } from "@privity/vault/secret";
import type { Signer } from "@privity/vault/signer";

import type { Keyrings, Service } from "./service.ts";
import type { StoredKeyring } from "./store.ts";

/** What time and chance give; both are arguments, so that tests repeat. `now` is in Unix milliseconds. */
export interface World {
  now(): number;
  random(size: number): Bytes;
  readonly kem: XWing;
}

/** Who writes here: the account, this device's id and signing key, and the opener that it unlocks itself with. */
export interface Identity {
  readonly account: Bytes;
  readonly device: Bytes;
  readonly signer: Signer;
  readonly opener: { readonly id: Bytes; readonly material: Material };
}

/** What is known of an unlocked account. A new value for each accepted keyring. */
export interface Session {
  readonly identity: Identity;
  readonly trusted: Trusted;
  readonly keyrings: readonly StoredKeyring[];
  readonly half: Bytes;
  readonly names: Names;
  /** Account keys by epoch, past ones included. */
  readonly keys: ReadonlyMap<number, AccountKey>;
}

/** The account key of the newest epoch. Raises VaultError `keyring.bad_mac` when it is not known. */
export function newestKey(session: Session): { readonly epoch: number; readonly key: AccountKey } {
  const { epoch } = session.trusted.keyring;
  const key = session.keys.get(epoch);
  if (key === undefined) throw new VaultError("keyring.bad_mac", `no account key of epoch ${String(epoch)}`);
  return { epoch, key };
}

/** Whether this device may write. */
export function isActive({ identity, trusted }: Session): boolean {
  const device = deviceOf(trusted.keyring, identity.device);
  return device !== null && device.lastSeq === null;
}

/**
 * Unlock with the service's keyrings, as a fresh device does that remembers none.
 *
 * Raises VaultError: those of `opener.openRecord` and `keyring.unlock`; ServiceError.
 */
export async function unlock(identity: Identity, service: Service, world: World): Promise<Session> {
  const found = await everything(service, 1);
  const candidate = await ownRecord(found.openers, identity, world);
  const { trusted, keys } = await keyring.unlock(candidate, found.revisions.map((one) => one.claim));
  return opened(named(identity, candidate.record.id), trusted, stored(found, []), halfOf(found), keys);
}

/**
 * Unlock offline with what this device remembers. Raises VaultError as `private_half.openNames` does.
 *
 * `key` is the account key of the newest epoch that this device knew, from its own copy of its opener's record.
 */
export async function resume(
  identity: Identity, keyrings: readonly StoredKeyring[], half: Bytes, key: AccountKey,
): Promise<Session> {
  const newest = keyrings.at(-1);
  if (newest === undefined) throw new VaultError("keyring.broken_chain", "nothing is remembered");
  const trusted = { keyring: ring.decode(newest.public), hash: await ring.digest(newest.public) };
  return opened(identity, trusted, keyrings, half, new Map([[trusted.keyring.epoch, key]]));
}

/**
 * The session after the service's newer keyrings, the same value when there are none.
 *
 * Raises VaultError `keyring.*`, and those of `opener.openRecord` after a rotation; ServiceError.
 */
export async function renewed(session: Session, service: Service, world: World): Promise<Session> {
  const { revision } = session.trusted.keyring;
  const found = await everything(service, revision);
  if (found.newest < revision) {
    throw new VaultError("keyring.rolled_back", `revision ${String(found.newest)}, known is ${String(revision)}`);
  }
  let { trusted, identity } = session;
  let keys = new Map(session.keys);
  for (const { claim } of found.revisions) {
    const { epoch } = ring.decode(claim.public);
    if (epoch > trusted.keyring.epoch && !keys.has(epoch)) {
      const { record, key } = await ownRecord(found.openers, identity, world);
      keys = new Map([...keys, [record.epoch, key]]);
      identity = named(identity, record.id);
    }
    trusted = await keyring.acceptNext(trusted, claim, keys);
  }
  if (trusted.keyring.revision < found.newest) {
    throw new VaultError("keyring.broken_chain", `revision ${String(found.newest)} was promised`);
  }
  if (equal(trusted.hash, session.trusted.hash)) return session;
  return opened(identity, trusted, stored(found, session.keyrings), halfOf(found), keys);
}

/** All revisions from one on, over as many answers as it takes. Raises ServiceError. */
export async function everything(service: Service, from: number): Promise<Keyrings> {
  const first = await service.keyrings(from);
  const revisions = [...first.revisions];
  let newest = first;
  while (revisions.length > 0 && from + revisions.length - 1 < newest.newest) {
    newest = await service.keyrings(from + revisions.length);
    if (newest.revisions.length === 0) break;
    revisions.push(...newest.revisions);
  }
  return { ...newest, revisions };
}

/**
 * What the opener of this device yields now: from its record, else from one that replaced it under another id and that the
 * same material opens. Raises VaultError `opener.unlisted` when there is none, and those of `opener.openRecord`.
 */
export async function ownRecord(openers: readonly Bytes[], identity: Identity, world: World): Promise<opener.Candidate> {
  const { account, opener: { id, material } } = identity;
  const records = openers.map((one) => opener.decode(one)).filter(({ kind }) => kind === opener.KINDS[material.kind]);
  const own = records.find((one) => equal(one.id, id));
  if (own !== undefined) return opener.openRecord(own, material, account, world.kem);
  for (const record of records) {
    try {
      return await opener.openRecord(record, material, account, world.kem);
    } catch (error) {
      if (!(error instanceof VaultError) || error.reason !== "opener.wrong_key") throw error;
    }
  }
  throw new VaultError("opener.unlisted", "the service has no record of this opener");
}

function named(identity: Identity, id: Bytes): Identity {
  return { ...identity, opener: { ...identity.opener, id } };
}

function halfOf(found: Keyrings): Bytes {
  const half = found.revisions.at(-1)?.private ?? null;
  if (half === null) throw new VaultError("keyring.malformed", "the newest keyring came without its private half");
  return half;
}

function stored(found: Keyrings, before: readonly StoredKeyring[]): readonly StoredKeyring[] {
  const known = new Set(before.map((one) => toHex(one.public)));
  const fresh = found.revisions
    .filter(({ claim }) => !known.has(toHex(claim.public)))
    .map(({ claim }) => ({ revision: ring.decode(claim.public).revision, public: claim.public }));
  return [...before, ...fresh];
}

async function opened(
  identity: Identity, trusted: Trusted, keyrings: readonly StoredKeyring[], half: Bytes, keys: keyring.Keys,
): Promise<Session> {
  const key = keys.get(trusted.keyring.epoch);
  if (key === undefined) throw new VaultError("keyring.bad_mac", "no account key of the newest epoch");
  const names = await privateHalf.openNames(half, trusted, key);
  return { identity, trusted, keyrings, half, names, keys: new Map([...names.past, ...keys]) };
}
