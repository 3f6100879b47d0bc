/** The branch of a chat that is shown, for people and other programs to read. Source: specs/export.md. */

import { toHex } from "@privity/protocol/bytes";

import { dateOf } from "../calendar.ts";
import type { Node, Part } from "../contents/chat.ts";
import * as tree from "../tree.ts";
import type { SavedChat, SavedFile } from "./library.ts";

const SPEAKERS = ["You", "Assistant", "System", "Tool"] as const;
/** The end of the year 9999: later times are not written. */
const LAST_MILLIS = 253_402_300_799_999;
const DAY_MS = 86_400_000;

/** The shown branch as Markdown, ending in a line feed. */
export function written({ chat, nodes, files }: SavedChat): string {
  const leaf = chat.leaf.value === null ? null : toHex(chat.leaf.value);
  const branch = tree.shown(tree.build(nodes), leaf).flatMap((id) => nodes.get(id) ?? []);
  const title = chat.title.value.replaceAll("\n", " ");
  const parts = [`# ${title === "" ? "Untitled" : title}`, ...branch.map((one) => messageOf(one, files))];
  return `${parts.join("\n\n")}\n`;
}

function messageOf(node: Node, files: ReadonlyMap<string, SavedFile>): string {
  const parts = node.parts.map((part) => partOf(part, files));
  return [`## ${SPEAKERS[node.role]}${momentOf(node.time)}`, ...parts].join("\n\n");
}

function momentOf(time: number): string {
  if (time > LAST_MILLIS) return "";
  const { year, month, day } = dateOf(Math.floor(time / DAY_MS));
  const minutes = Math.floor((time % DAY_MS) / 60_000);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `, ${date} ${padded(Math.floor(minutes / 60), 2)}:${padded(minutes % 60, 2)} UTC`;
}

function padded(value: number, size: number): string {
  return String(value).padStart(size, "0");
}

function partOf(part: Part, files: ReadonlyMap<string, SavedFile>): string {
  switch (part.type) {
    case "text": return part.text;
    case "reasoning": return part.text.split("\n").map((line) => `> ${line}`).join("\n");
    case "attached": {
      const found = files.get(toHex(part.attachment));
      return found === undefined ? "(an attachment that is lost)" : `[attachment](<../${found.path}>)`;
    }
    case "tool call": return `Tool: ${part.name}\n\n${fenced(part.arguments)}`;
    case "tool result": return fenced(part.text);
  }
}

/** A block of code whose fence is longer than any inside. */
function fenced(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3));
  return `${fence}\n${text}\n${fence}`;
}
