/** What this worker holds: a guest's chats, the unlocked account if there is one, and what is on its way between them. */

import { Refusal } from "../bridge/line.ts";
import type { OfferView, Overview, QuotaView, SyncView } from "../bridge/views.ts";
import { Kind } from "@privity/vault/contents/schema";

import type { Book, File } from "./book.ts";
import { folderRow, rowOf } from "./chat_view.ts";
import { Composer } from "./composer.ts";
import { Answers } from "./conversation.ts";
import type { Edges } from "./edges.ts";
import { type Home, TemporaryHome } from "./home.ts";
import type { Id } from "./ids.ts";
import type { Saved } from "./saved.ts";
import { settingsOf, settingsView } from "./settings.ts";
import { TemporaryBook } from "./temporary.ts";

/** Milliseconds in which changes are told together. */
const TOGETHER = 30;
/** Bytes of files that wait for their message; the page does not say when it lets one go. */
const MOST_WAITING = 1_000_000_000;

const NOT_SYNCED: SyncView = {
  unsent: 0, offline: false, syncing: false, halted: null, n: 0, fingerprint: "", agreed: null,
};
const NO_QUOTA: QuotaView = { active: 0, activeLimit: null, bytes: 0, bytesLimit: null };

export class Desk {
  readonly edges: Edges;
  readonly answers = new Answers();
  readonly composer: Composer;
  #temporary: TemporaryBook;
  #temporaryHome: TemporaryHome;
  readonly #files = new Map<Id, File>();
  /** The account, once its recovery code was typed and it is unlocked. */
  #saved: Saved | null = null;
  #telling = false;
  #chats: Set<Id> | null | undefined;

  constructor(edges: Edges) {
    this.edges = edges;
    this.#temporary = new TemporaryBook((size) => edges.random(size));
    this.#temporaryHome = new TemporaryHome((size) => edges.random(size));
    this.composer = new Composer();
  }

  get temporary(): TemporaryBook {
    return this.#temporary;
  }

  get saved(): Saved | null {
    return this.#saved;
  }

  /** Raises Refusal `account.locked` when no account is open. */
  get open(): Saved {
    if (this.#saved === null) throw new Refusal("account.locked");
    return this.#saved;
  }

  get home(): Home {
    return this.#saved?.home ?? this.#temporaryHome;
  }

  get temporaryHome(): TemporaryHome {
    return this.#temporaryHome;
  }

  /** The book of a chat. Raises Refusal `chat.unknown`. */
  bookOf(chat: Id): Book {
    if (this.#temporary.has(chat)) return this.#temporary;
    if (this.#saved?.book.has(chat) === true) return this.#saved.book;
    throw new Refusal("chat.unknown");
  }

  /** From now on chats are saved. */
  take(saved: Saved): void {
    this.#saved = saved;
    this.changed(null);
  }

  /** Nothing of the account stays here. */
  leave(): void {
    this.#saved?.stop();
    this.#saved = null;
    this.composer.clear();
    this.#files.clear();
    this.changed(null);
  }

  /** A guest's chats and folders are gone too. */
  clear(): void {
    this.#temporary = new TemporaryBook((size) => this.edges.random(size));
    this.#temporaryHome = new TemporaryHome((size) => this.edges.random(size));
  }

  /** A file that waits for its message; returns its id. Raises Refusal `file.too_large`. */
  attach(file: File): Id {
    const waiting = [...this.#files.values()].reduce((sum, one) => sum + one.data.length + one.text.length, 0);
    if (waiting + file.data.length + file.text.length > MOST_WAITING) throw new Refusal("file.too_large");
    const id = this.#temporary.newId();
    this.#files.set(id, file);
    return id;
  }

  /** The files among these ids that wait for their message. */
  filesOf(ids: readonly Id[]): ReadonlyMap<Id, File> {
    return new Map(ids.flatMap((id) => {
      const found = this.#files.get(id);
      return found === undefined ? [] : [[id, found] as const];
    }));
  }

  waitingFile(id: Id): File | null {
    return this.#files.get(id) ?? null;
  }

  /** They are in their message now. */
  sent(ids: readonly Id[]): void {
    for (const id of ids) this.#files.delete(id);
  }

  /** Something is other than the page knows: soon it hears of it. `chats` null means any; empty: only the list. */
  changed(chats: readonly Id[] | null): void {
    if (chats === null) this.#chats = null;
    else if (this.#chats !== null && chats.length > 0) this.#chats = new Set([...(this.#chats ?? []), ...chats]);
    if (this.#telling) return;
    this.#telling = true;
    this.edges.after(TOGETHER, () => {
      const told = this.#chats;
      [this.#telling, this.#chats] = [false, undefined];
      this.edges.tell({ kind: "overview", overview: this.overview() });
      if (told !== undefined) this.edges.tell({ kind: "changed", chats: told === null ? null : [...told] });
    });
  }

  overview(): Overview {
    const [folders, prompts] = [this.home.all(Kind.FOLDER), this.home.all(Kind.PROMPT)];
    const rows = [
      ...this.#temporary.list().map((one) => rowOf(one, true, folders)),
      ...(this.#saved?.book.list() ?? []).map((one) => rowOf(one, false, folders)),
    ];
    const [sync, quota, offers]: [SyncView, QuotaView, readonly OfferView[]] = this.#saved === null
      ? [NOT_SYNCED, NO_QUOTA, []]
      : [this.#saved.syncView(), this.#saved.quota(), this.#saved.offers()];
    return {
      chats: rows.sort((one, other) => other.time - one.time || (one.id < other.id ? -1 : 1)),
      folders: [...folders].map(([id, one]) => folderRow(id, one))
        .sort((one, other) => compare(one.order, other.order) || compare(one.id, other.id)),
      prompts: [...prompts].map(([id, { title, text, shortcut }]) => {
        return { id, title: title.value, text: text.value, shortcut: shortcut.value };
      }).sort((one, other) => compare(one.title, other.title) || compare(one.id, other.id)),
      settings: settingsView(settingsOf(this.home).content), sync, quota, offers,
    };
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
