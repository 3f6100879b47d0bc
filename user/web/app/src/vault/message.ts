/** Messages: what people and models say, as a node of a chat's tree and as text. */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import { type Node, type Part, Role, State } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";

import type { MessageState } from "../bridge/views.ts";

/** UTF-8 bytes of one message that fit into one object with room for the rest. */
export const MAX_TEXT = 900_000;
/** What stands at the end of an answer that no object could hold. */
export const CUT = "\n\n[…]";

/** How an answer may end. */
export type Ended = Exclude<MessageState, "streaming">;

const STATES: Readonly<Record<Ended, State>> = {
  complete: State.COMPLETE, stopped: State.STOPPED, cut: State.CUT, failed: State.FAILED,
};
const NAMES: readonly Ended[] = ["complete", "stopped", "cut", "failed"];

/** Whether this is a way for an answer to end. */
export function isEnded(text: string): text is Ended {
  return Object.hasOwn(STATES, text);
}

export function stateOf(node: Node): Ended {
  return NAMES[node.state] ?? "failed";
}

/** A person's message. Raises VaultError `object.too_large`: it stays in the composer, or becomes an attachment. */
export function question(
  chat: Bytes, { parent, text, files, time }: {
    readonly parent: Bytes | null; readonly text: string; readonly files: readonly Bytes[]; readonly time: number;
  },
): Node {
  const whole = wellFormed(text);
  if (ascii(whole).length > MAX_TEXT) throw new VaultError("object.too_large", "a message");
  const attached = files.map((attachment): Part => ({ type: "attached", attachment }));
  const parts: readonly Part[] = whole === "" ? attached : [{ type: "text", text: whole }, ...attached];
  return { kind: Kind.NODE, chat, parent, role: Role.USER, parts, model: null, usage: null, state: State.COMPLETE, time };
}

/** What a model wrote. */
export interface Written {
  readonly parent: Bytes | null;
  /** The memories that it was given, which are kept in front of it; absent: none. */
  readonly memories?: readonly string[];
  readonly text: string;
  readonly reasoning: string;
  readonly model: Bytes | null;
  readonly usage: readonly [number, number, number] | null;
  readonly state: Ended;
  readonly time: number;
}

/** A model's answer. Of one that no object could hold the reasoning goes first, then the end, which is marked. */
export function reply(chat: Bytes, { text, reasoning, state, memories = [], ...rest }: Written): Node {
  const said = shortened(wellFormed(text), MAX_TEXT);
  const thought = shortened(wellFormed(reasoning), MAX_TEXT - ascii(said).length);
  const parts = memories.map((one): Part => ({ type: "tool call", call: MEMORY, name: MEMORY, arguments: one }));
  if (thought !== "") parts.push({ type: "reasoning", text: thought });
  if (said !== "") parts.push({ type: "text", text: said });
  return { kind: Kind.NODE, chat, role: Role.ASSISTANT, parts, ...rest, state: STATES[state] };
}

/** The tool that an answer called for each memory that it was given, as other clients see it. Source: specs/contents.md. */
const MEMORY = "memory";

/** The memories that an answer was given. They went to the model: no text of the message, hence neither shared nor sent again. */
export function memoriesOf({ parts }: Node): readonly string[] {
  return parts.flatMap((part) => (part.type === "tool call" && part.call === MEMORY ? [part.arguments] : []));
}

/** What a message says, without reasoning and files; a tool's call and result as code. */
export function textOf({ parts }: Node): string {
  return parts.flatMap((part): readonly string[] => {
    switch (part.type) {
      case "text": return [part.text];
      case "tool call": return part.call === MEMORY ? [] : [`${part.name}\n\n${fenced(part.arguments)}`];
      case "tool result": return [fenced(part.text)];
      case "reasoning":
      case "attached": return [];
    }
  }).join("\n\n");
}

export function reasoningOf({ parts }: Node): string {
  return parts.flatMap((part) => (part.type === "reasoning" ? [part.text] : [])).join("\n\n");
}

/** The files that a message names. */
export function filesOf({ parts }: Node): readonly Bytes[] {
  return parts.flatMap((part) => (part.type === "attached" ? [part.attachment] : []));
}

/** A text that any reader of UTF-8 takes: half a character becomes its mark. */
export function wellFormed(text: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(ascii(text));
}

function shortened(text: string, most: number): string {
  const encoded = ascii(text);
  if (encoded.length <= most) return text;
  const room = most - ascii(CUT).length;
  if (room <= 0) return "";
  // A character that was cut in half at the end becomes its mark, which is taken away.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoded.subarray(0, room)).replace(/\uFFFD+$/, "") + CUT;
}

function fenced(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(runs.reduce((longest, run) => Math.max(longest, run.length + 1), 3));
  return `${fence}\n${text}\n${fence}`;
}
