/** Who this browser is for the service: from guest to an open account and back, with what is on its way between them. */

import { Account } from "@privity/account/account";
import type { Challenge, NewAccount } from "@privity/account/calls";
import type { Ceremony } from "@privity/account/ceremony";
import type { KnownDevice } from "@privity/account/devices";
import type { Asked, CodeOffer, Matched, Offer, Shown, Typing } from "@privity/account/linking";
import { equal, toHex } from "@privity/protocol/bytes";

import { Refusal } from "../bridge/line.ts";
import type { AccountState } from "../bridge/views.ts";
import type { Desk } from "./desk.ts";
import { keepComposers } from "./composing.ts";
import { Premises } from "./premises.ts";
import { Saved, SYNC } from "./saved.ts";
import { DEFAULTS, settingsOf } from "./settings.ts";
import { type Chores, Sync } from "./sync.ts";
import type { Opening } from "./tabs.ts";
import { opensOf, openingOf, withOpening } from "./unlocking.ts";


/** Milliseconds in which an unlocked tab answers a new one. */
const PATIENCE = 250;
/** A mark on the shelf: the person locked this browser, although it could open itself. */
const LOCKED = "locked";

/** Steps that wait for a person or for another device. */
export interface Steps {
  begun?: NewAccount;
  challenge?: Challenge;
  adding?: Challenge;
  ceremony?: Ceremony;
  offer?: Offer | CodeOffer;
  shown?: Shown;
  asked?: Asked;
  typing?: Typing;
  matched?: Matched;
}

export class Accounts {
  readonly desk: Desk;
  steps: Steps = {};
  #premises: Premises | null = null;
  #account: Account | null = null;
  #sync: Sync | null = null;
  readonly #chores: Chores;
  /** What other tabs gave, while this one waits for it. */
  #given: ((opening: Opening) => void) | null = null;

  constructor(desk: Desk, chores: Chores) {
    this.desk = desk;
    this.#chores = chores;
  }

  /** Raises Refusal `page.unstarted` before `start`. */
  get premises(): Premises {
    if (this.#premises === null) throw new Refusal("page.unstarted");
    return this.#premises;
  }

  /** The account that is unlocked, its recovery code typed or not. Raises Refusal `account.locked`. */
  get account(): Account {
    if (this.#account === null) throw new Refusal("account.locked");
    return this.#account;
  }

  get isOpen(): boolean {
    return this.#account !== null;
  }

  get sync(): Sync {
    if (this.#sync === null) throw new Refusal("account.locked");
    return this.#sync;
  }

  /** A turn of the account that is unlocked, in which keyring or log may be read and written. Raises ServiceError. */
  async turn<T>(step: (account: Account) => Promise<T>): Promise<T> {
    const { account, desk: { edges: { locks }, saved } } = this;
    await account.tokens.way().token();
    return locks.hold(SYNC, () => {
      return saved === null ? this.premises.turns.run(() => step(account)) : saved.turn(() => step(account));
    });
  }

  async start(service: string): Promise<AccountState> {
    if (this.#premises !== null) throw new Refusal("page.started");
    this.#premises = await Premises.at(this.desk.edges, service);
    const known = await this.known();
    this.desk.edges.tabs.hear((said) => void this.#heard(said));
    if (known === null) return { state: "guest" };
    try {
      const opening = await this.#fromTabs();
      if (opening !== null && equal(opening.account, known.account)) {
        return await this.opened(() => withOpening(this.premises, known, opening));
      }
      if (known.opener.key !== null && (await this.#shelfOf(known)).mark === null) {
        return await this.opened(() => Account.unlock(this.premises.inside, known));
      }
    } catch {
      // Opening unasked did not work: the person is asked, and told why if it fails again.
    }
    return this.state();
  }

  /** The account that this browser knows; of several the first. */
  async known(): Promise<KnownDevice | null> {
    const [known] = (await this.premises.outside.devices.all()).filter(({ origin }) => origin === this.premises.outside.origin);
    return known ?? null;
  }

  async state(): Promise<AccountState> {
    if (this.desk.saved !== null) return { state: "open" };
    if (this.#account !== null) return { state: "unproven" };
    const known = await this.known();
    if (known === null) return { state: "guest" };
    const { mirror } = await this.premises.turns.run(() => this.premises.room(known.account));
    return { state: "locked", opens: opensOf(known, mirror.now) };
  }

  /** Take over an account that a step opened. Chats are saved from now on if it has its recovery code. */
  async opened(unlock: () => Promise<Account>): Promise<AccountState> {
    const { turns } = this.premises;
    const account = await turns.run(unlock);
    this.#account = account;
    try {
      const { shelf } = await turns.run(() => this.premises.room(account.session.identity.account));
      await shelf.put([[LOCKED, null]]);
      if (account.isRecoverable) await this.save();
    } catch (error) {
      // Half open is not open: the person is told why, and tries again.
      this.#leave();
      throw error;
    }
    return this.state();
  }

  /** The account can be recovered: what a guest had besides chats goes into it, and saving begins. */
  async save(): Promise<void> {
    const { desk, premises, account } = this;
    const saved = await premises.turns.run(() => Saved.open(desk.edges, premises, account, (chats, own) => {
      desk.changed(chats);
      if (!own) return;
      desk.edges.tabs.say({ kind: "wrote", account: account.session.identity.account });
      this.#sync?.wrote();
    }));
    await this.#chores.begin(saved);
    desk.take(saved);
    await saved.book.recover();
    await keepComposers(desk.composer, saved);
    void saved.search.ready().catch(() => undefined);
    this.#sync = new Sync(desk.edges, saved, this.#chores, () => desk.changed([]));
    this.#sync.start();
  }

  /** What a guest chose and made beside chats becomes the new account's. */
  async bringHome(): Promise<void> {
    const { home } = this.desk.open;
    for (const [id, content] of this.desk.temporaryHome.contents) await home.add(content, id);
    if (settingsOf(home).id === null) await home.add(DEFAULTS);
    await this.desk.temporaryHome.remove([...this.desk.temporaryHome.contents.keys()]);
  }

  /** Forget every key and text of the account. The page ends this worker when it hears of it. */
  async lock(own: boolean): Promise<void> {
    const account = this.#account;
    if (account === null) return;
    this.#sync?.stop();
    await this.desk.composer.settled();
    if (own) {
      const { shelf } = await this.premises.room(account.session.identity.account);
      await shelf.put([[LOCKED, Uint8Array.of(1)]]).catch(() => undefined);
      this.desk.edges.tabs.say({ kind: "lock" });
    }
    // The service forgets the tokens if it can be told; nobody waits for that.
    void account.lock().catch(() => undefined);
    this.#leave();
  }

  /** This browser is a guest's again, once `erase` did its part; when that fails all is as it was. */
  async forgotten(erase: () => Promise<void>): Promise<AccountState> {
    await erase();
    this.#sync?.stop();
    this.#leave();
    this.desk.edges.tabs.say({ kind: "forgotten" });
    return this.state();
  }

  #leave(): void {
    [this.#account, this.#sync] = [null, null];
    this.steps = {};
    this.desk.leave();
  }

  async #shelfOf({ account }: KnownDevice): Promise<{ readonly mark: Uint8Array | null }> {
    const { shelf } = await this.premises.turns.run(() => this.premises.room(account));
    return { mark: await shelf.get(LOCKED) };
  }

  /** How an unlocked tab opens the account, null when none answers. */
  #fromTabs(): Promise<Opening | null> {
    return new Promise((resolve) => {
      const cancel = this.desk.edges.after(PATIENCE, () => {
        this.#given = null;
        resolve(null);
      });
      this.#given = (opening) => {
        cancel();
        this.#given = null;
        resolve(opening);
      };
      this.desk.edges.tabs.say({ kind: "hello" });
    });
  }

  async #heard(said: Parameters<Parameters<Desk["edges"]["tabs"]["hear"]>[0]>[0]): Promise<void> {
    const own = this.#account === null ? null : toHex(this.#account.session.identity.account);
    switch (said.kind) {
      case "hello":
        if (this.#account !== null) this.desk.edges.tabs.say({ kind: "keys", opening: openingOf(this.#account) });
        return;
      case "keys":
        this.#given?.(said.opening);
        return;
      case "lock":
        await this.lock(false);
        this.desk.edges.tell({ kind: "state", state: await this.state() });
        return;
      case "forgotten":
        this.#sync?.stop();
        if (this.#account !== null) this.premises.leave(this.#account.session.identity.account);
        this.#leave();
        this.desk.edges.tell({ kind: "state", state: await this.state() });
        return;
      case "wrote":
        if (toHex(said.account) !== own || this.desk.saved === null) return;
        // Its own turn begins with what the other tab wrote.
        await this.desk.saved.turn(() => Promise.resolve());
        this.#sync?.wrote();
        return;
      case "keyring":
        if (toHex(said.account) === own) await this.turn((account) => account.renew()).catch(() => undefined);
    }
  }
}
