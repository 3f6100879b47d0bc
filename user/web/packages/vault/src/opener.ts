/**
 * Openers: each way to obtain the account key, and the record of it that the service keeps. Source: specs/opener.md.
 *
 * To open, in this order: the commitment (`opener.wrong_key`), the tag (`opener.foreign`), the sealed key. What comes out
 * is a `Candidate`: no key to work with before `keyring.unlock` found that the account's keyring vouches for it.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat, equalSecret, uint } from "@privity/protocol/bytes";
import type { Value } from "@privity/protocol/cbor";
import { Malformed, NotAuthentic } from "@privity/protocol/errors";
import * as hpke from "@privity/protocol/hpke";
import * as m from "@privity/protocol/stored/members";
import * as xwing from "@privity/protocol/xwing";

import { reading, readingLater, VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import { checkCost, type Cost } from "./passphrase.ts";
import { type AccountKey, type Kept, Secret } from "./secret.ts";

/** `eval.first` of the WebAuthn PRF extension: a constant, never taken from a server. */
export const PRF_SALT: Bytes = sha256(ascii(labels.PRF));
export const MAX_RECORD = 4096;
/** Bytes of a credential id (WebAuthn level 3). */
export const MAX_CREDENTIAL = 1023;
export const SEALED = xwing.CIPHERTEXT + 32 + 16;
const MEMBERS = 9;
const EMPTY = new Uint8Array(0);

/** What the keying material comes from. */
export const KINDS = { passkey: 1, recovery: 2, device: 3, passphrase: 4 } as const;
export type MaterialKind = keyof typeof KINDS;
export type OpenerKind = (typeof KINDS)[MaterialKind];
/** What opens: kept at once, so that no bytes of it wait in script memory. */
export type Material = { readonly [Name in MaterialKind]: Kept<Name> }[MaterialKind];

/** The parameters of a recovery record: how the code finds it, and the key that checks its sign-in. */
export interface Sheet {
  readonly finder: Bytes;
  readonly publicKey: Bytes;
}

/** What the service keeps of an opener. */
export interface Record {
  readonly id: Bytes;
  readonly kind: OpenerKind;
  readonly parameters: Sheet | Cost | null;
  readonly credential: Bytes | null;
  readonly commit: Bytes;
  readonly epoch: number;
  readonly sealed: Bytes;
  readonly tag: Bytes;
}

/** What the keyring's private half keeps of an opener, so that it can be given a new account key unasked. */
export interface Absent {
  readonly publicKey: Bytes;
  readonly lock: Secret<"lock">;
}

/** An account key that a record yielded, before the keyring vouched for it. */
export interface Candidate {
  readonly account: Bytes;
  readonly record: Record;
  readonly key: AccountKey;
}

/** The same behind a fresh unlock, with the key once more as bytes: to add an opener, to link, to rotate. */
export interface FreshCandidate {
  readonly candidate: Candidate;
  readonly raw: Secret<"account key">;
}

interface Keys {
  readonly seed: Bytes;
  readonly lock: Secret<"lock">;
  readonly commit: Bytes;
}

/**
 * Two independent results must be equal before an opener is written; both are wiped.
 *
 * Raises VaultError `opener.unstable`.
 */
export async function stable(first: Secret<"passkey">, second: Secret<"passkey">): Promise<Kept<"passkey">> {
  const same = first.equals(second);
  second.wipe();
  if (same) return first.keep();
  first.wipe();
  throw new VaultError("opener.unstable", "this passkey gave two results; another opener is needed");
}

/** What a new record says beside its keys. `id` is 16 random bytes. */
export interface Making {
  readonly account: Bytes;
  readonly id: Bytes;
  readonly epoch: number;
  readonly parameters: Sheet | Cost | null;
  readonly credential: Bytes | null;
  readonly kem: xwing.XWing;
}

/** A new record and what the keyring keeps of it. Raises VaultError `opener.malformed`, `opener.parameters`. */
export async function make(
  material: Material, key: Secret<"account key">, { account, id, epoch, parameters, credential, kem }: Making,
): Promise<{ readonly record: Record; readonly absent: Absent }> {
  const kind = KINDS[material.kind];
  const keys = await derive(material, account, id);
  const { publicKey } = await kem.fromSeed(keys.seed);
  keys.seed.fill(0);
  const absent = { publicKey, lock: keys.lock };
  const blank: Record = {
    id, kind, parameters, credential, commit: keys.commit, epoch, sealed: new Uint8Array(SEALED), tag: new Uint8Array(32),
  };
  const record = await sealAgain(blank, absent, key, { account, epoch, encapsulate: kem.encapsulate });
  decode(encode(record));
  return { record, absent };
}

/** Whose record is sealed again, for which epoch, and the randomness of it. */
export interface SealingAgain {
  readonly account: Bytes;
  readonly epoch: number;
  readonly encapsulate: xwing.Encapsulate;
}

/**
 * The record with another account key, without the opener itself.
 *
 * Raises VaultError `opener.malformed` when the keyring's public key is none.
 */
export async function sealAgain(
  record: Record, absent: Absent, key: Secret<"account key">, { account, epoch, encapsulate }: SealingAgain,
): Promise<Record> {
  const info = sealInfo(account, record.id, epoch);
  const { enc, context } = await readingLater("opener.malformed", () => {
    return hpke.setupBaseS(absent.publicKey, info, encapsulate);
  });
  const sealed = concat(enc, await context.seal(EMPTY, key.reveal()));
  return { ...record, epoch, sealed, tag: tagOf(absent.lock, account, record.id, epoch, sealed) };
}

/**
 * What the record holds for `material`; its bytes are wiped.
 *
 * Raises VaultError: `opener.malformed` (material of another kind), `opener.wrong_key`, `opener.foreign`,
 * `opener.not_sealed`.
 */
export async function openRecord(record: Record, material: Material, account: Bytes, kem: xwing.XWing): Promise<Candidate> {
  return { account, record, key: await (await opened(record, material, account, kem)).keep() };
}

/** The same behind a fresh unlock. Raises VaultError as `openRecord` does. */
export async function openFresh(record: Record, material: Material, account: Bytes, kem: xwing.XWing): Promise<FreshCandidate> {
  const raw = await opened(record, material, account, kem);
  return { candidate: { account, record, key: await raw.copy().keep() }, raw };
}

async function opened(
  record: Record, material: Material, account: Bytes, kem: xwing.XWing,
): Promise<Secret<"account key">> {
  if (KINDS[material.kind] !== record.kind) throw new VaultError("opener.malformed", `a record of kind ${String(record.kind)}`);
  const keys = await derive(material, account, record.id);
  if (!equalSecret(keys.commit, record.commit)) {
    throw new VaultError("opener.wrong_key", "this opener belongs to another account or record");
  }
  const due = tagOf(keys.lock, account, record.id, record.epoch, record.sealed);
  if (!equalSecret(due, record.tag)) {
    throw new VaultError("opener.foreign", "nobody who holds the account wrote this record");
  }
  return unsealed(record, keys, account, kem);
}

async function unsealed(record: Record, keys: Keys, account: Bytes, kem: xwing.XWing): Promise<Secret<"account key">> {
  const key = await kem.fromSeed(keys.seed);
  keys.seed.fill(0);
  const [enc, sealed] = [record.sealed.slice(0, xwing.CIPHERTEXT), record.sealed.slice(xwing.CIPHERTEXT)];
  try {
    const context = await hpke.setupBaseR(key, enc, sealInfo(account, record.id, record.epoch));
    return Secret.take("account key", await context.open(EMPTY, sealed));
  } catch (error) {
    if (!(error instanceof NotAuthentic)) throw error;
    throw new VaultError("opener.not_sealed", "tagged by the account and yet not sealed to this opener");
  }
}

async function derive(material: Material, account: Bytes, id: Bytes): Promise<Keys> {
  const context = concat(uint(0, 1), uint(KINDS[material.kind], 1), id);
  const named = (name: string): Promise<Bytes> => material.derive(account, concat(ascii(labels.OPENER + name), context));
  const [seed, lock, commit] = await Promise.all([named("seed"), named("lock"), named("commit")]);
  return { seed, lock: Secret.take("lock", lock), commit };
}

function sealInfo(account: Bytes, id: Bytes, epoch: number): Bytes {
  return concat(ascii(labels.OPENER_SEAL), account, id, uint(epoch, 4));
}

function tagOf(lock: Secret<"lock">, account: Bytes, id: Bytes, epoch: number, sealed: Bytes): Bytes {
  return hmac(sha256, lock.reveal(), concat(ascii(labels.OPENER_TAG), account, id, uint(epoch, 4), sealed));
}

/** The hash by which the keyring lists the record. */
export function digest(record: Record): Bytes {
  return sha256(encode(record));
}

/** Read a record. Raises VaultError `opener.malformed`, `opener.parameters`. */
export function decode(data: Bytes): Record {
  return reading("opener.malformed", () => {
    const members = m.decode(data, MEMBERS, MAX_RECORD);
    m.version(m.at(members, 0));
    const kind = m.number(m.at(members, 2), "kind", 1, KINDS.passphrase) as OpenerKind;
    return {
      id: m.octets(m.at(members, 1), "id", 16),
      kind,
      parameters: readParameters(kind, m.at(members, 3)),
      credential: readCredential(kind, m.at(members, 4)),
      commit: m.octets(m.at(members, 5), "commit", 32),
      epoch: m.number(m.at(members, 6), "epoch", 1),
      sealed: m.octets(m.at(members, 7), "sealed", SEALED),
      tag: m.octets(m.at(members, 8), "tag", 32),
    };
  });
}

function readParameters(kind: OpenerKind, value: Value): Sheet | Cost | null {
  if (kind === KINDS.recovery) {
    const row = m.row(value, "parameters", 2);
    return { finder: m.octets(m.at(row, 0), "finder", 16), publicKey: m.octets(m.at(row, 1), "public key", 32) };
  }
  if (kind === KINDS.passphrase) {
    const row = m.row(value, "parameters", 4);
    m.number(m.at(row, 2), "lanes", 1, 1);
    const cost = {
      memory: m.number(m.at(row, 0), "memory"),
      passes: m.number(m.at(row, 1), "passes"),
      salt: m.bounded(m.at(row, 3), "salt", 0, 64),
    };
    checkCost(cost);
    return cost;
  }
  if (value !== null) throw new Malformed("member_value", "parameters of a kind that has none");
  return null;
}

function readCredential(kind: OpenerKind, value: Value): Bytes | null {
  if (kind === KINDS.passkey) return m.bounded(value, "credential id", 1, MAX_CREDENTIAL);
  if (value !== null) throw new Malformed("member_value", "a credential id of a kind that has none");
  return null;
}

/** The bytes of a record. */
export function encode(record: Record): Bytes {
  const { id, kind, credential, commit, epoch, sealed, tag } = record;
  return m.encode([1, id, kind, parametersOf(record), credential, commit, epoch, sealed, tag]);
}

function parametersOf({ parameters }: Record): Value {
  if (parameters === null) return null;
  if ("finder" in parameters) return [parameters.finder, parameters.publicKey];
  return [parameters.memory, parameters.passes, 1, parameters.salt];
}
