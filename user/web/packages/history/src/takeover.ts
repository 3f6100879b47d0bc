/**
 * Going on with the service's branch: its pages replace this device's behind the fork, and what they lack waits to be written
 * behind them, all in one transaction. Source: specs/repair.md, step 4.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import { type Content, isWrittenOnce } from "@privity/vault/contents/kinds";
import { VaultError } from "@privity/vault/errors";
import * as merging from "@privity/vault/merge";
import * as page from "@privity/vault/page";
import type { SignedPage } from "@privity/vault/page";
import * as repairs from "@privity/vault/repair";
import type { Fork, Step } from "@privity/vault/repair";

import { Bodies } from "./bodies.ts";
import { Boxes, type Found, isBox } from "./boxes.ts";
import { findBody, type Ground, stateOf } from "./ground.ts";
import { contentOf, type Keyed, offerOf, ofTyped, rescued } from "./offers.ts";
import { NOTHING, Reader } from "./reader.ts";
import type { Draft, Row, Waiting } from "./store.ts";
import { wrapped } from "./wrapping.ts";

const NONCE = 12;

/** Objects that were appended, merged, deleted; texts that are offered; objects of the left branch that no longer open. */
export interface Taken {
  readonly taken: number;
  readonly merged: number;
  readonly deleted: number;
  readonly offered: number;
  readonly unreadable: number;
}

/** Take the service's branch over. Raises VaultError, ServiceError: then nothing has changed here. */
export async function takeOver(ground: Ground, fork: Fork, pages: readonly SignedPage[]): Promise<Taken> {
  const { session, store } = ground;
  const reader = await Reader.at(await page.start(session.identity.account), session, NOTHING);
  for (const signed of pages) await reader.accept(signed);
  const before = new Map((await store.rows()).map((row) => [toHex(row.id), row]));
  const bodies = await Bodies.of(ground, reader);
  for (const [id, row] of reader.rows) {
    const known = before.get(id);
    reader.rows.set(id, isSame(known, row) ? { ...row, kind: known.kind, fault: known.fault } : await bodies.judged(row));
  }
  const writing = await Writing.begin(ground, reader, bodies);
  const { steps } = repairs.plan(fork, false, session.names.lane);
  for (const step of steps) await writing.take(step, fork);
  const named = new Set([...reader.rows.values()].flatMap(({ known }) => (known.body === null ? [] : [toHex(known.body.hash)])));
  const old = [...before.values()].flatMap(({ known }) => (known.body === null ? [] : [known.body.hash]));
  const batch = await writing.finished();
  await store.commit({
    ...batch,
    afresh: true,
    state: { ...(await stateOf(store)), position: reader.position, posting: null, halted: null },
    chains: [...reader.chains.values()], rows: [...reader.rows.values()], pages: reader.pages, left: fork.ours.pages,
    bodies: [...old.filter((hash) => !named.has(toHex(hash))).map((hash) => [hash, null] as const), ...bodies.fresh.values()],
  });
  return writing.told;
}

function isSame(known: Row | undefined, row: Row): known is Row {
  const [one, other] = [known?.known.body ?? null, row.known.body];
  return known?.fault === null && one !== null && other !== null && equal(one.hash, other.hash);
}

/** What the kept branch will be given, piled up until it is written at once. */
class Writing {
  readonly told: { -readonly [Name in keyof Taken]: number } = { taken: 0, merged: 0, deleted: 0, offered: 0, unreadable: 0 };
  /** Everything here is sealed under the boxes as they will be. */
  readonly #after: Ground;
  readonly #before: Ground;
  readonly #reader: Reader;
  readonly #bodies: Bodies;
  readonly #waiting: ReadonlyMap<string, Waiting>;
  readonly #written = new Map<string, Waiting>();
  readonly #offers: Keyed[] = [];
  #order: number;

  private constructor(before: Ground, reader: Reader, bodies: Bodies, waiting: readonly Waiting[]) {
    this.#before = before;
    this.#reader = reader;
    this.#bodies = bodies;
    this.#waiting = new Map(waiting.map((one) => [toHex(one.id), one]));
    this.#order = waiting.reduce((most, one) => Math.max(most, one.order), 0);
    this.#after = { ...before, boxes: new Boxes((id) => this.#boxOf(id)) };
  }

  static async begin(ground: Ground, reader: Reader, bodies: Bodies): Promise<Writing> {
    return new Writing(ground, reader, bodies, await ground.store.waiting());
  }

  /** One step of the plan. */
  async take(step: Step, fork: Fork): Promise<void> {
    if (step.act === "delete") return this.#delete(step, fork);
    if (isBox(step.op)) return this.#takeBox(step);
    const mine = await this.#mine(step.object);
    if (mine === null) {
      // A deletion that waits here says more than the branch does.
      this.told.unreadable += this.#waiting.has(toHex(step.object)) ? 0 : 1;
      return;
    }
    if (step.act === "offer") return this.#offer(step, mine);
    if (step.act === "merge") return this.#merge(step, mine);
    await this.#put(step, mine.box, mine.content);
    this.told.taken += 1;
  }

  /** What waits and what is offered, in one batch. */
  async finished(): Promise<{
    readonly waiting: readonly (readonly [Bytes, Waiting | null])[];
    readonly offers: readonly Keyed[];
    readonly drafts: readonly (readonly [Bytes, Draft])[];
  }> {
    const left = [...this.#waiting].filter(([id]) => !this.#written.has(id)).map(([, one]) => one);
    const carried = await Promise.all(left.map((one) => this.#carried(one)));
    const all = [...carried, ...this.#written.values()];
    const saved = await rescued(this.#before, all, this.#reader, this.#bodies);
    this.#offers.push(...saved.offers);
    this.told.offered = this.#offers.length;
    const waiting = [...all.map((one) => [one.id, one] as const), ...saved.waiting];
    return { waiting, offers: [...await this.#offersAgain(), ...this.#offers], drafts: await this.#drafts() };
  }

  async #boxOf(id: Bytes): Promise<{ readonly version: number; readonly body: Bytes } | null> {
    const written = this.#written.get(toHex(id));
    if (written?.body) return { version: written.version, body: written.body };
    const known = this.#reader.rows.get(toHex(id))?.known;
    if (known === undefined) return findBody(this.#before.store, id);
    const body = known.body === null ? null : await this.#bodies.body(known.body.hash);
    return body === null ? null : { version: known.version, body };
  }

  /** What this device has of an object, what waits included; null when it was deleted here, or does not open. */
  async #mine(id: Bytes): Promise<{ readonly box: Bytes; readonly content: Content } | null> {
    const { store, boxes, session } = this.#before;
    const [found, row] = [await findBody(store, id), await store.row(id)];
    const inside = this.#waiting.get(toHex(id))?.box ?? row?.box;
    if (found === null || inside === undefined) return null;
    try {
      return { box: inside, content: await boxes.open({ id, box: inside, ...found }, session) };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return null;
    }
  }

  async #takeBox({ object: id, op, version }: Step): Promise<void> {
    const found = await findBody(this.#before.store, id);
    if (found === null) {
      this.told.unreadable += 1;
      return;
    }
    const body = await wrapped(this.#before, id, found, version);
    this.#write({ id, op: this.#waiting.get(toHex(id))?.op ?? op, box: id, kind: 0, version, body, base: null });
    this.told.taken += 1;
  }

  async #put({ object: id, version }: Step, inside: Bytes, content: Content, base: Bytes | null = null): Promise<void> {
    const { boxes, session, world } = this.#after;
    const body = await boxes.seal(content, { id, box: inside, version }, session, world.random(NONCE));
    this.#write({ id, op: Op.PUT, box: inside, kind: content.kind, version, body, base });
  }

  async #merge(step: Step, mine: { readonly box: Bytes; readonly content: Content }): Promise<void> {
    const row = this.#reader.rows.get(toHex(step.object));
    const theirs = row === undefined ? null : await this.#bodies.content(row);
    if (row === undefined || theirs?.kind !== mine.content.kind || isWrittenOnce(theirs)) return;
    const pair = new Map<string, Content>([["0", theirs], ["1", mine.content]]);
    const { content, lost } = merging.settle<Content>(pair, this.#after.world.now());
    const members = lost.map((one) => one.member);
    const where = { id: step.object, box: row.box, version: row.known.version };
    const both = members.length === 0 ? [] : [...pair.values()];
    for (const one of both) this.#offers.push(await offerOf(this.#after, where, one, members));
    const base = row.known.body === null ? null : await this.#bodies.body(row.known.body.hash);
    if (content !== theirs) await this.#put(step, row.box, content, base);
    this.told.merged += 1;
  }

  async #offer({ object: id, version }: Step, mine: { readonly box: Bytes; readonly content: Content }): Promise<void> {
    this.#offers.push(...await ofTyped(this.#after, { id, box: mine.box, version }, mine.content));
  }

  async #delete({ object: id, op, version }: Step, fork: Fork): Promise<void> {
    const row = this.#reader.rows.get(toHex(id));
    const content = row === undefined || !fork.theirs.known.has(toHex(id)) ? null : await this.#bodies.content(row);
    if (row !== undefined && content !== null) {
      this.#offers.push(...await ofTyped(this.#after, { id, box: row.box, version }, content));
    }
    this.#write({ id, op, box: row?.box ?? id, kind: row?.kind ?? null, version, body: null, base: null });
    this.told.deleted += 1;
  }

  /** What waited before, sealed under its box's keys as they will be. Those on the branch that goes are not its base any more. */
  async #carried(one: Waiting): Promise<Waiting> {
    if (one.op !== Op.PUT || one.body === null || this.#isGone(one)) return one;
    const body = await this.#sealedAgain({ ...one, body: one.body });
    return body === null ? one : { ...one, body, base: null };
  }

  /** The body under its box's keys as they will be, null when one of both boxes does not open. */
  async #sealedAgain(found: Found): Promise<Bytes | null> {
    const { boxes, session, world } = this.#after;
    try {
      const content = await this.#before.boxes.open(found, session);
      return await boxes.seal(content, found, session, world.random(NONCE));
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return null;
    }
  }

  #isGone({ id, box: inside }: Pick<Waiting, "id" | "box">): boolean {
    return [id, inside].some((one) => this.#reader.rows.get(toHex(one))?.known.deleted === true);
  }

  async #offersAgain(): Promise<readonly Keyed[]> {
    const found: Keyed[] = [];
    for (const [key, offer] of await this.#before.store.offers()) {
      const content = await contentOf(this.#before, offer);
      if (content !== null) found.push([key, (await offerOf(this.#after, offer, content, offer.members))[1]]);
    }
    return found;
  }

  async #drafts(): Promise<readonly (readonly [Bytes, Draft])[]> {
    const found: (readonly [Bytes, Draft])[] = [];
    for (const draft of await this.#before.store.drafts()) {
      const body = this.#isGone(draft) ? null : await this.#sealedAgain({ ...draft, version: 1 });
      if (body !== null) found.push([draft.id, { ...draft, body }]);
    }
    return found;
  }

  #write(waiting: Omit<Waiting, "order">): void {
    const key = toHex(waiting.id);
    this.#order += 1;
    this.#written.set(key, { ...waiting, order: this.#waiting.get(key)?.order ?? this.#order });
  }
}
