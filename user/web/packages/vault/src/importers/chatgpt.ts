/** ChatGPT's export: `conversations.json`, or several such files. Source: specs/importers.md, section "ChatGPT". */

import { ascii } from "@privity/protocol/bytes";

import type { Ids } from "../box.ts";
import { MAX_NAME, type Part, Role, State } from "../contents/chat.ts";
import type { SavedChat } from "../export/library.ts";
import { compareText } from "../typed.ts";
import { asChats, type Conversation, Report, type Said } from "./conversation.ts";
import * as v from "./values.ts";

export const SOURCE = "chatgpt";
export const MAX_MESSAGES = 100_000;
const ROLES: ReadonlyMap<string, Role> = new Map([["user", Role.USER], ["assistant", Role.ASSISTANT], ["tool", Role.TOOL]]);
/** Kinds of content that carry instructions and memories, not something that was said. */
const HIDDEN: ReadonlySet<string> = new Set(["model_editable_context", "user_editable_context"]);

/** What an import found, and what became of what is not known here. */
export interface Imported {
  readonly chats: readonly SavedChat[];
  readonly report: Report;
}

/**
 * The conversations of all files, in their order.
 *
 * `ids` are `box.importIds` of the source SOURCE. Raises VaultError `export.malformed`, `export.too_large`.
 */
export function read(files: readonly Uint8Array[], ids: Ids): Imported {
  const report = new Report();
  const found = files.flatMap(v.conversations).flatMap((one) => conversationOf(one, report) ?? []);
  return { chats: asChats(found, ids, report), report };
}

function conversationOf(value: v.Members, report: Report): Conversation | null {
  const id = v.idOf(value.get("conversation_id")) || v.idOf(value.get("id"));
  const mapping = v.members(value.get("mapping"));
  if (id === "" || mapping.size === 0 || mapping.size > MAX_MESSAGES) return report.leaveOut("not a conversation");
  const nodes = new Map([...mapping].flatMap(([key, one]) => (v.idOf(key) === "" ? [] : [[key, v.members(one)] as const])));
  const said = new Map([...nodes].flatMap(([key, node]) => {
    const one = saidOf(node, report);
    return one === null ? [] : [[key, one] as const];
  }));
  const kept = parentsOf(nodes, said);
  const leaf = v.idOf(value.get("current_node"));
  return {
    id,
    title: v.text(value.get("title")),
    leaf: said.has(leaf) ? leaf : kept.get(leaf) ?? null,
    time: v.seconds(value.get("create_time")),
    said: new Map([...said].map(([key, one]) => [key, { ...one, parent: kept.get(key) ?? null }])),
  };
}

/** Of each node the nearest one above that stays: what was removed hands its children up. */
function parentsOf(
  nodes: ReadonlyMap<string, v.Members>, said: ReadonlyMap<string, Said>,
): ReadonlyMap<string, string | null> {
  const above = new Map<string, string | null>();
  const parentOf = (key: string): string => v.text(nodes.get(key)?.get("parent"));
  for (const start of [...nodes.keys()].sort(compareText)) {
    const path: string[] = [];
    for (let at = start; nodes.has(at) && !above.has(at); at = parentOf(at)) {
      above.set(at, null);
      path.push(at);
    }
    for (const key of path.reverse()) {
      const parent = parentOf(key);
      above.set(key, said.has(parent) ? parent : above.get(parent) ?? null);
    }
  }
  return above;
}

/** A node as a message; null when it is hidden or empty. */
function saidOf(node: v.Members, report: Report): Said | null {
  const message = v.members(node.get("message"));
  if (message.size === 0) return null;
  const [content, metadata] = [v.members(message.get("content")), v.members(message.get("metadata"))];
  const [role, kind] = [v.text(v.members(message.get("author")).get("role")), v.text(content.get("content_type"))];
  if (role === "system" || HIDDEN.has(kind) || metadata.get("is_visually_hidden_from_conversation") === true) {
    return report.leaveOut("hidden message");
  }
  const parts = partsOf(kind, content, message, report);
  if (parts.length === 0) return report.leaveOut("empty message");
  const state = message.get("status") === "in_progress" ? State.CUT : State.COMPLETE;
  return { parent: null, role: ROLES.get(role) ?? Role.TOOL, parts, state, time: v.seconds(message.get("create_time")) };
}

function partsOf(kind: string, content: v.Members, message: v.Members, report: Report): readonly Part[] {
  switch (kind) {
    case "text":
    case "multimodal_text": return textsOf(content, report);
    case "code": return codeOf(v.text(content.get("text")), v.text(message.get("recipient")));
    case "execution_output": return unlessEmpty(v.text(content.get("text")), (text) => ({ type: "tool result", call: "", text }));
    case "thoughts": return thoughtsOf(content);
    case "reasoning_recap": return unlessEmpty(v.text(content.get("content")), (text) => ({ type: "reasoning", text }));
    default: return [unknownOf(content, report)];
  }
}

function unlessEmpty(text: string, part: (text: string) => Part): readonly Part[] {
  return text === "" ? [] : [part(text)];
}

function textsOf(content: v.Members, report: Report): readonly Part[] {
  return v.listed(content.get("parts")).flatMap((one): readonly Part[] => {
    if (typeof one === "string") return unlessEmpty(one, (text) => ({ type: "text", text }));
    const inner = v.members(one);
    return [report.labelled(v.text(inner.get("content_type")) || "part", v.text(inner.get("text")))];
  });
}

function codeOf(code: string, recipient: string): readonly Part[] {
  const called = recipient !== "" && recipient !== "all" && ascii(recipient).length <= MAX_NAME;
  return unlessEmpty(code, (text) => {
    return called ? { type: "tool call", call: "", name: recipient, arguments: text } : { type: "text", text };
  });
}

function thoughtsOf(content: v.Members): readonly Part[] {
  return v.listed(content.get("thoughts")).flatMap((one) => {
    const inner = v.members(one);
    return unlessEmpty(joined(inner, ["summary", "content"]), (text) => ({ type: "reasoning", text }));
  });
}

function unknownOf(content: v.Members, report: Report): Part {
  const text = joined(content, ["title", "text", "result", "url"]);
  return report.labelled(v.text(content.get("content_type")) || "message", text);
}

/** The texts of these members, one on a line. */
function joined(of: v.Members, names: readonly string[]): string {
  return names.map((name) => v.text(of.get(name))).filter((text) => text !== "").join("\n");
}
