/** What a model is given with a question: instructions, the branch up to it, the files of its messages. Nothing is cut. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { type Node, Role } from "@privity/vault/contents/chat";

import type { Given } from "../bridge/vault.ts";
import type { Book, File, Opened } from "./book.ts";
import { nodeOf } from "./conversation.ts";
import type { Id } from "./ids.ts";
import { filesOf, textOf } from "./message.ts";

/** The images that a model is given; the type of an imported file may be anything. */
const IMAGE = /^image\/(?:png|jpeg|webp|gif)$/;
/** Bytes that are spelled at once: a longer list of arguments would be too long for some engines. */
const SLICE = 24_573;

/**
 * The messages for a model, oldest first. `instructions` are the person's, the folder's and the chat's, in this order.
 *
 * A file that is lost is named as such. Raises Refusal `message.unknown`.
 */
export async function given(book: Book, opened: Opened, message: Id, instructions: readonly string[]): Promise<readonly Given[]> {
  const branch = upTo(opened, message);
  const inside = branch.filter(({ role }) => role === Role.SYSTEM).map(textOf);
  const system = [...instructions, ...inside].filter((one) => one.trim() !== "");
  const said = branch.filter(({ role }) => role === Role.USER || role === Role.ASSISTANT);
  const messages = await Promise.all(said.map((node) => toldOf(book, opened, node)));
  const first: readonly Given[] = system.length === 0 ? [] : [{ role: "system", content: system.join("\n\n"), images: [] }];
  return [...first, ...messages.filter(({ content, images }) => content !== "" || images.length > 0)];
}

/** The messages from the beginning down to this one. */
function upTo(opened: Opened, message: Id): readonly Node[] {
  const branch: Node[] = [];
  const seen = new Set<Id>();
  for (let at: Id | null = message; at !== null && !seen.has(at);) {
    seen.add(at);
    const node = nodeOf(opened, at);
    branch.push(node);
    const parent: Id | null = node.parent === null ? null : toHex(node.parent);
    at = parent !== null && opened.nodes.has(parent) ? parent : null;
  }
  return branch.reverse();
}

async function toldOf(book: Book, opened: Opened, node: Node): Promise<Given> {
  const [texts, images]: [string[], string[]] = [[], []];
  for (const id of filesOf(node)) {
    const name = opened.files.get(toHex(id))?.name ?? "";
    const file = await book.file(opened.id, toHex(id)).catch((): File | null => null);
    if (file === null) texts.push(framed(name, "(this file is lost)"));
    else if (isImage(file)) images.push(dataUrl(file));
    else texts.push(framed(file.name, file.text));
  }
  const role = node.role === Role.USER ? "user" as const : "assistant" as const;
  return { role, content: [...texts, textOf(node)].filter((one) => one !== "").join("\n\n"), images };
}

function isImage({ type, text }: File): boolean {
  return IMAGE.test(type) && text === "";
}

function framed(name: string, text: string): string {
  return `<file name="${name.replaceAll('"', "'")}">\n${text}\n</file>`;
}

function dataUrl({ type, data }: File): string {
  return `data:${type};base64,${base64(data)}`;
}

/** Standard base64, as data URLs spell it. */
function base64(data: Bytes): string {
  let spelled = "";
  for (let at = 0; at < data.length; at += SLICE) spelled += btoa(String.fromCharCode(...data.subarray(at, at + SLICE)));
  return spelled;
}
