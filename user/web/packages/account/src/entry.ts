/**
 * Coming back on a browser that knows nothing: by passkey, by recovery code, or by passkey and seven words where the passkey
 * only signs in. The browser becomes a device that the opener introduced. Source: specs/keyring.md.
 */

import { overHttp } from "@privity/history/http";
import { type Session, unlock } from "@privity/history/session";
import type { Assertion } from "@privity/passkeys/passkey";
import { type Bytes, equal } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import type { Record } from "@privity/vault/opener";
import * as opener from "@privity/vault/opener";
import * as passphrase from "@privity/vault/passphrase";
import * as recovery from "@privity/vault/recovery";
import * as signing from "@privity/vault/signer";

import * as access from "./access.ts";
import { Account, moved, TRIES } from "./account.ts";
import * as calls from "./calls.ts";
import type { Challenge, Token } from "./calls.ts";
import { isOf } from "./ceremony.ts";
import { knownDevice, ownOpener } from "./creation.ts";
import { AccountError } from "./errors.ts";
import * as keys from "./keys.ts";
import type { Place } from "./place.ts";
import { listedRecords, next } from "./revision.ts";
import { renewalOf } from "./rotating.ts";

/** What a person chose for this browser. Without `keepUnlocked` it asks for the passkey at each unlock. */
export interface Entering {
  readonly label: string;
  readonly keepUnlocked: boolean;
}

/** A passkey's use as the main thread hands it over: its answer is a key that cannot be read. */
export interface UsedPasskey {
  readonly assertion: Assertion;
  readonly material: CryptoKey | null;
}

/**
 * Enter with a passkey; `words` are what a person typed where it does not open.
 *
 * Raises AccountError `passkey.opens_nothing` (ask for the words), VaultError `passphrase.malformed`, `opener.*`,
 * `keyring.*`; ServiceError. Until the opener opened nothing is written anywhere.
 */
export async function withPasskey(
  place: Place, challenge: Challenge, { assertion, material }: UsedPasskey, words: string | null, entering: Entering,
): Promise<Account> {
  const token = await access.withPasskey(place, challenge, assertion);
  const records = await recordsOf(place, token);
  const own = records.find((one) => one.credential !== null && equal(one.credential, assertion.id));
  if (own !== undefined && material !== null) {
    return entered(place, token, own, keys.ofPasskey(material), entering);
  }
  const phrases = records.filter((one) => one.kind === opener.KINDS.passphrase);
  if (phrases.length === 0 || words === null) throw new AccountError("passkey.opens_nothing");
  return entered(place, token, ...await ofWords(place, phrases, words, token.account), entering);
}

/** The record that these words open: there are two while words are being replaced. Raises VaultError as `stretched`. */
export async function ofWords(
  place: Place, records: readonly Record[], words: string, account: Bytes,
): Promise<readonly [Record, opener.Material]> {
  let failed: unknown = new AccountError("passkey.opens_nothing");
  for (const record of records) {
    try {
      const material = await stretched(place, record, words);
      await opener.openRecord(record, material, account, place.world.kem);
      return [record, material];
    } catch (error) {
      if (!(error instanceof VaultError) || error.reason !== "opener.wrong_key") throw error;
      failed = error;
    }
  }
  throw failed;
}

/** Enter with the recovery code alone. Raises VaultError `recovery.*`, as `withPasskey` else; ServiceError. */
export async function withCode(place: Place, typed: string, entering: Entering): Promise<Account> {
  const letters = recovery.read(typed);
  const token = await access.withCode(place, letters);
  const { finder } = await recovery.access(letters);
  const record = (await recordsOf(place, token)).find(({ parameters }) => isOf(parameters, finder));
  if (record === undefined) throw new VaultError("opener.unlisted", "the account has no recovery code");
  // A browser without a key of its own would ask for the whole code at each unlock.
  return entered(place, token, record, await letters.keep(), { ...entering, keepUnlocked: true });
}

/** What the typed words are for a record. Raises VaultError `passphrase.malformed`, `opener.parameters`. */
export async function stretched({ argon2id }: Place, record: Record, words: string): Promise<opener.Material> {
  const { parameters } = record;
  if (parameters === null || "finder" in parameters) throw new VaultError("opener.malformed", "not a record of words");
  return (await passphrase.stretch(passphrase.read(words), parameters, argon2id)).keep();
}

async function recordsOf(place: Place, token: Token): Promise<readonly Record[]> {
  const { openers } = await overHttp(calls.asking(place, token)).keyrings(1);
  return openers.map((one) => opener.decode(one));
}

async function entered(
  place: Place, token: Token, record: Record, material: opener.Material, { label, keepUnlocked }: Entering,
): Promise<Account> {
  const { account } = token;
  const device = await keys.newDevice(place.world);
  const way = calls.asking(place, token);
  const identity = { account, device: device.id, signer: signing.signer(device.signing), opener: { id: record.id, material } };
  const me = { id: device.id, key: device.signing.publicKey, label, introducedBy: record.id };
  for (let tries = 1; ; tries += 1) {
    const session = await unlock(identity, overHttp(way), place.world);
    const found = listedRecords(session, (await overHttp(way).keyrings(session.trusted.keyring.revision)).openers)
      .find((one) => equal(one.id, record.id)) ?? record;
    const { own, again } = await openersOf(place, session, { device, record: found, material, keepUnlocked });
    const openers = { openers: [own, again].flatMap((one) => one ?? []), ...(again === null ? {} : { insteadOf: found.id }) };
    const posted = await next(session, { ...openers, devices: [me] }, place.world);
    const known = knownDevice(place, account, device, (own ?? again)?.record ?? found, own !== null);
    await place.devices.put(known);
    try {
      await calls.putKeyring(way, session.trusted.keyring.revision, posted);
    } catch (error) {
      if (moved(error) && tries < TRIES) continue;
      await place.devices.remove(account);
      throw error;
    }
    return Account.unlock(place, known, own === null ? { material, fresh: token } : { fresh: token });
  }
}

/** What enters with this browser: its own opener, and the one that was used under another id, if it needs one. */
async function openersOf(
  place: Place, session: Session, { device, record, material, keepUnlocked }: {
    readonly device: keys.DeviceKeys; readonly record: Record; readonly material: opener.Material; readonly keepUnlocked: boolean;
  },
): Promise<{ readonly own: keys.NewOpener | null; readonly again: keys.NewOpener | null }> {
  const { account } = session.identity;
  const { raw } = await opener.openFresh(record, material, account, place.world.kem);
  try {
    const own = keepUnlocked ? await ownOpener(place, device, raw, { account, epoch: record.epoch }) : null;
    return { own, again: await renewalOf(session, record, material, raw, place.world) };
  } finally {
    raw.wipe();
  }
}
