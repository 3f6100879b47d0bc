/**
 * Making an account with a passkey. Two gestures lie between `begin` and `finish`: create, then get, so that two answers of
 * the passkey's PRF are compared (`packages/passkeys`, enrolment).
 */

import { ServiceError } from "@privity/history/service";
import type { Registration } from "@privity/passkeys/passkey";
import type { Bytes } from "@privity/protocol/bytes";
import * as opener from "@privity/vault/opener";
import type { Cost } from "@privity/vault/passphrase";
import * as passphrase from "@privity/vault/passphrase";
import { type Kept, Secret } from "@privity/vault/secret";

import { Account } from "./account.ts";
import * as calls from "./calls.ts";
import type { NewAccount, Posted, Token } from "./calls.ts";
import type { KnownDevice } from "./devices.ts";
import * as keys from "./keys.ts";
import type { DeviceKeys, NewOpener } from "./keys.ts";
import type { Place } from "./place.ts";
import * as revision from "./revision.ts";

/** How often the last request is sent when no answer comes: the service makes one account of it. */
const SENDINGS = 3;

/** Whose opener is made, for which epoch. */
interface Where {
  readonly account: Bytes;
  readonly epoch: number;
}

/** What opens the new account: the passkey's two equal answers, or seven words where it gives none. */
export type Opening =
  | { readonly kind: "passkey"; readonly material: Kept<"passkey"> }
  | { readonly kind: "words"; readonly words: Secret<"words">; readonly cost: Cost };

/** What a person chose. `keepUnlocked` gives this browser an opener of its own. */
export interface Chosen {
  readonly label: string;
  readonly passkeyLabel: string;
  readonly keepUnlocked: boolean;
}

/** What the passkey is to sign. Raises ServiceError `account.closed`, `account.too_many`. */
export function begin(place: Place, invitation: string | null = null): Promise<NewAccount> {
  return calls.beginAccount(calls.asking(place, null), "passkey", invitation);
}

/**
 * Make the account. What opens it lies in this browser before the service is told to keep it.
 *
 * Raises ServiceError; then nothing is kept here either.
 */
export async function finish(
  place: Place, begun: NewAccount, registration: Registration, opening: Opening, chosen: Chosen,
): Promise<Account> {
  const { account } = begun;
  const raw = Secret.take("account key", place.world.random(32));
  const device = await keys.newDevice(place.world);
  const where = { account, epoch: 1 };
  const { material, made } = await opened(place, raw, where, registration, opening, chosen);
  const own = chosen.keepUnlocked ? await ownOpener(place, device, raw, where) : null;
  const openers = own === null ? [made] : [made, own];
  const posted = await revision.first(account, raw, openers, device, chosen.label, place.world).finally(() => {
    raw.wipe();
  });
  const known = knownDevice(place, account, device, (own ?? made).record, own !== null);
  await place.devices.put(known);
  try {
    const token = await send(place, begun, registration, posted);
    return await Account.unlock(place, known, own === null ? { material, fresh: token } : { fresh: token });
  } catch (error) {
    if (error instanceof ServiceError && error.status >= 400 && error.status < 500) await place.devices.remove(account);
    throw error;
  }
}

async function opened(
  place: Place, raw: Secret<"account key">, where: Where,
  registration: Registration, opening: Opening, chosen: Chosen,
): Promise<{ readonly material: opener.Material; readonly made: NewOpener }> {
  if (opening.kind === "passkey") {
    const described = { label: chosen.passkeyLabel, parameters: null, credential: registration.id };
    return { material: opening.material, made: await keys.newOpener(opening.material, raw, where, described, place.world) };
  }
  const material = await (await passphrase.stretch(opening.words, opening.cost, place.argon2id)).keep();
  const described = { label: "", parameters: opening.cost, credential: null };
  return { material, made: await keys.newOpener(material, raw, where, described, place.world) };
}

/** This browser's own opener, known by the device's id. */
export function ownOpener(
  place: Place, device: DeviceKeys, raw: Secret<"account key">, where: Where,
): Promise<NewOpener> {
  const described = { label: keys.labelOf(device.id), parameters: null, credential: null };
  return keys.newOpener(device.material, raw, where, described, place.world);
}

/** What this browser remembers of itself. */
export function knownDevice(
  place: Place, account: Bytes, device: DeviceKeys, record: opener.Record, stays: boolean,
): KnownDevice {
  const own = { id: record.id, record: opener.encode(record), key: stays ? device.material.key : null };
  return { format: 1, account, origin: place.origin, device: device.id, signing: device.signing, opener: own };
}

async function send(place: Place, begun: NewAccount, registration: Registration, posted: Posted): Promise<Token> {
  const request = {
    session: begun.session, proof: { kind: "passkey" as const, registration }, posted, key: place.world.random(16),
  };
  for (let sent = 1; ; sent += 1) {
    try {
      return await calls.finishAccount(calls.asking(place, null), { ...request, now: place.world.now() });
    } catch (error) {
      const lost = error instanceof ServiceError && error.reason === "service.unreachable";
      if (!lost || sent === SENDINGS) throw error;
    }
  }
}
