/** An answer as the OpenAI API tells it: chunks while it grows, one object when it is whole. Vectors: proxy/answers. */

import { base64urlDecode } from "@privity/protocol/canonical";
import { type Line, type Logprobs } from "@privity/protocol/lines";

import { ApiError } from "./errors.ts";
import { type Json, type JsonObject } from "./reading.ts";

/** What every object of one answer carries; `created` in Unix seconds. */
export interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

interface Call {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

const MILLIONTHS = 1_000_000;

/** One answer: `take` its lines in order. */
export class ChatAnswer {
  readonly #head: Head;
  readonly #usageAsked: boolean;
  #text = "";
  #reasoning = "";
  #calls = new Map<number, Call>();
  #likely: JsonObject[] = [];
  #notices = new Set<string>();
  #usage: JsonObject | null = null;
  #reason = "";

  constructor(head: Head, usageAsked = false) {
    this.#head = head;
    this.#usageAsked = usageAsked;
  }

  /** The chunk that opens the answer. */
  begin(): JsonObject {
    return this.#chunk({ role: "assistant", content: "" });
  }

  /** The chunks that a line makes. Raises ApiError when somebody else stopped the answer. */
  take(line: Line): readonly JsonObject[] {
    switch (line.t) {
      case "text": this.#text += line.d; return [this.#chunk({ content: line.d })];
      case "reasoning": this.#reasoning += line.d; return [this.#chunk({ reasoning_content: line.d })];
      case "tool": return [this.#chunk(this.#called(line.index, line.id, line.name, line.arguments))];
      case "logprobs": return this.#weighed(line);
      case "notice": this.#notices.add(line.code); return [];
      case "usage": this.#usage = usageOf(line.prompt, line.cached, line.completion); return [];
      case "done": this.#end(line.reason); return [];
      case "receipt": case "embedding": return [];
    }
  }

  /** The last chunks: why the answer ended, and what it took where that was asked for. Only once it is complete. */
  end(): readonly JsonObject[] {
    const last = { ...this.#chunk({}, this.#reason), ...this.#noticed() };
    if (!this.#usageAsked) return [last];
    return [last, { ...this.#object("chat.completion.chunk", []), usage: this.#usage }];
  }

  /** The whole answer. */
  whole(): JsonObject {
    const calls = [...this.#calls.values()].map(({ id, name, arguments: given }) => (
      { id, type: "function", function: { name, arguments: given } }));
    const message: JsonObject = {
      role: "assistant", content: this.#text === "" && calls.length > 0 ? null : this.#text, refusal: null,
      ...(this.#reasoning === "" ? {} : { reasoning_content: this.#reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
    const choice = { index: 0, message, logprobs: told(this.#likely), finish_reason: this.#reason };
    return { ...this.#object("chat.completion", [choice]), usage: this.#usage, ...this.#noticed() };
  }

  /** Forget everything: the answer was lost and begins again. */
  beginAnew(): void {
    this.#text = this.#reasoning = this.#reason = "";
    this.#calls = new Map();
    this.#likely = [];
    this.#notices = new Set();
    this.#usage = null;
  }

  #called(index: number, id: string, name: string, piece: string): JsonObject {
    const call = this.#calls.get(index);
    if (call !== undefined) {
      call.arguments += piece;
      return { tool_calls: [{ index, function: { arguments: piece } }] };
    }
    this.#calls.set(index, { id, name, arguments: piece });
    return { tool_calls: [{ index, id, type: "function", function: { name, arguments: piece } }] };
  }

  #weighed(line: Logprobs): readonly JsonObject[] {
    const added = weights(line);
    this.#likely.push(...added);
    return added.length === 0 ? [] : [this.#chunk({}, null, told(added))];
  }

  #end(reason: string): void {
    if (reason === "stopped") {
      const message = "The answer was stopped before its end.";
      throw new ApiError({ status: 502, message, type: "server_error", code: "stopped", param: null });
    }
    this.#reason = reason;
  }

  #chunk(delta: JsonObject, reason: string | null = null, likely: Json = null): JsonObject {
    const choice = { index: 0, delta, logprobs: likely, finish_reason: reason };
    return { ...this.#object("chat.completion.chunk", [choice]), ...(this.#usageAsked ? { usage: null } : {}) };
  }

  #object(object: string, choices: readonly JsonObject[]): JsonObject {
    const { id, created, model } = this.#head;
    return { id, object, created, model, choices };
  }

  #noticed(): JsonObject {
    return this.#notices.size === 0 ? {} : { privity: { notices: [...this.#notices].sort() } };
  }
}

function usageOf(prompt: number, cached: number, completion: number): JsonObject {
  return {
    prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function told(tokens: readonly JsonObject[]): Json {
  return tokens.length === 0 ? null : { content: [...tokens], refusal: null };
}

/** The tokens of a line, each with its alternatives. */
function weights(line: Logprobs): readonly JsonObject[] {
  const found: JsonObject[] = [];
  let at = 0;
  for (const alternatives of line.top) {
    const others = Array.from({ length: alternatives }, (_, place) => weight(line, at + 1 + place));
    found.push({ ...weight(line, at), top_logprobs: others });
    at += 1 + alternatives;
  }
  return found;
}

function weight(line: Logprobs, place: number): JsonObject {
  // A token may be a part of a character: its bytes are exact, its text then is not.
  const data = base64urlDecode(line.bytes[place] ?? "") ?? new Uint8Array(0);
  const token = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
  return { token, logprob: (0 - (line.surprisal[place] ?? 0)) / MILLIONTHS, bytes: [...data] };
}
