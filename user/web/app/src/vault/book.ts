/**
 * Where chats are kept: in memory alone, or in the history of an account. What is done with chats is the same for both.
 *
 * A change is whole and durable, as far as the book is, when its promise is fulfilled; when it is rejected nothing changed.
 */

import type { Bytes } from "@privity/protocol/bytes";
import type { Chat, Node } from "@privity/vault/contents/chat";
import type { Values } from "@privity/vault/merge";
import type { Nodes } from "@privity/vault/tree";

import type { FaultView, Proof } from "../bridge/views.ts";
import type { Id } from "./ids.ts";

/** How an answer was proven, and the id of what is kept of that. */
export interface Shown {
  readonly id: Id;
  readonly proof: Proof;
}

/** An enclave's evidence as it was appraised; `document` is the SHA-256 of the node document. */
export interface Appraised {
  readonly document: Bytes;
  readonly bundle: Bytes;
  readonly appraisal: Bytes;
}

/** A file that was given with a message. `text` is what a model is told of it, empty for an image. */
export interface File {
  readonly name: string;
  readonly type: string;
  readonly data: Bytes;
  readonly text: string;
}

/** What is shown of a file without reading it. `characters` are those of its text. */
export interface Facts {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly characters: number;
}

/** A chat as the list of chats needs it; `time` is that of its newest message. */
export interface Listed {
  readonly id: Id;
  readonly content: Chat;
  readonly archived: boolean;
  readonly time: number;
  readonly faults: readonly FaultView[];
}

/** A chat with all that lies in it. `coming` are answers that are still being written. */
export interface Opened {
  readonly id: Id;
  readonly content: Chat;
  readonly archived: boolean;
  readonly nodes: Nodes;
  readonly coming: ReadonlySet<Id>;
  readonly files: ReadonlyMap<Id, Facts>;
  /** By message: what its evidence says, and the id under which `evidence` finds it. */
  readonly proofs: ReadonlyMap<Id, Shown>;
  readonly faults: readonly FaultView[];
}

/** A message that is added, the files that it names, and what else changes with it. */
export interface Addition {
  readonly id: Id;
  readonly node: Node;
  readonly files: ReadonlyMap<Id, File>;
  readonly values: Values<Chat>;
}

/** The end of an answer. */
export interface Ending {
  readonly id: Id;
  readonly node: Node;
  readonly appraised: Appraised | null;
  readonly receipt: Bytes | null;
  readonly values: Values<Chat>;
}

export interface Book {
  /** Nothing of it outlives the worker. */
  readonly temporary: boolean;
  has(chat: Id): boolean;
  list(): readonly Listed[];
  /** Raises Refusal `chat.unknown`. */
  open(chat: Id): Promise<Opened>;
  /** The bytes and text of a file of this chat. Raises Refusal `file.unknown`; VaultError `object.*`. */
  file(chat: Id, file: Id): Promise<File>;
  /** What was kept under the id of a proof. Raises Refusal `evidence.unknown`. */
  evidence(proof: Id): Promise<Appraised & { readonly receipt: Bytes | null }>;
  newId(): Id;

  /** A new chat with its first message. */
  begin(chat: Id, content: Chat, first: Addition): Promise<void>;
  add(chat: Id, addition: Addition): Promise<void>;
  edit(chat: Id, values: Values<Chat>): Promise<void>;
  /** From here on nobody takes this answer for one that was left behind. */
  live(chat: Id, answer: Id): Promise<void>;
  /** Keep an answer as far as it has come. */
  draft(chat: Id, answer: Id, node: Node): Promise<void>;
  finish(chat: Id, ending: Ending): Promise<void>;
  /** An answer of which nothing is kept. */
  drop(chat: Id, answer: Id): Promise<void>;
  archive(chat: Id, archived: boolean): Promise<void>;
  remove(chats: readonly Id[]): Promise<void>;
}
