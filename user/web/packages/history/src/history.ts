/**
 * An account's history on this device: what it shows, what it changes, and how it agrees with the others.
 *
 * Every change is durable, sealed, before the promise of it is kept; nothing leaves before `sync`. Reading needs no network.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import * as stored from "@privity/protocol/stored/page";
import { Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import * as clocks from "@privity/vault/clock";
import type { Clock } from "@privity/vault/clock";
import { type Node, State as NodeState } from "@privity/vault/contents/chat";
import type { Content } from "@privity/vault/contents/kinds";
import type { View } from "@privity/vault/contents/proof";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError, type VaultReason } from "@privity/vault/errors";
import * as merging from "@privity/vault/merge";
import type { Values } from "@privity/vault/merge";
import * as page from "@privity/vault/page";
import { Secret } from "@privity/vault/secret";

import { isBox } from "./boxes.ts";
import { again, type Report, verify } from "./checking.ts";
import type { Erasure } from "./erasure.ts";
import { checkWriting, findBody, type Ground, groundOf, halting, loggedBody, stateOf } from "./ground.ts";
import { contentOf } from "./offers.ts";
import { type Item, readItems, type Wanted } from "./items.ts";
import { pull } from "./pull.ts";
import { push } from "./push.ts";
import { type Choice, compare, type Comparison, repair, type Repaired } from "./repair.ts";
import type { Service } from "./service.ts";
import { type Identity, newestKey, renewed, type Session, type World } from "./session.ts";
import { giveBack, missingHere, nextView, type Showing, wanted } from "./views.ts";
import { rewrapped, wrapped } from "./wrapping.ts";
import type { Draft, Offer, Row, Store, Waiting } from "./store.ts";

/** Rounds of pull and push before a very busy account is left for later. */
const ROUNDS = 16;
const ID = 16;
const NONCE = 12;

/** An item that the service lost or changed: its id, its box, and why it cannot be shown. */
export interface Fault {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly reason: string;
}

export type { Item } from "./items.ts";

export class History {
  #ground: Ground;
  #clock: Clock;
  /** By device, when it said last what it misses. */
  readonly #looked = new Map<string, number>();

  private constructor(ground: Ground) {
    this.#ground = ground;
    this.#clock = clocks.start(ground.session.identity.device);
  }

  /** The history of an unlocked device; a store that is empty begins before page 1. */
  static async open(session: Session, store: Store, service: Service, world: World): Promise<History> {
    const known = await store.state();
    const position = known?.position ?? (await page.start(session.identity.account));
    const { keyrings, half } = session;
    const [posting, halted] = [known?.posting ?? null, known?.halted ?? null];
    await store.commit({ state: { ...known, position, keyrings, privateHalf: half, posting, halted } });
    return new History(groundOf(session, store, service, world));
  }

  get session(): Session {
    return this.#ground.session;
  }

  /** From now on this device obtains new account keys by another opener of its account. */
  openWith(opener: Identity["opener"]): void {
    const { session, store, service, world } = this.#ground;
    this.#ground = groundOf({ ...session, identity: { ...session.identity, opener } }, store, service, world);
  }

  /** Where this device is in the log: number and fingerprint, to be compared by people. */
  async position(): Promise<{ readonly n: number; readonly fingerprint: string }> {
    const { position } = await stateOf(this.#ground.store);
    return { n: position.n, fingerprint: page.fingerprint(position) };
  }

  /** All items of some kinds, or of one box. Those that cannot be opened are left to `faults`. */
  async items(wanted: Wanted): Promise<readonly Item[]> {
    const items = await readItems(this.#ground, wanted);
    for (const { content } of items) this.#clock = merging.observeAll(this.#clock, content, this.#ground.world.now());
    return items;
  }

  /** One item, null when it is not here or was deleted. Raises VaultError `object.*`. */
  async item(id: Bytes): Promise<Item | null> {
    const { store, boxes, session, world } = this.#ground;
    const [found, waiting, row] = await Promise.all([findBody(store, id), store.waitingFor(id), store.row(id)]);
    const place = waiting ?? row;
    if (found === null || place === null) return null;
    const content = await boxes.open({ id, box: place.box, ...found }, session);
    this.#clock = merging.observeAll(this.#clock, content, world.now());
    return { id, box: place.box, content };
  }

  /** What cannot be shown, and why. */
  async faults(): Promise<readonly Fault[]> {
    const rows = await this.#ground.store.rows();
    return rows.flatMap(({ id, box: inside, fault }) => (fault === null ? [] : [{ id, box: inside, reason: fault }]));
  }

  /** A new box: the account's own id for the home box. */
  async addBox(id: Bytes): Promise<void> {
    const { session, store, world } = this.#ground;
    await checkWriting(store);
    const made = box.make(id, Secret.take("chat key", world.random(32)));
    const { epoch, key } = newestKey(session);
    const { account } = session.identity;
    const body = await box.seal(made, key, { account, version: 1, epoch, nonce: world.random(NONCE) });
    await this.#wait({ id, op: Op.BOX_ACTIVE, box: id, kind: 0, version: 1, body, base: null });
  }

  /** A new item, under an id of its own or a given one. */
  async add(content: Content, inside: Bytes, id: Bytes = this.newId()): Promise<Item> {
    const { boxes, session, store, world } = this.#ground;
    await checkWriting(store);
    const body = await boxes.seal(content, { id, box: inside, version: 1 }, session, world.random(NONCE));
    await this.#wait({ id, op: Op.PUT, box: inside, kind: content.kind, version: 1, body, base: null });
    return { id, box: inside, content };
  }

  /** Change fields of an item. Raises VaultError `object.missing` when it is not here. */
  async edit<One extends Content>(item: Item<One>, values: Values<One>): Promise<Item<One>> {
    const { store, world } = this.#ground;
    await checkWriting(store);
    const now = await this.item(item.id);
    if (now === null) throw new VaultError("object.missing", "it was deleted");
    const edited = merging.edit(now.content as One, this.#clock, world.now(), values);
    this.#clock = edited.clock;
    return this.#put({ ...now, content: edited.content }, edited.content);
  }

  /**
   * Write an item anew, whatever it was: a wallet with one claim more. It gives way to any version that others wrote meanwhile,
   * and is made anew on that one. Raises Halted.
   */
  replace<One extends Content>(item: Item<One>, content: One): Promise<Item<One>> {
    return this.#put(item, content);
  }

  /** The next version of an item, which waits. */
  async #put<One extends Content>(item: Item<One>, content: One): Promise<Item<One>> {
    const { boxes, session, store, world } = this.#ground;
    await checkWriting(store);
    const [before, row] = await Promise.all([store.waitingFor(item.id), store.row(item.id)]);
    const version = (row?.known.version ?? 0) + 1;
    const base = before === null ? ((await findBody(store, item.id))?.body ?? null) : before.base;
    // Behind a version that this device has not merged yet, the waiting edit keeps its own number until it is brought up.
    const sealed = before === null ? version : before.version;
    const body = await boxes.seal(content, { id: item.id, box: item.box, version: sealed }, session, world.random(NONCE));
    await this.#wait({ id: item.id, op: Op.PUT, box: item.box, kind: content.kind, version: sealed, body, base });
    return { id: item.id, box: item.box, content };
  }

  /** Delete items or boxes, in this order: a chat's box goes before what lies in it. */
  async remove(ids: readonly Bytes[]): Promise<void> {
    const { store } = this.#ground;
    const { posting } = await checkWriting(store);
    const leaving = new Set(posting === null ? [] : stored.decode(posting.page.data).entries.map(({ object: id }) => toHex(id)));
    for (const id of ids) {
      const [row, waiting] = await Promise.all([store.row(id), store.waitingFor(id)]);
      const place = row ?? waiting;
      if (place === null || row?.known.deleted === true) continue;
      if (row === null) {
        // On its way already: it would come back with the service's answer.
        const after = waiting !== null && leaving.has(toHex(id)) ? deletionOf(waiting) : null;
        await store.commit({ waiting: [[id, after]] });
        continue;
      }
      const op = isBox(row.op) ? Op.DELETE_BOX : Op.DELETE;
      const base = op === Op.DELETE_BOX ? null : ((await loggedBody(store, id))?.body ?? null);
      await this.#wait({ id, op, box: row.box, kind: row.kind, version: row.known.version + 1, body: null, base });
    }
  }

  /** Keep an answer as far as it has come. */
  async draft(id: Bytes, node: Node): Promise<void> {
    const { boxes, session, store, world } = this.#ground;
    const body = await boxes.seal(node, { id, box: node.chat, version: 1 }, session, world.random(NONCE));
    await store.commit({ drafts: [[id, { id, box: node.chat, body }]] });
  }

  /** The whole answer, in place of its draft, in one step. */
  async finish(id: Bytes, node: Node): Promise<void> {
    const { boxes, session, store, world } = this.#ground;
    const body = await boxes.seal(node, { id, box: node.chat, version: 1 }, session, world.random(NONCE));
    const waiting = { id, order: await this.#order(), op: Op.PUT, box: node.chat, kind: Kind.NODE, version: 1, body, base: null };
    await store.commit({ waiting: [[id, waiting]], drafts: [[id, null]] });
  }

  /** After a start: drafts that nobody finished become messages that were cut off; those of a deleted chat went with it. */
  async recover(): Promise<readonly Bytes[]> {
    const { boxes, session, store } = this.#ground;
    const drafts: readonly Draft[] = await store.drafts();
    for (const { id, box: inside, body } of drafts) {
      if ((await store.row(inside))?.known.deleted === true) {
        await store.commit({ drafts: [[id, null]] });
        continue;
      }
      const content = await boxes.open({ id, box: inside, version: 1, body }, session);
      if (content.kind === Kind.NODE) await this.finish(id, { ...content, state: NodeState.CUT });
    }
    return drafts.map((one) => one.id);
  }

  /** What gave way and waits for the person's word, by key. */
  async offers(): Promise<ReadonlyMap<string, Offer & { readonly content: Content | null }>> {
    const found = [...(await this.#ground.store.offers())].map(async ([key, offer]) => {
      return [key, { ...offer, content: await contentOf(this.#ground, offer) }] as const;
    });
    return new Map(await Promise.all(found));
  }

  /** What this device deleted, and what the service promised of it. */
  erasures(): Promise<readonly Erasure[]> {
    return this.#ground.store.erasures();
  }

  /** The person decided about an offer. */
  async answered(key: string): Promise<void> {
    await this.#ground.store.commit({ offers: [[key, null]] });
  }

  /** Read what others wrote, and send nothing. Returns the rows that they changed. Raises as `sync` does. */
  async pull(): Promise<readonly Row[]> {
    await this.renew();
    return pull(this.#ground, async () => {
      await this.renew();
      return this.#ground;
    });
  }

  /**
   * Agree with the service: keyring, pages, then what waits here. Returns the rows that others changed.
   *
   * Raises VaultError, after `log.*` and `keyring.*` of which this device writes no more; Halted; ServiceError.
   */
  async sync(): Promise<readonly Row[]> {
    const changed: Row[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      changed.push(...(await this.pull()));
      let pushed = await push(this.#ground);
      while (pushed === "posted") pushed = await push(this.#ground);
      if (pushed === "nothing") return changed;
    }
    return changed;
  }

  /**
   * After a rotation: wrap every box again that an earlier account key wraps, with one more chat key. Returns the boxes that
   * are not deleted, by id in hexadecimal, with the epoch of the account key that opens each; null where the body is lost.
   */
  async rewrap(): Promise<ReadonlyMap<string, number | null>> {
    const { epochs, again } = await rewrapped(this.#ground);
    for (const one of again) await this.#wait(one);
    return epochs;
  }

  /** The reason after which this device writes no more, null while it writes. Nothing heals by itself: `settle`, `repair`. */
  async halted(): Promise<VaultReason | null> {
    return (await stateOf(this.#ground.store)).halted;
  }

  /** Ask again: writing goes on if the service now continues what this device has. Raises as `sync` does. */
  async settle(): Promise<void> {
    await this.pull();
    await this.#ground.store.commit({ state: { ...(await stateOf(this.#ground.store)), halted: null } });
  }

  /** Both branches after a fork, for people who compare and choose. Raises VaultError `log.*`, `keyring.*`; ServiceError. */
  async compare(): Promise<Comparison> {
    await this.renew();
    return (await compare(this.#ground)).shown;
  }

  /**
   * Go on with one branch and append what it lacks of the other; `seen` is what `compare` showed.
   *
   * Raises VaultError `log.forked` when the service shows another branch by now, or the choice is not among those of `seen`;
   * ServiceError. Nothing is lost then: repeat it.
   */
  async repair(seen: Comparison, choice: Choice): Promise<Repaired> {
    await this.renew();
    const compared = await compare(this.#ground);
    if (compared.shown.theirs.fingerprint !== seen.theirs.fingerprint) {
      throw new VaultError("log.forked", "not the branch that was compared");
    }
    const repaired = await repair(this.#ground, compared, choice);
    const { session, store, service, world } = this.#ground;
    this.#ground = groundOf(session, store, service, world);
    return repaired;
  }

  /** What the devices of this account show each other. */
  async views(): Promise<readonly Item<View>[]> {
    const found = await this.items({ kinds: new Set([Kind.VIEW]) });
    return found.flatMap(({ id, box: inside, content }) => (content.kind === Kind.VIEW ? [{ id, box: inside, content }] : []));
  }

  /**
   * Show the other devices what this one saw, at most once a day unless it is something else; so they see that it still hears
   * of the log. It waits as every change does. Raises Halted.
   */
  async show(showing: Showing): Promise<void> {
    const { session: { identity: { account, device } }, world } = this.#ground;
    const own = (await this.views()).find(({ content }) => equal(content.device, device));
    const ticked = clocks.tick(this.#clock, world.now());
    const next = nextView(own?.content ?? null, device, showing, world.now(), ticked.stamp);
    if (next === null) return;
    this.#clock = ticked.clock;
    await (own === undefined ? this.add(next, account) : this.#put(own, next));
  }

  /**
   * "Find on another device": ask the service once more, and the other devices for what is still missing. How many are whole
   * now, and how many are asked for. Raises Halted; ServiceError.
   */
  async findElsewhere(): Promise<{ readonly found: number; readonly asked: number }> {
    const found = await this.again();
    const missing = await missingHere(this.#ground);
    await this.show({ missing });
    return { found, asked: missing.length };
  }

  /** Give the service what other devices miss and this one has; how many that were. Raises ServiceError. */
  async giveBack(): Promise<number> {
    const views = (await this.views()).map(({ content }) => content);
    return giveBack(this.#ground, wanted(views, this.#ground.session.identity.device, this.#looked));
  }

  /** Verify every page and body that is here anew. Raises VaultError `log.*`, `page.malformed`. */
  verify(progress?: (page: number) => void): Promise<Report> {
    return verify(this.#ground, progress);
  }

  /** Ask for items that could not be read once more; how many are whole now. Raises ServiceError. */
  again(): Promise<number> {
    return again(this.#ground);
  }

  /** Archive a chat, or make it active again. Raises VaultError `object.missing` when its box is not here. */
  async setActive(id: Bytes, active: boolean): Promise<void> {
    const { store } = this.#ground;
    await checkWriting(store);
    const [found, row, waiting] = await Promise.all([findBody(store, id), store.row(id), store.waitingFor(id)]);
    const op = active ? Op.BOX_ACTIVE : Op.BOX_ARCHIVED;
    if (found === null) throw new VaultError("object.missing", "no box of this id");
    if ((waiting ?? row)?.op === op) return;
    const version = (row?.known.version ?? 0) + 1;
    const base = (await loggedBody(store, id))?.body ?? null;
    await this.#wait({ id, op, box: id, kind: 0, version, body: await wrapped(this.#ground, id, found, version), base });
  }

  newId(): Bytes {
    return this.#ground.world.random(ID);
  }

  /** Take over newer keyrings. Raises VaultError `keyring.*`, after which this device writes no more; ServiceError. */
  async renew(): Promise<void> {
    const { session, store, service, world } = this.#ground;
    const next = await halting(store, () => renewed(session, service, world));
    if (next === session) return;
    const state = await stateOf(store);
    await store.commit({ state: { ...state, keyrings: next.keyrings, privateHalf: next.half } });
    this.#ground = groundOf(next, store, service, world);
  }

  async #wait(waiting: Omit<Waiting, "order">): Promise<void> {
    const before = await this.#ground.store.waitingFor(waiting.id);
    const order = before?.order ?? (await this.#order());
    await this.#ground.store.commit({ waiting: [[waiting.id, { ...waiting, order }]] });
  }

  async #order(): Promise<number> {
    return ((await this.#ground.store.waiting()).at(-1)?.order ?? 0) + 1;
  }
}

/** The deletion of what is on its way, to be written once that has arrived. */
function deletionOf(waiting: Waiting): Waiting {
  const op = isBox(waiting.op) ? Op.DELETE_BOX : Op.DELETE;
  return { ...waiting, op, version: waiting.version + 1, body: null, base: null };
}
