/** What a person does in a chat: write, have it answered, show another branch. The same in every book. */

import { fromHex, toHex } from "@privity/protocol/bytes";
import { type Chat, type Node } from "@privity/vault/contents/chat";
import { BLANK, stamped } from "@privity/vault/export/library";
import type { Values } from "@privity/vault/merge";
import * as title from "@privity/vault/title";
import * as tree from "@privity/vault/tree";

import { Refusal } from "../bridge/line.ts";
import type { Book, Ending, File, Opened } from "./book.ts";
import { field } from "./fields.ts";
import { bytesOf, type Id } from "./ids.ts";
import { type Ended, question, reply } from "./message.ts";

/**
 * A message as it is written. `parent` is the message that it follows; null: a beginning. `attached` are its files in their
 * order, of which `files` are new; the others lie in the chat already.
 */
export interface Writing {
  readonly parent: Id | null;
  readonly text: string;
  readonly attached: readonly Id[];
  readonly files: ReadonlyMap<Id, File>;
}

/** How a new chat begins. */
export interface Beginning {
  readonly folder: Id | null;
  readonly model: string | null;
  readonly effort: string | null;
}

/** Begin a chat with a message; returns the chat's id and the message's. `begin` puts it into its book. */
export async function begun(
  book: Book, { text, attached, files }: Writing, { folder, model, effort }: Beginning, now: number,
  begin: (chat: Id, content: Chat, first: Parameters<Book["begin"]>[2]) => Promise<void>,
): Promise<{ readonly chat: Id; readonly message: Id }> {
  const [chat, message] = [book.newId(), book.newId()];
  const blank = stamped(BLANK, { millis: now, counter: 0, device: new Uint8Array(16) });
  const content: Chat = {
    ...blank, title: field(title.ofText(text), now), folder: field(folder === null ? null : bytesOf(folder), now),
    model: field(model, now), effort: field(effort, now),
  };
  if (attached.some((one) => !files.has(one))) throw new Refusal("file.unknown");
  const node = question(bytesOf(chat), { parent: null, text, files: attached.map(bytesOf), time: tree.replyTime(null, now) });
  await begin(chat, content, { id: message, node, files, values: {} });
  return { chat, message };
}

/** Add a message to a chat; the branch that is shown goes through it. */
export async function written(book: Book, chat: Id, { parent, text, attached, files }: Writing, now: number): Promise<Id> {
  const opened = await book.open(chat);
  const above = parent === null ? null : nodeOf(opened, parent);
  const id = book.newId();
  if (attached.some((one) => !files.has(one) && !opened.files.has(one))) throw new Refusal("file.unknown");
  const where = { parent: parent === null ? null : bytesOf(parent), time: tree.replyTime(above, now) };
  const node = question(bytesOf(chat), { ...where, text, files: attached.map(bytesOf) });
  await book.add(chat, { id, node, files, values: leafOf(opened, id, node) });
  return id;
}

/** Show the branch that goes through a message. */
export async function shown(book: Book, chat: Id, message: Id): Promise<void> {
  const opened = await book.open(chat);
  nodeOf(opened, message);
  if (tree.shown(tree.build(opened.nodes), leafIdOf(opened)).includes(message)) return;
  await book.edit(chat, { leaf: bytesOf(message) });
}

/** An answer that is being written. */
interface Coming {
  readonly book: Book;
  readonly chat: Id;
  readonly parent: Id;
  readonly memories: readonly string[];
  readonly time: number;
}

/** How an answer ended. */
export interface Finished {
  readonly text: string;
  readonly reasoning: string;
  readonly state: Ended;
  /** SHA-256 of the model's weights, hexadecimal. */
  readonly model: string | null;
  readonly usage: readonly [number, number, number];
  readonly proof: Pick<Ending, "appraised" | "receipt">;
}

/** The answers that this worker is writing. */
export class Answers {
  readonly #coming = new Map<Id, Coming>();

  /** Begin an answer to a message: the id under which it is kept. `memories` went with the question. */
  async begin(book: Book, chat: Id, message: Id, memories: readonly string[], now: number): Promise<Id> {
    const above = nodeOf(await book.open(chat), message);
    const id = book.newId();
    await book.live(chat, id);
    this.#coming.set(id, { book, chat, parent: message, memories, time: tree.replyTime(above, now) });
    return id;
  }

  async draft(chat: Id, answer: Id, text: string, reasoning: string): Promise<void> {
    const { book, parent, memories, time } = this.#of(chat, answer);
    if (text === "" && reasoning === "") return;
    await book.draft(chat, answer, reply(bytesOf(chat), {
      parent: bytesOf(parent), memories, text, reasoning, model: null, usage: null, state: "cut", time,
    }));
  }

  /** Keep the answer as it ended; one without a word that failed is not kept, so that the question still waits for one. */
  async finish(chat: Id, answer: Id, { text, reasoning, state, model, usage, proof }: Finished): Promise<void> {
    const { book, parent, memories, time } = this.#of(chat, answer);
    if (text === "" && reasoning === "" && state !== "complete") await book.drop(chat, answer);
    else {
      const used = usage.every((one) => one === 0) ? null : usage;
      const node = reply(bytesOf(chat), {
        parent: bytesOf(parent), memories, text, reasoning, model: digest(model), usage: used, state, time,
      });
      await book.finish(chat, { id: answer, node, ...proof, values: leafOf(await book.open(chat), answer, node) });
    }
    this.#coming.delete(answer);
  }

  /** The answers on their way to a chat. */
  to(chat: Id): readonly Id[] {
    return [...this.#coming].flatMap(([id, one]) => (one.chat === chat ? [id] : []));
  }

  /** A chat went from one book to another, or is gone: the answers on their way to it follow. */
  moved(chat: Id, book: Book | null): void {
    for (const [id, one] of this.#coming) {
      if (one.chat !== chat) continue;
      if (book === null) this.#coming.delete(id);
      else this.#coming.set(id, { ...one, book });
    }
  }

  #of(chat: Id, answer: Id): Coming {
    const found = this.#coming.get(answer);
    if (found?.chat !== chat) throw new Refusal("answer.unknown");
    return found;
  }
}

function digest(model: string | null): ReturnType<typeof fromHex> {
  const found = model === null ? null : fromHex(model);
  return found?.length === 32 ? found : null;
}

/** A message of an opened chat. Raises Refusal `message.unknown`. */
export function nodeOf({ nodes }: Opened, id: Id): Node {
  const found = nodes.get(id);
  if (found === undefined) throw new Refusal("message.unknown");
  return found;
}

export function leafIdOf({ content }: Opened): Id | null {
  return content.leaf.value === null ? null : toHex(content.leaf.value);
}

/** What the chat must say for a new message to be on the branch that is shown. */
function leafOf(opened: Opened, id: Id, node: Node): Values<Chat> {
  const grown = tree.build(new Map([...opened.nodes, [id, node]]));
  return tree.needsLeaf(grown, leafIdOf(opened), id) ? { leaf: bytesOf(id) } : {};
}
