/** An account that is open and recoverable: its chats, what belongs to none, and how far all agrees with the service. */

import type { Account } from "@privity/account/account";
import { toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";

import { Refusal } from "../bridge/line.ts";
import type { OfferView, QuotaView, SyncView } from "../bridge/views.ts";
import type { Book } from "./book.ts";
import { Contents } from "./contents.ts";
import type { Edges } from "./edges.ts";
import type { Id } from "./ids.ts";
import { Live } from "./live.ts";
import type { Mirror, Touched } from "./mirror.ts";
import { offersOf } from "./offers.ts";
import type { Premises } from "./premises.ts";
import { SavedBook } from "./saved_book.ts";
import { SavedHome } from "./saved_home.ts";
import { Search } from "./search.ts";
import type { Shelf } from "./shelf.ts";
import { Hidden } from "./hidden.ts";

/** What the service allows, as it said last; null: it has no limits, or was not asked yet. */
export interface Usage {
  readonly activeLimit: number | null;
  readonly bytes: number;
  readonly bytesLimit: number | null;
}

/**
 * The lock of whoever reads and writes the log: what is judged between two answers of the service must be judged by one
 * alone, or a page would be taken over twice.
 */
export const SYNC = "privity-sync";

/** Chats whose content changed (null: any), and whether this tab did it. */
export type Heard = (chats: readonly Id[] | null, own: boolean) => void;

export class Saved {
  readonly account: Account;
  readonly book: SavedBook;
  readonly home: SavedHome;
  readonly shelf: Shelf;
  readonly mirror: Mirror;
  readonly contents: Contents;
  readonly hidden: Hidden;
  readonly search: Search;
  /** Times of newest messages, where they are known. */
  readonly times = new Map<Id, number>();
  usage: Usage = { activeLimit: null, bytes: 0, bytesLimit: null };
  sync: Pick<SyncView, "offline" | "syncing" | "agreed" | "refused"> = { offline: false, syncing: false, agreed: null };
  readonly #premises: Premises;
  #position = { n: 0, fingerprint: "" };
  #offers: readonly OfferView[] = [];
  /** The keys of the offers that were looked at. */
  #seen = "";
  readonly #heard: Heard;

  private constructor(
    edges: Edges, premises: Premises, account: Account, room: { readonly mirror: Mirror; readonly shelf: Shelf }, hidden: Hidden,
    heard: Heard,
  ) {
    this.account = account;
    this.#premises = premises;
    this.mirror = room.mirror;
    this.shelf = room.shelf;
    this.hidden = hidden;
    this.#heard = heard;
    this.contents = new Contents(this.mirror, () => account.history);
    const change = <T>(step: () => Promise<T>): Promise<T> => this.change(step);
    this.book = new SavedBook({
      account, mirror: this.mirror, contents: this.contents, live: new Live(edges.locks), change,
      newest: (chat) => this.times.get(chat) ?? null, hidden: hidden.ids,
    });
    this.home = new SavedHome(account, this.contents, change);
    this.search = new Search(edges, this, () => heard([], false));
    this.mirror.touched = (touched, own) => {
      this.contents.touched(touched);
      this.search.touched(touched);
      this.#heard(chatsOf(touched, toHex(account.session.identity.account)), own);
    };
  }

  /** Open what lists need. In a turn. */
  static async open(edges: Edges, premises: Premises, account: Account, heard: Heard): Promise<Saved> {
    const room = await premises.room(account.session.identity.account);
    const saved = new Saved(edges, premises, account, room, await Hidden.on(room.shelf), heard);
    await saved.absorb();
    return saved;
  }

  /** A turn whose writings are one. */
  change<T>(step: () => Promise<T>): Promise<T> {
    return this.turn(() => this.mirror.together(step));
  }

  /** A turn in which the service is asked. Raises ServiceError. */
  async online<T>(step: () => Promise<T>): Promise<T> {
    await this.account.tokens.way().token();
    return this.turn(step);
  }

  /** A turn; it begins and ends with lists that say what lies on this device. */
  turn<T>(step: () => Promise<T>): Promise<T> {
    return this.#premises.turns.run(async () => {
      await this.absorb();
      let result: T;
      try {
        result = await step();
      } catch (error) {
        // Whether a writing that failed was made is read from the disk, where that still answers.
        await this.mirror.fresh().then(() => this.absorb()).catch(() => undefined);
        throw error;
      }
      // A step may have erased all of it.
      if (this.#premises.holds(this.account.session.identity.account)) await this.absorb();
      return result;
    });
  }

  /** Take over what was written, here or elsewhere. */
  async absorb(): Promise<void> {
    await this.contents.absorb();
    const { position } = this.mirror.now ?? {};
    if (position !== undefined) this.#position = await this.account.position();
    const keys = [...(await this.mirror.offers()).keys()].join();
    if (keys !== this.#seen) await this.look();
    this.#seen = keys;
  }

  /** Look at the offers anew. */
  async look(): Promise<void> {
    this.#offers = await offersOf(this);
  }

  /** Nobody needs it any more: what goes on in the background ends. */
  stop(): void {
    this.search.stop();
    this.mirror.touched = () => undefined;
  }

  get homeBox(): Id {
    return toHex(this.account.session.identity.account);
  }

  /** Make room for a chat that is about to be active. Raises Refusal `plan.active_chats`. */
  async roomFor(chat: Id | null, book: Book): Promise<void> {
    if (book !== this.book) return;
    const archived = chat !== null && this.mirror.find(chat)?.op === Op.BOX_ARCHIVED;
    if (chat !== null && !archived) return;
    const { active, activeLimit } = this.quota();
    if (activeLimit !== null && active >= activeLimit) throw new Refusal("plan.active_chats");
    if (chat !== null) await this.book.archive(chat, false);
  }

  quota(): QuotaView {
    const active = this.mirror.boxes().filter(({ id, op }) => op === Op.BOX_ACTIVE && toHex(id) !== this.homeBox).length;
    return { active, ...this.usage };
  }

  syncView(): SyncView {
    return { unsent: this.mirror.unsent, halted: this.mirror.now?.halted ?? null, ...this.#position, ...this.sync };
  }

  offers(): readonly OfferView[] {
    return this.#offers;
  }
}

/** The chats among what was touched; null: any. */
function chatsOf(touched: Touched, home: Id): readonly Id[] | null {
  return touched === null ? null : [...new Set(touched.values())].filter((box) => box !== home);
}
