/**
 * A chat-completions request of the OpenAI API, and the body of op "chat" that it becomes.
 *
 * What only says how the answer is to be written stays here; the rest is judged by the node (specs/chat.md), which refuses
 * what it does not know by name. Vectors: proxy/requests.
 */

import { refused } from "./errors.ts";
import {
  dropNeutral, isObject, type Json, type JsonObject, type Members, present, readObject, takeFlag, takeUnsent,
} from "./reading.ts";

/** A request that was judged; `notSent` names what stays on this machine. */
export interface ChatCall {
  readonly model: string;
  readonly body: JsonObject;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly notSent: readonly string[];
}

const NEUTRAL = {
  service_tier: ["auto", "default"], store: [false], logprobs: [false], top_logprobs: [0], logit_bias: [{}],
  modalities: [["text"]], verbosity: ["medium"],
};
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$/;
/** What a model thought in an earlier turn: nodes take none of it, and answers do not depend on it. */
const THOUGHTS = ["reasoning_content", "reasoning"];

/** The request in `text`. Raises ApiError, which names the member that is at fault. */
export function readChat(text: string): ChatCall {
  const members = readObject(text);
  const notSent = new Set(takeUnsent(members));
  const stream = takeFlag(members, "stream");
  const includeUsage = takeStreamOptions(members, stream);
  if ((members.get("n") ?? 1) !== 1) throw refused("n", "is not 1; ask several times instead", "invalid_value");
  members.delete("n");
  dropNeutral(members, NEUTRAL);
  const messages = members.get("messages");
  if (messages === undefined) throw refused("messages", "is missing", "missing_required_parameter");
  if (!isList(messages)) throw refused("messages", "is not a list", "invalid_value");
  members.set("messages", messages.map((one, at) => isObject(one) ? cleanMessage(one, notSent, `messages[${String(at)}]`) : one));
  const tools = members.get("tools");
  if (isList(tools)) members.set("tools", tools.map((one) => isObject(one) ? cleanTool(one) : one));
  const format = members.get("response_format");
  if (isObject(format)) members.set("response_format", cleanFormat(format));
  const model = members.get("model");
  if (model === undefined) throw refused("model", "is missing", "missing_required_parameter");
  if (typeof model !== "string" || !MODEL.test(model)) throw refused("model", "is not a name", "invalid_value");
  members.set("stream", true);
  return { model, body: Object.fromEntries(members), stream, includeUsage, notSent: [...notSent].sort() };
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
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
    for (const name of THOUGHTS) if (cleaned.delete(name)) notSent.add(`messages.${name}`);
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

function cleanTool(tool: JsonObject): JsonObject {
  const cleaned = present(tool);
  const wanted = cleaned.get("function");
  if (isObject(wanted)) {
    const members = present(wanted);
    dropNeutral(members, { strict: [false] });
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
