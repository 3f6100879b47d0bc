/** One chat: what a person writes becomes the newest message of its shown branch. */

import type { History } from "@privity/history/history";
import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import { NEVER } from "@privity/vault/clock";
import { type Chat, type Node, Role, State } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";
import * as title from "@privity/vault/title";
import * as tree from "@privity/vault/tree";

import type { MessageView } from "./bridge.ts";

function field<T>(value: T): { readonly value: T; readonly stamp: typeof NEVER } {
  return { value, stamp: NEVER };
}

function chat(text: string): Chat {
  return {
    kind: Kind.CHAT, title: field(title.ofText(text)), folder: field(null), pinned: field(false), leaf: field(null),
    model: field(null), effort: field(null), instructions: field(""),
  };
}

/** The box of the first chat, null when there is none yet. */
async function boxOf(history: History): Promise<Bytes | null> {
  const chats = await history.items({ kinds: new Set([Kind.CHAT]) });
  return [...chats].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))[0]?.box ?? null;
}

async function nodesOf(history: History, box: Bytes): Promise<ReadonlyMap<string, Node>> {
  const items = await history.items({ box, kinds: new Set([Kind.NODE]) });
  return new Map(items.flatMap(({ id, content }) => (content.kind === Kind.NODE ? [[toHex(id), content] as const] : [])));
}

/** The shown branch. */
export async function messages(history: History): Promise<readonly MessageView[]> {
  const box = await boxOf(history);
  if (box === null) return [];
  const nodes = await nodesOf(history, box);
  return tree.shown(tree.build(nodes), null).flatMap((id) => {
    const node = nodes.get(id);
    if (node === undefined) return [];
    const text = node.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
    return [{ id, parent: node.parent === null ? null : toHex(node.parent), text }];
  });
}

/** Write a message; the first one makes the chat. It is on this device when the promise is fulfilled. */
export async function write(history: History, text: string, now: number): Promise<void> {
  const known = await boxOf(history);
  const box = known ?? history.newId();
  if (known === null) {
    await history.addBox(box);
    await history.add(chat(text), box);
  }
  const last = (await messages(history)).at(-1);
  const parent = last === undefined ? null : fromHex(last.id);
  await history.add({
    kind: Kind.NODE, chat: box, parent, role: Role.USER, parts: [{ type: "text", text }], model: null, usage: null,
    state: State.COMPLETE, time: now,
  }, box);
}
