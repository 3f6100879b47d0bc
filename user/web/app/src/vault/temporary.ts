/** Chats that live in this worker's memory alone: a guest's, and those that a person wanted temporary. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { type Chat, type Node } from "@privity/vault/contents/chat";
import type { Values } from "@privity/vault/merge";

import { Refusal } from "../bridge/line.ts";
import type { Addition, Appraised, Book, Ending, Facts, File, Listed, Opened } from "./book.ts";
import { withValues } from "./fields.ts";
import { characters } from "./files.ts";
import type { Id } from "./ids.ts";
import { proofOf } from "./proof.ts";

interface Kept extends Appraised {
  readonly id: Id;
  readonly receipt: Bytes | null;
}

/** One chat; `proofs` by message. */
interface Held {
  content: Chat;
  readonly nodes: Map<Id, Node>;
  readonly coming: Map<Id, Node>;
  readonly files: Map<Id, File>;
  readonly proofs: Map<Id, Kept>;
  /** Whether a person wanted it temporary: it is not saved when an account is made. */
  readonly wanted: boolean;
}

export class TemporaryBook implements Book {
  readonly temporary = true;
  readonly #chats = new Map<Id, Held>();
  readonly #random: (size: number) => Bytes;

  constructor(random: (size: number) => Bytes) {
    this.#random = random;
  }

  has(chat: Id): boolean {
    return this.#chats.has(chat);
  }

  list(): readonly Listed[] {
    return [...this.#chats].map(([id, { content, nodes }]) => {
      const time = Math.max(0, ...Array.from(nodes.values(), (one) => one.time));
      return { id, content, archived: false, time, faults: [] };
    });
  }

  open(chat: Id): Promise<Opened> {
    return settled(() => {
      const { content, nodes, coming, files, proofs } = this.#held(chat);
      return {
        id: chat, content, archived: false, nodes: new Map([...nodes, ...coming]), coming: new Set(coming.keys()),
        files: new Map([...files].map(([id, file]) => [id, factsOf(file)])), faults: [],
        proofs: new Map([...proofs].map(([node, { id, appraisal }]) => [node, { id, proof: proofOf(appraisal) }])),
      };
    });
  }

  file(chat: Id, file: Id): Promise<File> {
    return settled(() => {
      const found = this.#held(chat).files.get(file);
      if (found === undefined) throw new Refusal("file.unknown");
      return found;
    });
  }

  evidence(proof: Id): Promise<Appraised & { readonly receipt: Bytes | null }> {
    return settled(() => {
      const all = Array.from(this.#chats.values(), ({ proofs }) => [...proofs.values()]).flat();
      const found = all.find((one) => one.id === proof);
      if (found === undefined) throw new Refusal("evidence.unknown");
      return found;
    });
  }

  newId(): Id {
    return toHex(this.#random(16));
  }

  begin(chat: Id, content: Chat, first: Addition, wanted = false): Promise<void> {
    return settled(() => {
      this.#chats.set(chat, { content, nodes: new Map(), coming: new Map(), files: new Map(), proofs: new Map(), wanted });
      this.#add(chat, first);
    });
  }

  /** A whole chat that lay somewhere else. */
  take(chat: Id, content: Chat, nodes: ReadonlyMap<Id, Node>): Promise<void> {
    return settled(() => {
      this.#chats.set(chat, {
        content, nodes: new Map(nodes), coming: new Map(), files: new Map(), proofs: new Map(), wanted: false,
      });
    });
  }

  add(chat: Id, addition: Addition): Promise<void> {
    return settled(() => this.#add(chat, addition));
  }

  edit(chat: Id, values: Values<Chat>): Promise<void> {
    return settled(() => this.#edit(this.#held(chat), values));
  }

  live(): Promise<void> {
    return Promise.resolve();
  }

  draft(chat: Id, answer: Id, node: Node): Promise<void> {
    return settled(() => {
      this.#held(chat).coming.set(answer, node);
    });
  }

  finish(chat: Id, { id, node, appraised, receipt, values }: Ending): Promise<void> {
    return settled(() => {
      const held = this.#held(chat);
      held.coming.delete(id);
      held.nodes.set(id, node);
      if (appraised !== null) held.proofs.set(id, { ...appraised, receipt, id: this.newId() });
      this.#edit(held, values);
    });
  }

  drop(chat: Id, answer: Id): Promise<void> {
    return settled(() => {
      this.#held(chat).coming.delete(answer);
    });
  }

  archive(): Promise<void> {
    return settled(() => {
      throw new Refusal("chat.temporary");
    });
  }

  remove(chats: readonly Id[]): Promise<void> {
    return settled(() => {
      for (const one of chats) this.#chats.delete(one);
    });
  }

  /** The chats to save once there is an account: those that nobody wanted temporary. */
  unwanted(): readonly Id[] {
    return [...this.#chats].flatMap(([id, { wanted }]) => (wanted ? [] : [id]));
  }

  #held(chat: Id): Held {
    const found = this.#chats.get(chat);
    if (found === undefined) throw new Refusal("chat.unknown");
    return found;
  }

  #add(chat: Id, { id, node, files, values }: Addition): void {
    const held = this.#held(chat);
    for (const [file, one] of files) held.files.set(file, one);
    held.nodes.set(id, node);
    this.#edit(held, values);
  }

  #edit(held: Held, values: Values<Chat>): void {
    held.content = withValues(held.content, values);
  }
}

export function factsOf({ name, type, data, text }: File): Facts {
  return { name, type, size: data.length, characters: characters(text) };
}

/** The outcome of `step` as a promise, a failure included. */
function settled<Result>(step: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(step()));
}
