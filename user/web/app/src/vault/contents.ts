/**
 * Objects of an account, opened and held: what lists need for as long as the account is open, what lies in chats for those
 * that were opened last.
 */

import type { History } from "@privity/history/history";
import { toHex } from "@privity/protocol/bytes";
import { type Content, WRITTEN_ONCE } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";

import { bytesOf, type Id } from "./ids.ts";
import type { Mirror, Place, Touched } from "./mirror.ts";

/** Chats whose messages are held. */
const MOST_CHATS = 24;
/** Kinds that lists need. */
const LISTED: ReadonlySet<number> = new Set([
  Kind.CHAT, Kind.FOLDER, Kind.SETTINGS, Kind.PROMPT, Kind.SHARE, Kind.MEMORY, Kind.VIEW,
]);

interface Held {
  readonly version: string;
  readonly box: Id;
  readonly content: Content;
}

export class Contents {
  readonly #mirror: Mirror;
  readonly #history: () => History;
  readonly #listed = new Map<Id, Held>();
  /** The listed ids of each box. */
  readonly #inBox = new Map<Id, Set<Id>>();
  readonly #chats = new Map<Id, Map<Id, Content>>();
  /** Ids whose newest writing was not looked at yet; null: all. */
  #due: Set<Id> | null = null;

  constructor(mirror: Mirror, history: () => History) {
    this.#mirror = mirror;
    this.#history = history;
  }

  /** A writing touched these: `absorb` looks at them. */
  touched(touched: Touched): void {
    if (touched === null) this.#due = null;
    else for (const id of touched.keys()) this.#due?.add(id);
  }

  /** Open anew what lists need and what was written. Raises as `History.item` does, but for what cannot be opened. */
  async absorb(): Promise<void> {
    const due = this.#due === null ? this.#everything() : [...this.#due];
    this.#due = new Set();
    await Promise.all(due.map((id) => this.#look(id)));
  }

  #everything(): readonly Id[] {
    const places = this.#mirror.boxes().flatMap(({ id }) => this.#mirror.inside(toHex(id)));
    const listed = places.filter(({ kind }) => kind !== null && LISTED.has(kind)).map(({ id }) => toHex(id));
    return [...new Set([...listed, ...this.#listed.keys()])];
  }

  async #look(id: Id): Promise<void> {
    const [place, version] = [this.#mirror.find(id), this.#mirror.version(id)];
    if (place === null || version === null || place.kind === null || !LISTED.has(place.kind)) {
      this.#drop(id);
      return;
    }
    if (this.#listed.get(id)?.version === version) return;
    const content = await this.#open(id);
    this.#drop(id);
    if (content === null) return;
    const box = toHex(place.box);
    this.#listed.set(id, { version, box, content });
    const inside = this.#inBox.get(box);
    if (inside === undefined) this.#inBox.set(box, new Set([id]));
    else inside.add(id);
  }

  #drop(id: Id): void {
    const held = this.#listed.get(id);
    if (held === undefined) return;
    this.#listed.delete(id);
    this.#inBox.get(held.box)?.delete(id);
  }

  async #open(id: Id): Promise<Content | null> {
    try {
      return (await this.#history().item(bytesOf(id)))?.content ?? null;
    } catch (error) {
      // Lost or changed by the service: `faults` of its chat say so.
      if (error instanceof VaultError) return null;
      throw error;
    }
  }

  /** The listed contents of a box of one kind, by id. */
  listed<Of extends Content["kind"]>(box: Id, kind: Of): ReadonlyMap<Id, Extract<Content, { readonly kind: Of }>> {
    const found = [...(this.#inBox.get(box) ?? [])].flatMap((id) => {
      const content = this.#mirror.find(id) === null ? undefined : this.#listed.get(id)?.content;
      return content?.kind === kind ? [[id, content as Extract<Content, { readonly kind: Of }>] as const] : [];
    });
    return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** What lies in a chat, but for chunks; what cannot be opened is left out. */
  async inside(box: Id): Promise<ReadonlyMap<Id, Content>> {
    const held = this.#chats.get(box) ?? new Map<Id, Content>();
    this.#chats.delete(box);
    this.#chats.set(box, held);
    for (const [oldest] of this.#chats) if (this.#chats.size > MOST_CHATS) this.#chats.delete(oldest);
    const places = this.#mirror.inside(box).filter(({ kind, op }) => op === 0 && kind !== Kind.CHUNK);
    const found = await Promise.all(places.map(async (place) => [toHex(place.id), await this.#content(place, held)] as const));
    return new Map(found.flatMap(([id, content]) => (content === null ? [] : [[id, content] as const])));
  }

  async #content({ id: bytes, kind }: Place, held: Map<Id, Content>): Promise<Content | null> {
    const id = toHex(bytes);
    const known = held.get(id) ?? this.#listed.get(id)?.content;
    if (known !== undefined) return known;
    const content = await this.#open(id);
    if (content !== null && kind !== null && WRITTEN_ONCE.has(kind as Content["kind"])) held.set(id, content);
    return content;
  }

  /** One content, whatever it is, from the disk. Null when it is gone or cannot be opened. */
  one(id: Id): Promise<Content | null> {
    return this.#open(id);
  }
}
