/** What importers have in common: one conversation, the report, and chats made of them. Source: specs/importers.md. */

import { ascii, type Bytes, toHex } from "@privity/protocol/bytes";

import type { Ids } from "../box.ts";
import { MAX_MILLIS } from "../clock.ts";
import { MAX_PARTS, type Node, type Part, Role, type State } from "../contents/chat.ts";
import { Kind } from "../contents/schema.ts";
import { BLANK, type SavedChat, unwritten } from "../export/library.ts";
import * as title from "../title.ts";
import { beginning, compareText } from "../typed.ts";

/** Code points of a title that was given. */
export const MAX_TITLE_LETTERS = 256;
/** Code points of the label of what is not known here. */
export const MAX_LABEL = 128;
/** UTF-8 bytes of text in one message; what is longer goes on in the next. */
export const MAX_PIECE = 900_000;
/** What a part weighs beside its text. */
const PART_WEIGHT = 600;
/** Code points of a slice: a quarter, so that any characters fit. */
const SLICE = MAX_PIECE / 4 - PART_WEIGHT;

/** One message; `parent` null is a beginning, `time` in Unix milliseconds, null when it is not told. */
export interface Said {
  readonly parent: string | null;
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly state: State;
  readonly time: number | null;
}

/** One conversation; parents and `leaf` name messages that are there. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly leaf: string | null;
  readonly time: number | null;
  readonly said: ReadonlyMap<string, Said>;
}

/** What a person is shown before the import: numbers, parts that became labelled text, what was left out. */
export class Report {
  chats = 0;
  messages = 0;
  readonly unknown = new Map<string, number>();
  readonly leftOut = new Map<string, number>();

  /** Count something that was left out. */
  leaveOut(what: string): null {
    this.leftOut.set(what, (this.leftOut.get(what) ?? 0) + 1);
    return null;
  }

  /** A part that is not known here, as text under its kind and name; the kind is counted. */
  labelled(kind: string, text: string, name = ""): Part {
    const shown = onALine(kind);
    this.unknown.set(shown, (this.unknown.get(shown) ?? 0) + 1);
    const label = name === "" ? `[${shown}]` : `[${shown} ${onALine(name)}]`;
    return { type: "text", text: text === "" ? label : `${label}\n${text}` };
  }
}

function onALine(text: string): string {
  return beginning(text, MAX_LABEL).map((one) => (one < " " || "[]\x7f".includes(one) ? " " : one)).join("");
}

/** The conversations as archived chats; a second one of the same id is left out. */
export function asChats(found: readonly Conversation[], ids: Ids, report: Report): readonly SavedChat[] {
  const seen = new Set<string>();
  const chats: SavedChat[] = [];
  for (const one of found) {
    if (seen.has(one.id)) report.leaveOut("conversation twice");
    else if (one.said.size === 0) report.leaveOut("conversation without messages");
    else chats.push(chatOf(one, ids));
    seen.add(one.id);
  }
  report.chats += chats.length;
  report.messages += chats.reduce((sum, one) => sum + one.nodes.size, 0);
  return chats;
}

function chatOf(found: Conversation, ids: Ids): SavedChat {
  const box = ids(`box/${found.id}`);
  const said = withoutCircles(found.said);
  const last = new Map<string, Bytes>();
  const nodes = new Map<string, Node>();
  for (const [id, time] of timesOf(found, said)) {
    const one = said.get(id);
    if (one === undefined) continue;
    let parent = one.parent === null ? null : last.get(one.parent) ?? null;
    for (const [number, parts] of piecesOf(one.parts).entries()) {
      const key = ids(`node/${found.id}/${id}${number === 0 ? "" : `#${String(number + 1)}`}`);
      const { role, state } = one;
      nodes.set(toHex(key), { kind: Kind.NODE, chat: box, parent, role, parts, model: null, usage: null, state, time });
      parent = key;
    }
    if (parent !== null) last.set(id, parent);
  }
  const leaf = found.leaf === null ? null : last.get(found.leaf) ?? null;
  const chat = { ...BLANK, title: unwritten(titleOf(found, nodes)), leaf: unwritten(leaf) };
  return { id: box, archived: true, chat, nodes, files: new Map() };
}

function titleOf(found: Conversation, nodes: ReadonlyMap<string, Node>): string {
  const given = beginning(found.title, MAX_TITLE_LETTERS).map((one) => (one < " " ? " " : one)).join("");
  const trimmed = given.replace(/^ +| +$/g, "");
  if (trimmed !== "") return trimmed;
  for (const { role, parts } of nodes.values()) {
    for (const part of parts) {
      const made = role === Role.USER && part.type === "text" ? title.ofText(part.text) : "";
      if (made !== "") return made;
    }
  }
  return "";
}

/** Cut each circle of parents where, going up from the smallest id, it closes. */
function withoutCircles(said: ReadonlyMap<string, Said>): ReadonlyMap<string, Said> {
  const found = new Map(said);
  const ended = new Set<string>();
  for (const start of [...said.keys()].sort(compareText)) {
    const path = new Set<string>();
    let last: Said | undefined;
    let at: string | null = start;
    let below = start;
    while (at !== null && !ended.has(at) && !path.has(at)) {
      path.add(at);
      below = at;
      last = found.get(at);
      at = last?.parent ?? null;
    }
    if (at !== null && path.has(at) && last !== undefined) found.set(below, { ...last, parent: null });
    for (const id of path) ended.add(id);
  }
  return found;
}

/** Times of messages, parents first: a message without one, or before its parent, is a millisecond later. */
function timesOf(found: Conversation, said: ReadonlyMap<string, Said>): ReadonlyMap<string, number> {
  const below = new Map<string | null, string[]>();
  for (const id of [...said.keys()].sort(compareText)) {
    const parent = said.get(id)?.parent ?? null;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [id]);
    else siblings.push(id);
  }
  const times = new Map<string, number>();
  const order = [...(below.get(null) ?? [])];
  for (const id of order) {
    order.push(...(below.get(id) ?? []));
    const { parent = null, time: own = null } = said.get(id) ?? {};
    const least = parent === null ? Math.max(found.time ?? 0, 0) : (times.get(parent) ?? 0) + 1;
    times.set(id, Math.min(own === null ? least : Math.max(own, parent === null ? 0 : least), MAX_MILLIS));
  }
  return times;
}

/** The parts of a message, cut where they are more than one object holds. */
function piecesOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  let piece: Part[] = [];
  const pieces = [piece];
  let size = 0;
  for (const part of parts.flatMap(cut)) {
    const weight = weightOf(part);
    if (piece.length > 0 && (size + weight > MAX_PIECE || piece.length === MAX_PARTS)) {
      piece = [];
      pieces.push(piece);
      size = 0;
    }
    piece.push(part);
    size += weight;
  }
  return pieces;
}

function textOf(part: Part): string {
  switch (part.type) {
    case "attached": return "";
    case "tool call": return part.arguments;
    case "text":
    case "reasoning":
    case "tool result": return part.text;
  }
}

function weightOf(part: Part): number {
  return ascii(textOf(part)).length + PART_WEIGHT;
}

/** A long text as several; of a long call only the beginning stays a call. */
function cut(part: Part): readonly Part[] {
  if (part.type === "attached" || weightOf(part) <= MAX_PIECE) return [part];
  return slices(textOf(part)).map((text, at): Part => {
    if (part.type !== "tool call") return { ...part, text };
    return at === 0 ? { ...part, arguments: text } : { type: "text", text };
  });
}

/** A text in slices of so many code points, not one of them cut in half. */
function slices(text: string): readonly string[] {
  const found: string[] = [];
  let [start, at, count] = [0, 0, 0];
  while (at < text.length) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    count += 1;
    if (count === SLICE || at >= text.length) {
      found.push(text.slice(start, at));
      [start, count] = [at, 0];
    }
  }
  return found;
}
