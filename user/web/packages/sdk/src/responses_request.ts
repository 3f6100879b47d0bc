/**
 * A request of the Responses API, and the chat request that it becomes. Vectors: proxy/responses.
 *
 * What was said before is brought by the caller: it is kept in this program, and a node never hears of a response's id.
 */

import { type ChatCall, chatCall } from "./chat_request.ts";
import { ApiError, refused } from "./errors.ts";
import { messagesOf } from "./input_items.ts";
import {
  dropNeutral, isList, isObject, type Json, type JsonObject, type Members, NOT_SENT, present, readObject, taken, takeFlag,
} from "./reading.ts";

/** The messages up to and with the answer of a response that is kept, or null. */
export type Earlier = (id: string) => readonly JsonObject[] | null;

/** A request that was judged: `chat` is what is asked; `history` what a later response builds upon. */
export interface ResponsesCall {
  readonly chat: ChatCall;
  readonly history: readonly JsonObject[];
  readonly stream: boolean;
  readonly store: boolean;
  readonly echo: JsonObject;
}

const NEUTRAL = { service_tier: ["auto", "default"], background: [false], truncation: ["disabled"] };
const LIKELY = "message.output_text.logprobs";
const PASSED = ["model", "temperature", "top_p", "parallel_tool_calls"];
const ECHOED = [
  ...PASSED, "instructions", "max_output_tokens", "metadata", "previous_response_id", "reasoning", "text", "top_logprobs",
];
const NAMES: readonly (readonly [ours: string, theirs: string])[] = [
  ["max_completion_tokens", "max_output_tokens"], ["reasoning_effort", "reasoning.effort"],
  ["response_format.json_schema", "text.format"], ["response_format", "text.format"], ["messages", "input"],
];

/** The request in `text`. Raises ApiError, which names the member that is at fault. */
export function readResponse(text: string, earlier: Earlier): ResponsesCall {
  const members = readObject(text);
  const echo = {
    ...Object.fromEntries(ECHOED.map((name) => [name, members.get(name) ?? null])),
    tools: members.get("tools") ?? [], tool_choice: members.get("tool_choice") ?? "auto",
  };
  const stream = takeFlag(members, "stream");
  const store = takeFlag(members, "store", "", true);
  checkStreamOptions(members);
  dropNeutral(members, NEUTRAL);
  const chat: Members = new Map();
  for (const name of [...PASSED, ...NOT_SENT]) pass(members, chat, name, name);
  pass(members, chat, "max_output_tokens", "max_completion_tokens");
  takeReasoning(members, chat);
  takeFormat(members, chat);
  takeTools(members, chat);
  takeLikely(members, chat);
  const instructions = taken(members, "instructions") ?? "";
  if (typeof instructions !== "string") throw refused("instructions", "is not text", "invalid_type");
  const before = beforeOf(taken(members, "previous_response_id"), earlier);
  const found = messagesOf(taken(members, "input"));
  for (const name of [...members.keys()].sort()) throw refused(name, "is not supported");
  const history = [...before, ...found.messages];
  chat.set("messages", [...(instructions === "" ? [] : [{ role: "system", content: instructions }]), ...history]);
  const call = inOurNames(() => chatCall(chat));
  const notSent = [...new Set([...call.notSent, ...found.notSent])].sort();
  return { chat: { ...call, notSent }, history, stream, store, echo };
}

/** The error with the names that this API has for what a chat request calls otherwise. */
export function renamed(error: ApiError): ApiError {
  const param = error.told.param ?? "";
  const [ours, theirs] = NAMES.find(([one]) => param.startsWith(one)) ?? ["].function", "]"];
  const named = ours === "messages" ? theirs : param.replace(ours, theirs);
  if (param === "" || named === param) return error;
  return new ApiError({ ...error.told, message: error.message.replace(param, named), param: named });
}

function inOurNames<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw error instanceof ApiError ? renamed(error) : error;
  }
}

function pass(members: Members, chat: Members, name: string, as: string): void {
  const value = taken(members, name);
  if (value !== undefined) chat.set(as, value);
}

function beforeOf(previous: Json | undefined, earlier: Earlier): readonly JsonObject[] {
  if (previous === undefined) return [];
  const kept = typeof previous === "string" ? earlier(previous) : null;
  if (kept !== null) return kept;
  const why = "names no response that is kept in this program; responses are forgotten when it ends";
  throw refused("previous_response_id", why, "previous_response_not_found");
}

function checkStreamOptions(members: Members): void {
  const options = taken(members, "stream_options");
  if (options === undefined) return;
  const left = present(object(options, "stream_options"));
  dropNeutral(left, { include_obfuscation: [false] });
  for (const name of left.keys()) throw refused(`stream_options.${name}`, "is not supported");
}

/** How likely tokens were is told where either member asks for it. */
function takeLikely(members: Members, chat: Members): void {
  const wanted = taken(members, "include") ?? [];
  if (!isList(wanted)) throw refused("include", "is not a list", "invalid_type");
  const unknown = wanted.findIndex((name) => name !== LIKELY);
  if (unknown >= 0) throw refused(`include[${String(unknown)}]`, `is not ${LIKELY}; there is nothing else to include here`);
  const most = taken(members, "top_logprobs") ?? 0;
  if (wanted.length === 0 && most === 0) return;
  chat.set("logprobs", true);
  chat.set("top_logprobs", most);
}

function takeReasoning(members: Members, chat: Members): void {
  const reasoning = present(object(taken(members, "reasoning") ?? {}, "reasoning"));
  pass(reasoning, chat, "effort", "reasoning_effort");
  for (const name of reasoning.keys()) throw refused(`reasoning.${name}`, "is not supported");
}

function takeFormat(members: Members, chat: Members): void {
  const text = present(object(taken(members, "text") ?? {}, "text"));
  dropNeutral(text, { verbosity: ["medium"] });
  const wanted = taken(text, "format");
  for (const name of text.keys()) throw refused(`text.${name}`, "is not supported");
  if (wanted === undefined) return;
  const found = present(object(wanted, "text.format"));
  const type = taken(found, "type") ?? null;
  const rest = Object.fromEntries(found);
  chat.set("response_format", type === "json_schema" ? { type, json_schema: rest } : { type, ...rest });
}

function takeTools(members: Members, chat: Members): void {
  const tools = taken(members, "tools");
  if (tools !== undefined) {
    if (!isList(tools)) throw refused("tools", "is not a list", "invalid_type");
    chat.set("tools", tools.map((one, at) => (
      ofFunction(object(one, `tools[${String(at)}]`), `tools[${String(at)}].type`, "; no provider's tools are run here"))));
  }
  const choice = taken(members, "tool_choice");
  if (choice === undefined) return;
  const named = typeof choice === "string" ? choice : ofFunction(object(choice, "tool_choice"), "tool_choice.type", "");
  chat.set("tool_choice", named);
}

function ofFunction({ type, ...rest }: JsonObject, at: string, why: string): JsonObject {
  if (type !== "function") throw refused(at, `is not function${why}`);
  return { type, function: rest };
}

function object(value: Json, at: string): JsonObject {
  if (!isObject(value)) throw refused(at, "is not an object", "invalid_type");
  return value;
}
