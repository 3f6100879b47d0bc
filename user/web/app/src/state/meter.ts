/** How much of the model's context a chat takes: counted where the node has counted, estimated for the rest. */

import { computed, signal } from "@preact/signals";

import type { MessageView } from "../bridge/views.ts";
import { chat, overview } from "./app.ts";
import { folders } from "./folders.ts";
import { chosenModel } from "./models.ts";
import { fresh } from "./chats.ts";

/** Bytes of UTF-8 a token has, about; a little low, so that the warning comes early rather than late. */
const BYTES_EACH = 3.6;
/** Tokens of an image, and of what frames each message. */
const IMAGE = 800;
const FRAME = 6;
/** The share of the context from which people are warned. */
export const WARN_AT = 0.8;

/** Tokens of what is in the composer: set by the composer when typing pauses. */
export const drafted = signal(0);

export interface Meter {
  /** Tokens, about. */
  readonly used: number;
  readonly context: number;
  readonly share: number;
  readonly level: "fine" | "near" | "over";
}

/** Null while no model is known. */
export const meter = computed<Meter | null>(() => {
  const model = chosenModel.value;
  if (model === null || model.context <= 0) return null;
  const used = messagesTokens.value + drafted.value;
  const share = used / model.context;
  return { used, context: model.context, share, level: share >= 1 ? "over" : share >= WARN_AT ? "near" : "fine" };
});

const messagesTokens = computed(() => {
  const open = chat.value;
  const folder = open === null ? folders.value.find(({ id }) => id === fresh.value.folder) : open.folder;
  const instructions = [overview.value?.settings.instructions ?? "", folder?.instructions ?? "", open?.instructions ?? ""];
  return tokensOf(open?.messages ?? [], instructions.join("\n"));
});

/** Tokens of a branch: from the node's own count of its last whole answer on, else all estimated. */
export function tokensOf(messages: readonly MessageView[], instructions: string): number {
  const counted = messages.findLastIndex(({ usage }) => usage !== null && usage[0] > 0);
  const [prompt, , completion] = messages[counted]?.usage ?? [0, 0, 0];
  const rest = messages.slice(counted + 1).reduce((sum, one) => sum + estimate(one), 0);
  return counted < 0 ? rest + tokensIn(instructions) : prompt + completion + rest;
}

/** Tokens of a text, about. */
export function tokensIn(text: string): number {
  return text === "" ? 0 : Math.ceil(bytesIn(text) / BYTES_EACH);
}

const known = new WeakMap<MessageView, number>();

function estimate(message: MessageView): number {
  const before = known.get(message);
  if (before !== undefined) return before;
  const files = message.attachments.map(({ characters }) => (characters === 0 ? IMAGE : Math.ceil(characters / BYTES_EACH)));
  const found = files.reduce((sum, one) => sum + one, FRAME + tokensIn(message.text));
  known.set(message, found);
  return found;
}

function bytesIn(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
