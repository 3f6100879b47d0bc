/** The ways to open an account that this browser knows: what it keeps itself, its passkey or words, or another opener. */

import * as access from "@privity/account/access";
import { Account } from "@privity/account/account";
import * as calls from "@privity/account/calls";
import type { Challenge, Token } from "@privity/account/calls";
import type { KnownDevice } from "@privity/account/devices";
import * as entry from "@privity/account/entry";
import { AccountError } from "@privity/account/errors";
import * as keys from "@privity/account/keys";
import type { Place } from "@privity/account/place";
import { overHttp } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import type { State } from "@privity/history/store";
import type { Assertion } from "@privity/passkeys/passkey";
import { equal } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import { VaultError } from "@privity/vault/errors";
import * as opener from "@privity/vault/opener";
import * as recovery from "@privity/vault/recovery";
import { Kept } from "@privity/vault/secret";

import type { AccountState } from "../bridge/views.ts";
import type { Premises } from "./premises.ts";
import type { Opening } from "./tabs.ts";

type Opens = Extract<AccountState, { readonly state: "locked" }>["opens"][number];

const NAMES: ReadonlyMap<number, Opens> = new Map([
  [opener.KINDS.passkey, "passkey"], [opener.KINDS.recovery, "code"], [opener.KINDS.passphrase, "words"],
]);

/** The ways that the keyring has, as this browser knows it; its own key counts where it keeps one. */
export function opensOf(known: KnownDevice, state: State | null): readonly Opens[] {
  const newest = state?.keyrings.at(-1);
  const kinds = newest === undefined
    ? [opener.decode(known.opener.record).kind] : ring.decode(newest.public).openers.map(({ kind }) => kind);
  const found = new Set(kinds.flatMap((kind) => NAMES.get(kind) ?? []));
  return known.opener.key === null ? [...found] : ["device", ...found];
}

/** A passkey's use, as the page hands it over. */
export interface Used {
  readonly assertion: Assertion;
  readonly material: CryptoKey | null;
}

/**
 * Open with a passkey, or with seven words where it only signs in. Without a network this works with the opener that this
 * browser used last.
 *
 * Raises VaultError `opener.*`, `passphrase.malformed`; AccountError `passkey.opens_nothing`; ServiceError.
 */
export async function withPasskey(
  { inside, outside }: Premises, known: KnownDevice, challenge: Challenge, { assertion, material }: Used, words: string | null,
): Promise<Account> {
  const own = opener.decode(known.opener.record);
  if (material !== null && own.credential !== null && equal(own.credential, assertion.id)) {
    const account = await Account.unlock(inside, known, { material: keys.ofPasskey(material) });
    await proveQuietly(account, () => access.withPasskey(outside, challenge, assertion));
    return account;
  }
  if (words !== null && own.kind === opener.KINDS.passphrase) {
    const account = await Account.unlock(inside, known, { material: await entry.stretched(inside, own, words) });
    await proveQuietly(account, () => access.withPasskey(outside, challenge, assertion));
    return account;
  }
  const fresh = await access.withPasskey(outside, challenge, assertion);
  const records = await recordsOf(outside, fresh);
  const opens = records.find(({ credential }) => credential !== null && equal(credential, assertion.id));
  if (opens !== undefined && material !== null) return another(inside, known, opens, keys.ofPasskey(material), fresh);
  const phrase = records.find(({ kind }) => kind === opener.KINDS.passphrase);
  if (phrase === undefined || words === null) throw new AccountError("passkey.opens_nothing");
  return another(inside, known, phrase, await entry.stretched(inside, phrase, words), fresh);
}

/** Open with the recovery code. Raises VaultError `recovery.*`, `opener.*`; ServiceError. */
export async function withCode({ inside, outside }: Premises, known: KnownDevice, typed: string): Promise<Account> {
  const letters = recovery.read(typed);
  const fresh = await access.withCode(outside, letters);
  const record = (await recordsOf(outside, fresh)).find(({ kind }) => kind === opener.KINDS.recovery);
  if (record === undefined) throw new VaultError("opener.unlisted", "the account has no recovery code");
  return another(inside, known, record, await letters.keep(), fresh);
}

/** Open with what an unlocked tab gave. Raises VaultError `opener.malformed` for what is no opener's key. */
export function withOpening({ inside }: Premises, known: KnownDevice, { id, record, kind, key }: Opening): Promise<Account> {
  if (!Object.hasOwn(opener.KINDS, kind)) throw new VaultError("opener.malformed", "no kind of an opener");
  const material = Kept.of(kind as opener.MaterialKind, key) as opener.Material;
  return Account.unlock(inside, { ...known, opener: { ...known.opener, id, record } }, { material });
}

/** What an unlocked tab gives to a new one. */
export function openingOf({ session: { identity: { account, opener: { id, material } } }, record }: Account): Opening {
  return { account, id, record, kind: material.kind, key: material.key };
}

/** A person proved themselves while unlocking; without a network they do it again when it is needed. */
async function proveQuietly(account: Account, prove: () => Promise<Token>): Promise<void> {
  try {
    account.tokens.prove(await prove());
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
}

async function recordsOf(place: Place, token: Token): Promise<readonly opener.Record[]> {
  const { openers } = await overHttp(calls.asking(place, token)).keyrings(1);
  return openers.map((one) => opener.decode(one));
}

/** Open with another opener of the account than the one that this browser keeps. */
function another(
  place: Place, known: KnownDevice, record: opener.Record, material: opener.Material, fresh: Token,
): Promise<Account> {
  if (!equal(fresh.account, known.account)) throw new VaultError("keyring.foreign", "an opener of another account");
  const own = { id: record.id, record: opener.encode(record), key: null };
  return Account.unlock(place, { ...known, opener: own }, { material, fresh });
}
