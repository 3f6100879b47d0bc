/** Claude's export: `conversations.json` with `chat_messages`. Source: specs/importers.md, section "Claude". */

import { ascii } from "@privity/protocol/bytes";
import type { Text } from "@privity/protocol/jsontext";

import type { Ids } from "../box.ts";
import { MAX_NAME, type Part, Role, State } from "../contents/chat.ts";
import type { Imported } from "./chatgpt.ts";
import { asChats, type Conversation, Report, type Said } from "./conversation.ts";
import * as v from "./values.ts";

export const SOURCE = "claude";
export const MAX_MESSAGES = 100_000;
const ROLES: ReadonlyMap<string, Role> = new Map([["human", Role.USER], ["assistant", Role.ASSISTANT]]);

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
  const [id, messages] = [v.idOf(value.get("uuid")), value.get("chat_messages")];
  const listed = v.listed(messages);
  if (id === "" || !Array.isArray(messages) || listed.length > MAX_MESSAGES) return report.leaveOut("not a conversation");
  const said = new Map<string, Said>();
  const above = new Map<string, string | null>();
  /** A message if it stays, else the nearest one above it that does. */
  const staying = (key: string | null): string | null => {
    if (key === null) return null;
    return said.has(key) ? key : above.get(key) ?? null;
  };
  let before: string | null = null;
  for (const one of listed.map(v.members)) {
    const key = v.idOf(one.get("uuid"));
    if (key === "" || above.has(key)) {
      report.leaveOut("message without an id of its own");
      continue;
    }
    const named = v.idOf(one.get("parent_message_uuid"));
    const parent = staying(named === "" ? before : above.has(named) ? named : null);
    above.set(key, parent);
    const found = saidOf(one, parent, report);
    if (found !== null) said.set(key, found);
    before = key;
  }
  return { id, title: v.text(value.get("name")), leaf: staying(before), time: v.moment(value.get("created_at")), said };
}

function saidOf(message: v.Members, parent: string | null, report: Report): Said | null {
  const parts = v.listed(message.get("content")).flatMap((one) => blockOf(v.members(one), report));
  const whole = v.text(message.get("text"));
  if (parts.length === 0 && whole !== "") parts.push({ type: "text", text: whole });
  for (const one of v.listed(message.get("attachments")).map(v.members)) {
    parts.push(report.labelled("attachment", v.text(one.get("extracted_content")), v.text(one.get("file_name"))));
  }
  for (const one of v.listed(message.get("files")).map(v.members)) {
    parts.push(report.labelled("file", "", v.text(one.get("file_name"))));
  }
  if (parts.length === 0) return report.leaveOut("empty message");
  const role = ROLES.get(v.text(message.get("sender"))) ?? Role.TOOL;
  return { parent, role, parts, state: State.COMPLETE, time: v.moment(message.get("created_at")) };
}

function blockOf(block: v.Members, report: Report): readonly Part[] {
  const [kind, text, name] = [v.text(block.get("type")), v.text(block.get("text")), v.text(block.get("name"))];
  if (kind === "text") return text === "" ? [] : [{ type: "text", text }];
  if (kind === "thinking") {
    const thought = v.text(block.get("thinking"));
    return thought === "" ? [] : [{ type: "reasoning", text: thought }];
  }
  if (kind === "tool_use" && name !== "" && ascii(name).length <= MAX_NAME) {
    return [{ type: "tool call", call: short(block.get("id")), name, arguments: v.written(block.get("input") ?? null) }];
  }
  if (kind === "tool_result") {
    return [{ type: "tool result", call: short(block.get("tool_use_id")), text: resultOf(block.get("content")) }];
  }
  return [report.labelled(kind === "" ? "part" : kind, text)];
}

function short(value: Text | undefined): string {
  const found = v.text(value);
  return ascii(found).length <= MAX_NAME ? found : "";
}

function resultOf(value: Text | undefined): string {
  const texts = [v.text(value), ...v.listed(value).map((one) => v.text(v.members(one).get("text")))];
  return texts.filter((one) => one !== "").join("\n");
}
