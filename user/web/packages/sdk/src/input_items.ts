/** Items that the Responses API takes as input, as messages of a chat. */

import { refused } from "./errors.ts";
import { isList, isObject, type Json, type JsonObject, type Members, present } from "./reading.ts";

/** The messages, and the names of what stays on this machine. */
export interface Found {
  readonly messages: readonly JsonObject[];
  readonly notSent: ReadonlySet<string>;
}

const MESSAGE = ["type", "role", "content", "id", "status", "phase"];
const CALL = ["type", "call_id", "name", "arguments", "id", "status"];
const OUTPUT = ["type", "call_id", "output", "id", "status"];
const IMAGE = ["type", "image_url", "detail"];
const PART = ["type", "text", "annotations", "logprobs"];
const NOTHING = null;

/** The messages that `input` stands for. Raises ApiError, which names the member at fault. */
export function messagesOf(value: Json | undefined): Found {
  if (typeof value === "string") return { messages: [{ role: "user", content: value }], notSent: new Set() };
  if (value === undefined) throw refused("input", "is missing", "missing_required_parameter");
  if (!isList(value)) throw refused("input", "is neither text nor a list", "invalid_type");
  const messages: JsonObject[] = [];
  const notSent = new Set<string>();
  for (const [index, item] of value.entries()) {
    const at = `input[${String(index)}]`;
    if (!isObject(item)) throw refused(at, "is not an object", "invalid_type");
    add(messages, notSent, present(item), at);
  }
  return { messages, notSent };
}

function add(messages: JsonObject[], notSent: Set<string>, item: Members, at: string): void {
  switch (item.get("type") ?? "message") {
    case "message":
      closed(item, MESSAGE, at);
      messages.push({ role: item.get("role") ?? NOTHING, content: content(item.get("content"), `${at}.content`) });
      return;
    case "function_call":
      closed(item, CALL, at);
      addCall(messages, item);
      return;
    case "function_call_output":
      closed(item, OUTPUT, at);
      messages.push({
        role: "tool", tool_call_id: item.get("call_id") ?? NOTHING, content: content(item.get("output"), `${at}.output`),
      });
      return;
    case "reasoning":
      // What a model thought in an earlier turn: nodes take none of it.
      notSent.add("input.reasoning");
      return;
    default:
      throw refused(`${at}.type`, "is not message, function_call, function_call_output or reasoning");
  }
}

/** Add a call to the assistant's message that it belongs to: what it said, or called, just before. */
function addCall(messages: JsonObject[], item: Members): void {
  const wanted = { name: item.get("name") ?? NOTHING, arguments: item.get("arguments") ?? NOTHING };
  const call = { id: item.get("call_id") ?? NOTHING, type: "function", function: wanted };
  const said = messages.at(-1);
  if (said?.["role"] !== "assistant") {
    messages.push({ role: "assistant", content: null, tool_calls: [call] });
    return;
  }
  const calls = said["tool_calls"];
  messages[messages.length - 1] = { ...said, tool_calls: [...(isList(calls) ? calls : []), call] };
}

function content(value: Json | undefined, at: string): Json {
  if (isList(value)) return value.map((one, index) => part(one, `${at}[${String(index)}]`));
  if (typeof value !== "string") throw refused(at, "is neither text nor a list", "invalid_type");
  return value;
}

function part(value: Json, at: string): JsonObject {
  if (!isObject(value)) throw refused(at, "is not an object", "invalid_type");
  const found = present(value);
  const type = found.get("type");
  if (type === "input_image") {
    closed(found, IMAGE, at);
    return { type: "image_url", image_url: { url: found.get("image_url") ?? NOTHING, detail: found.get("detail") ?? NOTHING } };
  }
  if (type !== "input_text" && type !== "output_text") {
    throw refused(`${at}.type`, "is not input_text, input_image or output_text");
  }
  closed(found, PART, at);
  return { type: "text", text: found.get("text") ?? NOTHING };
}

function closed(item: Members, allowed: readonly string[], at: string): void {
  for (const name of [...item.keys()].sort()) if (!allowed.includes(name)) throw refused(`${at}.${name}`, "is not supported");
}
