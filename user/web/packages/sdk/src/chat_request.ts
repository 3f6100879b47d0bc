/**
 * A chat-completions request of the OpenAI API, and the body of op "chat" that it becomes.
 *
 * What only says how the answer is to be written stays here; the rest is judged by the node (specs/chat.md), which refuses
 * what it does not know by name. Vectors: proxy/requests.
 */

import { Choice } from "./chat_answer.ts";
import { refused } from "./errors.ts";
import {
  dropNeutral, isList, isObject, type Json, type JsonObject, type Members, present, readObject, taken, takeFlag, takeUnsent,
} from "./reading.ts";
import { demandedBy, schemaOf, type Strict } from "./strict_tools.ts";

/** A request that was judged; `notSent` names what stays on this machine, `strict` the schemas of strict tools. */
export interface ChatCall {
  readonly model: string;
  readonly body: JsonObject;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly choices: number;
  readonly notSent: readonly string[];
  readonly strict: Strict;
}

/** Choices of one request; each is a RUN of its own. */
export const MAX_CHOICES = 16;
const MAX_SEED = Number.MAX_SAFE_INTEGER;

const NEUTRAL = {
  service_tier: ["auto", "default"], store: [false], logprobs: [false], top_logprobs: [0], logit_bias: [{}],
  modalities: [["text"]], verbosity: ["medium"],
};
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/;
/** What a model thought in an earlier turn: nodes take none of it, and answers do not depend on it. */
const OF_ANSWERS = ["reasoning_content", "reasoning", "provider_specific_fields"];

/** The request in `text`. Raises ApiError, which names the member that is at fault. */
export function readChat(text: string): ChatCall {
  return chatCall(readObject(text));
}

/** What takes the lines of each choice. */
export function choicesOf({ body, choices, strict }: ChatCall): readonly Choice[] {
  const most = body["top_logprobs"];
  const alternatives = typeof most === "number" ? most : 0;
  const demanded = demandedBy(body["tool_choice"]);
  return Array.from({ length: choices }, (_, index) => new Choice(index, alternatives, strict, demanded));
}

/** The body of op "chat" for each choice: the same, but for the seed, which counts up. */
export function bodiesOf({ body, choices }: ChatCall): readonly JsonObject[] {
  const { seed } = body;
  return Array.from({ length: choices }, (_, index) => {
    if (index === 0 || typeof seed !== "number") return body;
    return { ...body, seed: seed > MAX_SEED - index ? seed - MAX_SEED + index - 1 : seed + index };
  });
}

/** The request for members that are not null. Raises ApiError. */
export function chatCall(members: Members): ChatCall {
  const notSent = new Set(takeUnsent(members));
  const stream = takeFlag(members, "stream");
  const includeUsage = takeStreamOptions(members, stream);
  const choices = takeChoices(members);
  dropNeutral(members, NEUTRAL);
  const messages = members.get("messages");
  if (messages === undefined) throw refused("messages", "is missing", "missing_required_parameter");
  if (!isList(messages)) throw refused("messages", "is not a list", "invalid_value");
  members.set("messages", messages.map((one, at) => isObject(one) ? cleanMessage(one, notSent, `messages[${String(at)}]`) : one));
  const strict = cleanTools(members);
  const format = members.get("response_format");
  if (isObject(format)) members.set("response_format", cleanFormat(format));
  const model = members.get("model");
  if (model === undefined) throw refused("model", "is missing", "missing_required_parameter");
  if (typeof model !== "string" || !MODEL.test(model)) throw refused("model", "is not a name", "invalid_value");
  members.set("stream", true);
  return { model, body: Object.fromEntries(members), stream, includeUsage, choices, notSent: [...notSent].sort(), strict };
}

function takeChoices(members: Members): number {
  const choices = taken(members, "n") ?? 1;
  if (typeof choices === "number" && Number.isInteger(choices) && choices >= 1 && choices <= MAX_CHOICES) return choices;
  throw refused("n", `is not an integer from 1 to ${String(MAX_CHOICES)}`, "invalid_value");
}

function takeStreamOptions(members: Members, stream: boolean): boolean {
  const options = members.get("stream_options");
  members.delete("stream_options");
  if (options === undefined) return false;
  if (!stream) throw refused("stream_options", "is only allowed when stream is true", "invalid_value");
  if (!isObject(options)) throw refused("stream_options", "is not an object", "invalid_type");
  const left = present(options);
  const usage = takeFlag(left, "include_usage", "stream_options.");
  dropNeutral(left, { include_obfuscation: [false] });
  for (const name of left.keys()) throw refused(`stream_options.${name}`, "is not supported");
  return usage;
}

function cleanMessage(message: JsonObject, notSent: Set<string>, at: string): JsonObject {
  const cleaned = present(message);
  if (cleaned.get("role") === "developer") cleaned.set("role", "system");
  dropNeutral(cleaned, { annotations: [[]], tool_calls: [[]] });
  if (cleaned.get("role") === "assistant") {
    for (const name of OF_ANSWERS) if (cleaned.delete(name)) notSent.add(`messages.${name}`);
  }
  const calls = cleaned.get("tool_calls");
  if (isList(calls)) cleaned.set("tool_calls", calls.map((one) => isObject(one) ? Object.fromEntries(present(one)) : one));
  const parts = cleaned.get("content");
  if (isList(parts)) cleaned.set("content", parts.map((one, index) => cleanPart(one, `${at}.content[${String(index)}]`)));
  return Object.fromEntries(cleaned);
}

function cleanPart(part: Json, at: string): Json {
  if (!isObject(part) || !isObject(part["image_url"])) return part;
  const image = present(part["image_url"]);
  dropNeutral(image, { detail: ["auto"] });
  const url = image.get("url");
  if (typeof url === "string" && !url.startsWith("data:")) {
    const why = "is not an image inside the request (data:image/png or data:image/jpeg); nothing is ever fetched";
    throw refused(`${at}.image_url.url`, why, "invalid_value");
  }
  return { ...part, image_url: Object.fromEntries(image) };
}

/** Clean the tools; the schemas of those that are strict. */
function cleanTools(members: Members): Strict {
  const strict = new Map<string, JsonObject>();
  const tools = members.get("tools");
  if (isList(tools)) {
    const cleaned = tools.map((one, at) => isObject(one) ? cleanTool(one, strict, `tools[${String(at)}].function`) : one);
    members.set("tools", cleaned);
  }
  return strict;
}

function cleanTool(tool: JsonObject, strict: Map<string, JsonObject>, at: string): Json {
  const cleaned = present(tool);
  const wanted = cleaned.get("function");
  if (isObject(wanted)) {
    const members = present(wanted);
    if (takeFlag(members, "strict", `${at}.`)) {
      const name = members.get("name");
      strict.set(typeof name === "string" ? name : "", schemaOf(members.get("parameters"), `${at}.parameters`));
    }
    cleaned.set("function", Object.fromEntries(members));
  }
  return Object.fromEntries(cleaned);
}

function cleanFormat(format: JsonObject): JsonObject {
  const cleaned = present(format);
  const schema = cleaned.get("json_schema");
  if (isObject(schema)) cleaned.set("json_schema", Object.fromEntries(present(schema)));
  return Object.fromEntries(cleaned);
}
