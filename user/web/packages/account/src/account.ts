/**
 * An account that is unlocked in this browser. Source: specs/account.md.
 *
 * What opens it is held as keys that can only be used. Its raw account key appears inside `withRaw` alone, behind a proof that a
 * person gave in the last five minutes.
 */

import { History } from "@privity/history/history";
import { overHttp } from "@privity/history/http";
import { type Service, ServiceError } from "@privity/history/service";
import { type Identity, ownRecord, resume, type Session, unlock as unlockFresh } from "@privity/history/session";
import type { State, Store } from "@privity/history/store";
import { type Bytes, equal } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import { VaultError } from "@privity/vault/errors";
import * as opener from "@privity/vault/opener";
import type { Material } from "@privity/vault/opener";
import { Kept, type Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import { Tokens } from "./access.ts";
import * as calls from "./calls.ts";
import type { Posted, Token } from "./calls.ts";
import type { KnownDevice } from "./devices.ts";
import { AccountError } from "./errors.ts";
import type { Place } from "./place.ts";

/** How often a keyring is written anew because another device was faster. */
export const TRIES = 5;

/** Whether another device wrote a keyring first. */
export function moved(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "keyring.moved";
}

/** What an unlocked account is made of. */
interface Parts {
  readonly place: Place;
  readonly known: KnownDevice;
  readonly store: Store;
  readonly history: History;
  readonly service: Service;
  readonly tokens: Tokens;
}

/** What unlocks: nothing more where this browser has a key of its own. */
export interface Unlocking {
  readonly material?: Material;
  readonly fresh?: Token;
  /** Stands before the service and sees what it answers. */
  readonly watch?: (service: Service) => Service;
}

export class Account {
  readonly place: Place;
  readonly store: Store;
  readonly tokens: Tokens;
  readonly service: Service;
  readonly #history: History;
  #known: KnownDevice;

  private constructor({ place, known, store, history, service, tokens }: Parts) {
    this.place = place;
    this.#known = known;
    this.store = store;
    this.service = service;
    this.tokens = tokens;
    this.#history = history;
  }

  /**
   * Open what this browser knows.
   *
   * Raises VaultError (`opener.wrong_key` and what follows it: nothing was changed anywhere), AccountError
   * `device.absent` (this browser has no key of its own that opens), ServiceError.
   */
  static async unlock(place: Place, known: KnownDevice, { material, fresh, watch }: Unlocking = {}): Promise<Account> {
    const identity = identityOf(known, material ?? ownKey(known));
    const tokens = new Tokens(place, identity, fresh ?? null);
    const asked = overHttp(tokens.way());
    const service = watch === undefined ? asked : watch(asked);
    const store = await place.store(known.account);
    const state = await store.state();
    const session = state === null
      ? await unlockFresh(identity, service, place.world)
      : await resumed(identity, known, state, service, place);
    const history = await History.open(session, store, service, place.world);
    const account = new Account({ place, known, store, history, service, tokens });
    await account.#keepRecord();
    return account;
  }

  get session(): Session {
    return this.#history.session;
  }

  /** The record of the opener that this account was opened with, as the keyring lists it now. */
  get record(): Bytes {
    return this.#known.opener.record;
  }

  /** Whether a recovery code is listed: until then nothing may be saved. */
  get isRecoverable(): boolean {
    return this.session.trusted.keyring.openers.some((one) => one.kind === opener.KINDS.recovery);
  }

  /** The saved chats. Raises AccountError `ceremony.open` before the ceremony of the recovery code: chats are temporary. */
  get history(): History {
    if (!this.isRecoverable) throw new AccountError("ceremony.open");
    return this.#history;
  }

  /** Where this device is in the log: number and fingerprint, for people who compare. */
  position(): Promise<{ readonly n: number; readonly fingerprint: string }> {
    return this.#history.position();
  }

  /** Agree with the service. Raises as `History.sync` does. */
  async sync(): Promise<void> {
    await this.#history.sync();
    await this.#keepRecord();
  }

  /** Read what others wrote, and send nothing. Raises as `History.pull` does. */
  async pull(): Promise<void> {
    await this.#history.pull();
    await this.#keepRecord();
  }

  /** Take over newer keyrings, and this browser's own record under a new account key. */
  async renew(): Promise<void> {
    await this.#history.renew();
    await this.#keepRecord();
  }

  /** Wrap boxes again after a rotation, as `History.rewrap` does. */
  rewrap(): Promise<ReadonlyMap<string, number | null>> {
    return this.#history.rewrap();
  }

  /** The box of what belongs to no chat: the first entry of every log. */
  async begin(): Promise<void> {
    const { account } = this.session.identity;
    const [row, waiting] = await Promise.all([this.store.row(account), this.store.waitingFor(account)]);
    if (row === null && waiting === null) await this.history.addBox(account);
  }

  /**
   * Write the next revision of the keyring, again if another device was faster. `fresh` for what removes; `then` once it
   * is written, before it is read back.
   *
   * Raises VaultError, ServiceError `keyring.moved` after five times, AccountError `access.stale`.
   */
  async change(write: (session: Session) => Promise<Posted>, fresh = false, then?: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.renew();
      const { revision } = this.session.trusted.keyring;
      try {
        const posted = await write(this.session);
        await calls.putKeyring(fresh ? this.tokens.freshWay() : this.tokens.way(), revision, posted);
        await then?.();
        break;
      } catch (error) {
        if (!moved(error) || tries === TRIES) throw error;
      }
    }
    await this.renew();
  }

  /** From now on this browser opens with another opener that the keyring lists. */
  async openWith({ id, record }: { readonly id: Bytes; readonly record: Bytes }, material: Material): Promise<void> {
    const { key } = this.#known.opener;
    this.#known = { ...this.#known, opener: { id, record, key: material.kind === "device" ? material.key : key } };
    await this.place.devices.put(this.#known);
    this.#history.openWith({ id, material });
  }

  /**
   * One step with the account key as bytes, which are wiped when it ends, however it ends. Raises AccountError
   * `access.stale` unless a person proved a passkey or the recovery code in the last five minutes.
   */
  async withRaw<T>(step: (raw: Secret<"account key">) => Promise<T>): Promise<T> {
    const raw = await this.#raw();
    try {
      return await step(raw);
    } finally {
      raw.wipe();
    }
  }

  async #raw(): Promise<Secret<"account key">> {
    this.tokens.fresh();
    const { identity, trusted } = this.session;
    const record = opener.decode(this.#known.opener.record);
    const { raw } = await opener.openFresh(record, identity.opener.material, identity.account, this.place.world.kem);
    if (record.epoch === trusted.keyring.epoch) return raw;
    raw.wipe();
    throw new VaultError("keyring.bad_mac", "this browser's record is of another epoch");
  }

  /** Forget the tokens; whoever holds this object drops it with every key. */
  lock(): Promise<void> {
    return this.tokens.end();
  }

  /**
   * "Forget this device": keys and history are erased here. A device cannot revoke itself; the others still list it.
   *
   * What was not synchronised is gone: `unsent` says how much that is.
   */
  async forget(): Promise<void> {
    const { account } = this.session.identity;
    await this.tokens.end();
    await this.place.devices.remove(account);
    await this.place.forget(account);
  }

  /** Changes that only this device has. */
  async unsent(): Promise<number> {
    const [waiting, drafts] = await Promise.all([this.store.waiting(), this.store.drafts()]);
    return waiting.length + drafts.length;
  }

  /** After a rotation this browser's record is another one: kept here too, so that it opens without a network. */
  async #keepRecord(): Promise<void> {
    const { identity, trusted: { keyring } } = this.session;
    const { opener: own } = this.#known;
    const listed = ring.openerOf(keyring, identity.opener.id);
    if (listed === null || equal(opener.digest(opener.decode(own.record)), listed.record)) return;
    const { openers } = await this.service.keyrings(keyring.revision);
    const record = openers.find((one) => equal(opener.digest(opener.decode(one)), listed.record));
    if (record === undefined) return;
    this.#known = { ...this.#known, opener: { ...own, id: identity.opener.id, record } };
    await this.place.devices.put(this.#known);
  }
}

/** What this browser's own key opens. Raises AccountError `device.absent`. */
function ownKey({ opener: { key } }: KnownDevice): Material {
  if (key === null) throw new AccountError("device.absent");
  return Kept.of("device", key);
}

function identityOf(known: KnownDevice, material: Material): Identity {
  const { account, device, opener: { id } } = known;
  return { account, device, signer: signing.signer(known.signing), opener: { id, material } };
}

/** Go on from what is remembered, so that an older keyring shows. The network is asked only behind a rotation. */
async function resumed(
  identity: Identity, known: KnownDevice, state: State, service: Service, place: Place,
): Promise<Session> {
  const newest = state.keyrings.at(-1);
  if (newest === undefined) throw new VaultError("keyring.broken_chain", "nothing is remembered");
  const { epoch, revision } = ring.decode(newest.public);
  const record = opener.decode(known.opener.record);
  const kept = await opener.openRecord(record, identity.opener.material, identity.account, place.world.kem);
  if (record.epoch === epoch) return resume(identity, state.keyrings, state.privateHalf, kept.key);
  const { openers } = await service.keyrings(revision);
  const now = await ownRecord(openers, identity, place.world);
  const by = { ...identity, opener: { ...identity.opener, id: now.record.id } };
  return resume(by, state.keyrings, state.privateHalf, now.key);
}
