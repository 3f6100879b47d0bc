/**
 * Devices and passkeys: which there are, adding one, taking one away. Taking away always rotates, so that what is written
 * afterwards is not read with what was taken. Source: specs/rotation.md, specs/account.md.
 */

import { ServiceError } from "@privity/history/service";
import type { Registration } from "@privity/passkeys/passkey";
import { type Bytes, equal } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import type { Record } from "@privity/vault/opener";
import type { Kept } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import * as calls from "./calls.ts";
import type { Challenge } from "./calls.ts";
import * as keys from "./keys.ts";
import { listedRecords, next } from "./revision.ts";
import { rotate } from "./rotating.ts";

export { finishRotation } from "./rotating.ts";

const CONFLICT = 409;

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
  await rotate(account, {
    leaves: ({ kind }, label) => kind === opener.KINDS.device && label === keys.labelOf(device),
    devices: (before) => keyring.revoke(before, device, last).devices,
  });
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
 * Raises AccountError `access.stale`, `opener.in_use` (this browser opens with it); ServiceError `passkeys.last`; VaultError
 * `keyring.malformed` where nothing else opens. Then it is there as before.
 */
export async function removePasskey(account: Account, credential: Bytes): Promise<void> {
  const way = account.tokens.freshWay();
  if ((await calls.passkeys(way)).length === 1) throw new ServiceError("passkeys.last", CONFLICT);
  const own = (await records(account)).find((one) => one.credential !== null && equal(one.credential, credential));
  if (own !== undefined) await rotate(account, { leaves: ({ id }) => equal(id, own.id) });
  await calls.removePasskey(account.tokens.freshWay(), credential);
}

/**
 * Take an opener away: a passkey as `removePasskey` does, or seven words. Raises as that; VaultError `keyring.malformed` for
 * a device's own (revoke the device), for the recovery code (it is only replaced), and for what is not listed.
 */
export async function removeOpener(account: Account, id: Bytes): Promise<void> {
  const own = (await records(account)).find((one) => equal(one.id, id));
  if (own !== undefined && own.credential !== null) return removePasskey(account, own.credential);
  if (own?.kind !== opener.KINDS.passphrase) throw new VaultError("keyring.malformed", "not an opener that is taken away");
  await rotate(account, { leaves: (one) => equal(one.id, id) });
}

async function records(account: Account): Promise<readonly Record[]> {
  await account.renew();
  const { session } = account;
  return listedRecords(session, (await account.service.keyrings(session.trusted.keyring.revision)).openers);
}
