/** The messages of a question as the page spells them, read strictly: what a node would refuse is not sent. */

import { EFFORTS, type Effort, type Message } from "@privity/channel/request";
import { ascii } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { Refusal } from "../bridge/line.ts";

/** Bytes of the page's spelling, in which one character takes up to six; a RUN has room for 32 MiB (specs/limits.md). */
export const MAX_SPELLED = 192 * 1024 * 1024;
/** Messages and parts, as specs/chat.md has them. */
const MAX_MESSAGES = 4096;
const MAX_PARTS = 256;
const ROLES = ["system", "user", "assistant"] as const;

/** The messages in canonical JSON. Raises Refusal `bad_request`, which names the place and never the content. */
export function messagesOf(spelled: string): readonly Message[] {
  try {
    const list = canonical.decode(ascii(spelled), MAX_SPELLED);
    return canonical.entries(list, "messages", 1, MAX_MESSAGES).map((one, at) => messageOf(one, `messages[${String(at)}]`));
  } catch (error) {
    if (error instanceof Malformed) throw new Refusal("bad_request", error.detail);
    throw error;
  }
}

/** An effort that a node knows. Raises Refusal `bad_request`. */
export function effortOf(text: string | null): Effort | null {
  const found = EFFORTS.find((one) => one === text) ?? null;
  if (text !== null && found === null) throw new Refusal("bad_request", "reasoning_effort");
  return found;
}

function messageOf(value: Json, place: string): Message {
  const { role, content } = canonical.members(value, ["role", "content"] as const, place);
  const known = ROLES.find((one) => one === role);
  if (known === undefined) throw new Malformed("member_value", `${place}.role`);
  return { role: known, content: typeof content === "string" ? content : joined(content, `${place}.content`) };
}

/** Parts of text, joined as a node joins them. Images are refused until a node takes them. */
function joined(value: Json, place: string): string {
  const parts = canonical.entries(value, place, 1, MAX_PARTS);
  return parts.map((part, at) => {
    const { type, text } = canonical.members(part, ["type", "text"] as const, `${place}[${String(at)}]`);
    if (type !== "text" || typeof text !== "string") throw new Malformed("member_value", `${place}[${String(at)}]`);
    return text;
  }).join("\n");
}
