/**
 * Devices and passkeys: which there are, adding one, taking one away. Taking away always rotates, so that what is written
 * afterwards is not read with what was taken. Source: specs/rotation.md, specs/account.md.
 */

import { newestKey } from "@privity/history/session";
import type { Registration } from "@privity/passkeys/passkey";
import { type Bytes, equal } from "@privity/protocol/bytes";
import type * as ring from "@privity/protocol/stored/keyring";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import * as privateHalf from "@privity/vault/private_half";
import * as rotation from "@privity/vault/rotation";
import { type Kept, Secret } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import * as calls from "./calls.ts";
import type { Challenge, Posted } from "./calls.ts";
import * as keys from "./keys.ts";
import { DAY_MS, listedRecords, next, wipe } from "./revision.ts";

export interface DeviceRow {
  readonly id: Bytes;
  readonly label: string;
  readonly active: boolean;
  /** Whether it is this browser. */
  readonly here: boolean;
}

/** A passkey that opens; one that only signs in stands in `calls.passkeys` alone. */
export interface OpenerRow {
  readonly id: Bytes;
  readonly kind: number;
  readonly label: string;
}

/** All devices that the keyring ever listed. */
export function devices({ session }: Account): readonly DeviceRow[] {
  return session.trusted.keyring.devices.map(({ id, lastSeq }) => {
    const label = session.names.devices.find((one) => equal(one.id, id))?.label ?? "";
    return { id, label, active: lastSeq === null, here: equal(id, session.identity.device) };
  });
}

/** All openers. */
export function openers({ session }: Account): readonly OpenerRow[] {
  return session.trusted.keyring.openers.map(({ id, kind }) => {
    return { id, kind, label: session.names.openers.find((one) => equal(one.id, id))?.label ?? "" };
  });
}

/**
 * Revoke another device and rotate: its own opener goes with it, and its pages count up to the last that was read here.
 *
 * Raises AccountError `access.stale`; VaultError `keyring.malformed` (this device, or none of the account's); ServiceError.
 */
export async function revoke(account: Account, device: Bytes): Promise<void> {
  const { session: { identity } } = account;
  if (equal(device, identity.device)) throw new VaultError("keyring.malformed", "a device cannot revoke itself");
  await account.sync();
  const last = (await account.store.chain(device))?.seq ?? 0;
  await rotate(account, keys.labelOf(device), (before) => keyring.revoke(before, device, last).devices);
}

/** What a new passkey is to sign, and the credentials on whose authenticators it may not be made. */
export interface Adding {
  readonly challenge: Challenge;
  readonly exclude: readonly Bytes[];
}

/** Begin to add a passkey. Raises AccountError `access.stale`; ServiceError. */
export async function beginPasskey(account: Account): Promise<Adding> {
  const way = account.tokens.freshWay();
  return { challenge: await calls.beginPasskey(way), exclude: await calls.passkeys(way) };
}

/** Keep a new passkey; it opens too when two answers agreed (`material`). Raises AccountError `access.stale`; ServiceError. */
export async function finishPasskey(
  account: Account, { session }: Challenge, registration: Registration, material: Kept<"passkey"> | null, label: string,
): Promise<void> {
  await calls.finishPasskey(account.tokens.freshWay(), session, registration);
  if (material === null) return;
  const { world } = account.place;
  await account.withRaw((raw) => account.change(async (before) => {
    const where = { account: before.identity.account, epoch: before.trusted.keyring.epoch };
    const described = { label, parameters: null, credential: registration.id };
    return next(before, { openers: [await keys.newOpener(material, raw, where, described, world)] }, world);
  }));
}

/**
 * Take a passkey away: first it opens nothing more, then it signs in no more.
 *
 * Raises AccountError `access.stale`; ServiceError `passkeys.last`; VaultError `keyring.malformed` where nothing else opens.
 */
export async function removePasskey(account: Account, credential: Bytes): Promise<void> {
  await account.renew();
  const { openers: given } = await account.service.keyrings(account.session.trusted.keyring.revision);
  const own = listedRecords(account.session, given).find((one) => one.credential !== null && equal(one.credential, credential));
  if (own !== undefined) await rotate(account, own.id, (before) => before.devices);
  await calls.removePasskey(account.tokens.freshWay(), credential);
}

/**
 * What a rotation still needs, by whichever device comes first: boxes are wrapped again, past account keys dropped.
 *
 * Nothing to do is the usual case. Raises as `Account.sync` and `Account.change` do.
 */
export async function finishRotation(account: Account): Promise<void> {
  const { world } = account.place;
  const { past } = account.session.names;
  if (past.size === 0) return;
  await account.rewrap();
  await account.sync();
  const boxes = await account.rewrap();
  const { position } = await account.store.state() ?? {};
  if (position === undefined) return;
  const { drop } = rotation.left(account.session.trusted, past.keys(), position, boxes);
  if (drop.length > 0) await account.change((session) => next(session, { drop: new Set(drop) }, world));
}

/** A new account key for all openers but one, named by its id or by the label that it has as a device's own. */
async function rotate(
  account: Account, gone: Bytes | string, devicesOf: (before: ring.Keyring) => readonly ring.Device[],
): Promise<void> {
  const { world } = account.place;
  await account.change(async (session): Promise<Posted> => {
    const { trusted, keys: known, identity } = session;
    const { openers: given } = await account.service.keyrings(trusted.keyring.revision);
    const half = await privateHalf.openHalf(session.half, trusted, newestKey(session).key);
    const named = (id: Bytes): string => half.openers.find((one) => equal(one.id, id))?.label ?? "";
    const stays = listedRecords(session, given).filter(({ id, kind }) => {
      if (typeof gone !== "string") return !equal(id, gone);
      return kind !== opener.KINDS.device || named(id) !== gone;
    });
    const key = Secret.take("account key", world.random(32));
    const done = await account.withRaw((old) => rotation.rotate({ trusted, keys: known, half, old }, {
      records: stays, devices: devicesOf(trusted.keyring), device: identity.device, signer: identity.signer,
      key, day: Math.floor(world.now() / DAY_MS), nonce: world.random(12), encapsulate: world.kem.encapsulate,
    })).finally(() => {
      key.wipe();
      wipe(half);
    });
    return { claim: done.claim, half: done.body, records: done.records.map((one) => opener.encode(one)) };
  }, true);
  await finishRotation(account);
}
