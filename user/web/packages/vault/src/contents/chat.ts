/** Kinds 1 and 2: a chat and the messages of its tree. Source: specs/contents.md. */

import type { Bytes } from "@privity/protocol/bytes";
import { MAX_FRAME } from "@privity/protocol/stored/header";
import { COUNT } from "@privity/protocol/stored/members";

import {
  choice, type Field, flag, HASH, ID, Kind, lww, nullable, number, row, rows, Schema, text, TIME, union,
} from "./schema.ts";

export const MAX_TITLE = 1024;
export const MAX_INSTRUCTIONS = 65_536;
/** UTF-8 bytes of the name that a model is asked for by. */
export const MAX_MODEL = 256;
export const MAX_EFFORT = 32;
/** UTF-8 bytes of a tool's name and of a call's id. */
export const MAX_NAME = 256;
export const MAX_PARTS = 256;

/** A chat. `leaf` names a message of the branch that is shown; null: the newest message says which. */
export interface Chat {
  readonly kind: typeof Kind.CHAT;
  readonly title: Field<string>;
  readonly folder: Field<Bytes | null>;
  readonly pinned: Field<boolean>;
  readonly leaf: Field<Bytes | null>;
  readonly model: Field<string | null>;
  readonly effort: Field<string | null>;
  readonly instructions: Field<string>;
}

/** Who speaks. */
export const Role = { USER: 0, ASSISTANT: 1, SYSTEM: 2, TOOL: 3 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** How a message ended: whole, stopped by the person, cut off by a crash, or failed. */
export const State = { COMPLETE: 0, STOPPED: 1, CUT: 2, FAILED: 3 } as const;
export type State = (typeof State)[keyof typeof State];

/**
 * One part of a message: what is read; what a model wrote before its answer; an attachment of the same chat, by its
 * object id; a call that the model made, `arguments` being the text that it wrote; what a call gave.
 */
export type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | { readonly type: "attached"; readonly attachment: Bytes }
  | { readonly type: "tool call"; readonly call: string; readonly name: string; readonly arguments: string }
  | { readonly type: "tool result"; readonly call: string; readonly text: string };

/** One message. `parent` is null at the beginning; `usage` is prompt, cached and completion tokens. */
export interface Node {
  readonly kind: typeof Kind.NODE;
  readonly chat: Bytes;
  readonly parent: Bytes | null;
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly model: Bytes | null;
  readonly usage: readonly [number, number, number] | null;
  readonly state: State;
  readonly time: number;
}

const NAME = text(MAX_NAME);
const TEXT = text(MAX_FRAME);

export const PART = union<Part>({
  text: { text: TEXT },
  reasoning: { text: TEXT },
  attached: { attachment: ID },
  "tool call": { call: NAME, name: NAME, arguments: TEXT },
  "tool result": { call: NAME, text: TEXT },
});

export const CHAT = new Schema<Chat>(Kind.CHAT, {
  title: lww(text(MAX_TITLE)),
  folder: lww(nullable(ID)),
  pinned: lww(flag),
  leaf: lww(nullable(ID)),
  model: lww(nullable(text(MAX_MODEL, 1))),
  effort: lww(nullable(text(MAX_EFFORT, 1))),
  instructions: lww(text(MAX_INSTRUCTIONS)),
});

export const NODE = new Schema<Node>(Kind.NODE, {
  chat: ID,
  parent: nullable(ID),
  role: choice(Role),
  parts: rows(PART, MAX_PARTS),
  model: nullable(HASH),
  usage: nullable(row<readonly [number, number, number]>(number(COUNT), number(COUNT), number(COUNT))),
  state: choice(State),
  time: TIME,
});
