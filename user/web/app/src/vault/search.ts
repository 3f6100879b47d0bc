/**
 * Search over every message of an account, on the device alone. Texts are opened once after an account is unlocked, and held;
 * what memory is too small for is looked up by its words, month by month.
 */

import { newestKey } from "@privity/history/session";
import { toHex } from "@privity/protocol/bytes";
import { type Node, Role } from "@privity/vault/contents/chat";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as sealing from "@privity/vault/search";

import type { Edges } from "./edges.ts";
import { wordsOf } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import { filesOf, textOf } from "./message.ts";
import type { Touched } from "./mirror.ts";
import type { Saved } from "./saved.ts";
import { type Month, monthOf, Segments, type Words } from "./segments.ts";
import { type Held, type Text, Texts } from "./texts.ts";
import { says, searchable } from "./words.ts";

/** Characters of text that are held: about 50 MB. */
export const MOST_HELD = 25_000_000;
/** Characters of one message and its files that are looked through; of more, these are the first. */
const MOST_OF_ONE = 500_000;
/** Messages that are opened between two looks at what else is to be done. */
const BATCH = 64;
/** Texts that may be new before a month's piece is written again; what was not written is opened once more next time. */
const WRITTEN_AT = 200;
/** Milliseconds until what was deleted is gone from the pieces too. */
const SOON = 1000;
/** Months whose words are held at once. */
const MOST_MONTHS = 3;

/** Whether a message of this chat and time is asked for. */
type Wanted = (one: Pick<Held, "chat" | "time">) => boolean;

export class Search {
  readonly #edges: Edges;
  readonly #saved: Saved;
  readonly #most: number;
  readonly #texts = new Texts();
  /** Messages that are not held, by id: where and when. */
  readonly #apart = new Map<Id, { readonly chat: Id; readonly time: number; readonly month: Month }>();
  readonly #words = new Map<Month, Words>();
  /** Texts of each month that are in no piece yet. */
  readonly #fresh = new Map<Month, number>();
  /** Months from which something was deleted. */
  readonly #torn = new Set<Month>();
  /** Messages by what their files lacked when they were looked at: they are looked at again when it comes. */
  readonly #lacking = new Map<Id, Set<Id>>();
  #segments: Segments | null = null;
  #epoch = -1;
  /** Ids to look at; null: all. */
  #due: Set<Id> | null = null;
  #running: Promise<void> | null = null;
  #writing: Promise<void> | null = null;
  #ended = false;
  /** Told when times of chats are known that were not. */
  readonly #told: () => void;

  constructor(edges: Edges, saved: Saved, told: () => void, most = MOST_HELD) {
    this.#edges = edges;
    this.#saved = saved;
    this.#told = told;
    this.#most = most;
  }

  touched(touched: Touched): void {
    if (touched === null) this.#due = null;
    else for (const id of touched.keys()) this.#due?.add(id);
    if (this.#running === null && !this.#ended) void this.ready().catch(() => undefined);
  }

  stop(): void {
    this.#ended = true;
  }

  /** Until every message is held or indexed. */
  ready(): Promise<void> {
    this.#running ??= this.#caughtUp().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** At most `most` messages that say all words, newest first. */
  async find(words: readonly string[], wanted: Wanted, most: number): Promise<readonly Held[]> {
    await this.ready();
    const found = [...this.#texts.find(words, wanted, most)];
    const months = [...new Set(Array.from(this.#apart.values(), ({ month }) => month))].sort().reverse();
    for (const month of months) {
      if (found.length >= most) break;
      found.push(...await this.#findApart(month, words, wanted));
    }
    // One that was put aside meanwhile is found in both places.
    const once = new Map(found.map((one) => [one.id, one]));
    return [...once.values()].sort((one, other) => other.time - one.time).slice(0, most);
  }

  async #findApart(month: Month, words: readonly string[], wanted: Wanted): Promise<readonly Held[]> {
    const index = this.#words.get(month) ?? await (await this.#pieces()).words(month);
    if (index === null) return [];
    this.#words.delete(month);
    this.#words.set(month, index);
    for (const [oldest] of this.#words) if (this.#words.size > MOST_MONTHS) this.#words.delete(oldest);
    const found: Held[] = [];
    for (const id of index.find(words)) {
      const row = this.#apart.get(id);
      const text = row === undefined || !wanted(row) ? null : await this.#open(id);
      if (text === null) continue;
      const held = { id, chat: text.chat, time: text.time, ...searchable(text.text) };
      if (says(held, words)) found.push(held);
    }
    return found;
  }

  async #caughtUp(): Promise<void> {
    if (this.#segments === null || this.#epoch !== newestKey(this.#saved.account.session).epoch) await this.#load();
    for (let due = this.#next(); due.length > 0; due = this.#next()) {
      for (let at = 0; at < due.length && !this.#isEnded(); at += BATCH) {
        await Promise.all(due.slice(at, at + BATCH).map((id) => this.#look(id)));
        if (at + BATCH < due.length) await this.#pause();
      }
      this.#told();
    }
    this.#writeSoon();
  }

  #isEnded(): boolean {
    return this.#ended;
  }

  /** The ids to look at now; none when all is looked at. */
  #next(): readonly Id[] {
    const due = this.#due === null ? this.#everything() : [...this.#due];
    this.#due = new Set();
    return this.#ended ? [] : due;
  }

  /** Pieces are written behind everybody's back: what they say is here already. */
  #writeSoon(): void {
    if (this.#writing !== null || this.#ended || this.#outdated().length === 0) return;
    this.#writing = new Promise<void>((resolve) => this.#edges.after(SOON, resolve))
      .then(() => this.#write())
      // A shelf that is full, or locked: the pieces are copies, and made anew next time.
      .catch(() => undefined)
      .finally(() => {
        this.#writing = null;
      });
  }

  /** Everything that is or was a message. */
  #everything(): readonly Id[] {
    const { mirror } = this.#saved;
    const nodes = mirror.boxes().flatMap(({ id }) => mirror.inside(toHex(id))).filter(({ kind }) => kind === Kind.NODE);
    const gone = [...this.#texts.all().map(({ id }) => id), ...this.#apart.keys()].filter((id) => mirror.find(id) === null);
    const unseen = nodes.map(({ id }) => toHex(id)).filter((id) => !this.#texts.has(id) && !this.#apart.has(id));
    return [...unseen, ...gone, ...this.#lacking.keys()];
  }

  async #look(id: Id): Promise<void> {
    const place = this.#saved.mirror.find(id);
    if (place?.kind !== Kind.NODE) {
      this.#remove(id);
      if (place !== null) await this.#came(id);
      return;
    }
    if (this.#texts.has(id) || this.#apart.has(id)) return;
    await this.#read(id);
  }

  /** Something that files of messages lacked may be here now: their words are read again. */
  async #came(part: Id): Promise<void> {
    const waiting = this.#lacking.get(part) ?? [];
    this.#lacking.delete(part);
    for (const id of waiting) {
      const held = this.#texts.get(id) ?? this.#apart.get(id);
      if (held === undefined) continue;
      // Whatever piece it lies in was written without.
      this.#torn.add(monthOf(held.time));
      if (this.#texts.has(id)) await this.#read(id);
    }
  }

  async #read(id: Id): Promise<void> {
    const text = await this.#open(id);
    if (text === null) return;
    this.#texts.add(text);
    this.#known(text);
    const month = monthOf(text.time);
    this.#fresh.set(month, (this.#fresh.get(month) ?? 0) + 1);
  }

  #remove(id: Id): void {
    const held = this.#texts.get(id) ?? this.#apart.get(id);
    if (held === undefined) return;
    this.#texts.remove(id);
    this.#apart.delete(id);
    this.#torn.add(monthOf(held.time));
  }

  #known({ chat, time }: { readonly chat: Id; readonly time: number }): void {
    const { times } = this.#saved;
    if ((times.get(chat) ?? 0) < time) times.set(chat, time);
  }

  async #open(id: Id): Promise<Text | null> {
    try {
      const found = await this.#saved.account.history.item(bytesOf(id));
      if (found?.content.kind !== Kind.NODE) return null;
      const { role, time, chat } = found.content;
      return { id, chat: toHex(chat), time, text: role === Role.SYSTEM ? "" : await this.#said(id, found.content) };
    } catch (error) {
      if (error instanceof VaultError) return null;
      throw error;
    }
  }

  /** A message's words, and those of its files, as far as they are here. */
  async #said(message: Id, node: Node): Promise<string> {
    const open = async (id: Id): Promise<Content | null> => {
      const found = await this.#saved.account.history.item(bytesOf(id)).catch((error: unknown) => {
        this.#lacks(message, id);
        throw error;
      });
      if (found === null) this.#lacks(message, id);
      return found?.content ?? null;
    };
    const texts = [textOf(node)];
    for (const file of filesOf(node)) {
      try {
        const found = await open(toHex(file));
        if (found?.kind === Kind.ATTACHMENT) texts.push(await wordsOf(found, open));
      } catch (error) {
        // A file that is lost or damaged takes nothing from what the message itself says.
        if (!(error instanceof VaultError)) throw error;
      }
    }
    return texts.filter((one) => one !== "").join("\n\n").slice(0, MOST_OF_ONE);
  }

  #lacks(message: Id, part: Id): void {
    const waiting = this.#lacking.get(part) ?? new Set();
    this.#lacking.set(part, waiting.add(message));
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#edges.after(0, resolve));
  }

  async #pieces(): Promise<Segments> {
    if (this.#segments !== null) return this.#segments;
    const { account, shelf } = this.#saved;
    const { epoch, key } = newestKey(account.session);
    const kept = await sealing.keyOf(key, account.session.identity.account);
    this.#segments = new Segments(shelf, kept, (size) => this.#edges.random(size));
    this.#epoch = epoch;
    return this.#segments;
  }

  /** What the pieces hold, of messages that are still here. */
  async #load(): Promise<void> {
    this.#segments = null;
    const segments = await this.#pieces();
    const isHere = (id: Id): boolean => this.#saved.mirror.find(id) !== null;
    for (const month of await segments.months("texts")) {
      const texts = await segments.texts(month);
      // Of an earlier key, or damaged: what was deleted must not lie in it for ever.
      if (texts === null) this.#torn.add(month);
      for (const one of texts ?? []) {
        if (isHere(one.id)) this.#texts.add(one);
        else this.#torn.add(month);
        if (isHere(one.id)) this.#known(one);
      }
    }
    for (const month of await segments.months("list")) {
      for (const [id, chat, time] of await segments.list(month) ?? []) {
        if (!isHere(id)) this.#torn.add(month);
        else {
          this.#apart.set(id, { chat, time, month });
          this.#known({ chat, time });
        }
      }
    }
    this.#due = null;
  }

  /** Months with much that is new, from which something was deleted, or that memory is too small for. */
  #outdated(): readonly Month[] {
    const grown = [...this.#fresh].flatMap(([month, count]) => (count >= WRITTEN_AT ? [month] : []));
    return [...new Set([...grown, ...this.#torn, ...this.#oldest()])].sort();
  }

  async #write(): Promise<void> {
    const large = new Set([...this.#oldest(), ...Array.from(this.#apart.values(), ({ month }) => month)]);
    for (const month of this.#outdated()) if (!this.#ended) await this.#writeMonth(month, large.has(month));
  }

  /** The months that memory is too small for, oldest first. */
  #oldest(): readonly Month[] {
    if (this.#texts.size <= this.#most) return [];
    const sizes = new Map<Month, number>();
    for (const { time, text } of this.#texts.all()) sizes.set(monthOf(time), (sizes.get(monthOf(time)) ?? 0) + text.length);
    let left = this.#texts.size;
    return [...sizes].sort(([one], [other]) => (one < other ? -1 : 1)).flatMap(([month, size]) => {
      if (left <= this.#most) return [];
      left -= size;
      return [month];
    });
  }

  async #writeMonth(month: Month, isLarge: boolean): Promise<void> {
    const segments = await this.#pieces();
    const held = this.#texts.all().filter(({ time }) => monthOf(time) === month);
    this.#fresh.delete(month);
    this.#torn.delete(month);
    if (!isLarge) {
      await segments.writeTexts(month, held);
      return;
    }
    const ids = [...this.#apart].flatMap(([id, row]) => (row.month === month ? [id] : []));
    const others = await Promise.all(ids.map((id) => this.#open(id)));
    const texts: readonly Text[] = [...held, ...others.flatMap((one) => (one === null ? [] : [one]))];
    await segments.writeWords(month, texts);
    this.#words.delete(month);
    for (const { id, chat, time } of texts) {
      this.#texts.remove(id);
      this.#apart.set(id, { chat, time, month });
    }
  }
}
