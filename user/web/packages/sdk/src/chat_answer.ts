/**
 * An answer as the OpenAI API tells it: chunks while it grows, one object when it is whole. Vectors: proxy/answers.
 *
 * `privity` is a member of our own, and only there where a node gave notice of something. Usage of several choices counts
 * the prompt once.
 */

import { type Line } from "@privity/protocol/lines";

import { ApiError } from "./errors.ts";
import { MAX_TOP, ofLine, told } from "./likelihoods.ts";
import { type Json, type JsonObject } from "./reading.ts";
import { check, checkCalled, type Strict } from "./strict_tools.ts";

/** What every object of one answer carries; `created` in Unix seconds. */
export interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** A tool call as it grows. */
export interface Call {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

/** Tokens that a node counted. */
export interface Counted {
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
}

/** One choice: `take` its lines in order. */
export class Choice {
  readonly index: number;
  readonly alternatives: number;
  text = "";
  reasoning = "";
  reason = "";
  usage: Counted | null = null;
  readonly calls = new Map<number, Call>();
  readonly likely: JsonObject[] = [];
  readonly notices = new Set<string>();
  readonly #strict: Strict;
  readonly #demanded: string | null;

  /**
   * `alternatives` is how many a token may have, `strict` the schemas of tools whose arguments have to follow them,
   * `demanded` the tool that has to be called (empty: any).
   */
  constructor(index = 0, alternatives = MAX_TOP, strict: Strict = new Map(), demanded: string | null = null) {
    this.index = index;
    this.alternatives = alternatives;
    this.#strict = strict;
    this.#demanded = demanded;
  }

  /**
   * Fold a line in; the deltas that it adds.
   *
   * Raises ApiError when somebody else stopped the answer, and for a call that breaks the schema of a strict tool.
   */
  take(line: Line): readonly JsonObject[] {
    switch (line.t) {
      case "text": this.text += line.d; return [{ content: line.d }];
      case "reasoning": this.reasoning += line.d; return [{ reasoning_content: line.d }];
      case "tool": return [this.#called(line.index, line.id, line.name, line.arguments)];
      case "logprobs": this.likely.push(...ofLine(line, this.alternatives)); return [];
      case "notice": this.notices.add(line.code); return [];
      case "usage": this.usage = line; return [];
      case "done": this.#end(line.reason); return [];
      case "receipt": case "embedding": return [];
    }
  }

  /** Forget everything: the answer was lost and begins again. */
  beginAnew(): void {
    this.text = this.reasoning = this.reason = "";
    this.usage = null;
    this.calls.clear();
    this.notices.clear();
    this.likely.length = 0;
  }

  /** The whole message. */
  message(): JsonObject {
    const calls = [...this.calls.values()].map(({ id, name, arguments: given }) => (
      { id, type: "function", function: { name, arguments: given } }));
    return {
      role: "assistant", content: this.text === "" && calls.length > 0 ? null : this.text, refusal: null,
      ...(this.reasoning === "" ? {} : { reasoning_content: this.reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  }

  /** The choice of a complete answer. */
  whole(): JsonObject {
    return { index: this.index, message: this.message(), logprobs: told(this.likely), finish_reason: this.reason };
  }

  #end(reason: string): void {
    if (reason === "stopped") {
      const message = "The answer was stopped before its end.";
      throw new ApiError({ status: 502, message, type: "server_error", code: "stopped", param: null });
    }
    // At its limit of tokens an answer may end inside a call, and says so.
    if (reason !== "length") {
      checkCalled(this.#demanded, Array.from(this.calls.values(), (call) => call.name));
      for (const call of this.calls.values()) check(this.#strict, call.name, call.arguments);
    }
    this.reason = reason;
  }

  #called(index: number, id: string, name: string, piece: string): JsonObject {
    const call = this.calls.get(index);
    if (call !== undefined) {
      call.arguments += piece;
      return { tool_calls: [{ index, function: { arguments: piece } }] };
    }
    this.calls.set(index, { id, name, arguments: piece });
    return { tool_calls: [{ index, id, type: "function", function: { name, arguments: piece } }] };
  }
}

/** Chunks of one choice of a streamed answer. */
export class Chunks {
  readonly #head: Head;
  readonly #choice: Choice;
  readonly #more: JsonObject;

  /** With `usage` every chunk has a member of that name, as the API says of `include_usage`. */
  constructor(head: Head, choice: Choice, usage: boolean) {
    this.#head = head;
    this.#choice = choice;
    this.#more = usage ? { usage: null } : {};
  }

  /** The chunk that opens the choice. */
  begin(): JsonObject {
    return this.#chunk({ role: "assistant", content: "" });
  }

  /** The chunks that a line makes. Raises ApiError as `Choice.take`. */
  take(line: Line): readonly JsonObject[] {
    const before = this.#choice.likely.length;
    const chunks = this.#choice.take(line).map((delta) => this.#chunk(delta));
    const added = this.#choice.likely.slice(before);
    return added.length === 0 ? chunks : [...chunks, this.#chunk({}, null, told(added))];
  }

  /** The chunk that says why the answer ended: once it is complete, and not before. */
  end(): JsonObject {
    return { ...this.#chunk({}, this.#choice.reason), ...noticed([this.#choice]) };
  }

  #chunk(delta: JsonObject, reason: string | null = null, likely: Json = null): JsonObject {
    const choice = { index: this.#choice.index, delta, logprobs: likely, finish_reason: reason };
    return { ...object(this.#head, "chat.completion.chunk", [choice]), ...this.#more };
  }
}

/** The chunk without choices that ends a stream with `include_usage`. */
export function usageChunk(head: Head, choices: readonly Choice[]): JsonObject {
  return { ...object(head, "chat.completion.chunk", []), usage: usageOf(choices) };
}

/** The whole answer. */
export function completion(head: Head, choices: readonly Choice[]): JsonObject {
  const told = choices.map((choice) => choice.whole());
  return { ...object(head, "chat.completion", told), usage: usageOf(choices), ...noticed(choices) };
}

function object({ id, created, model }: Head, kind: string, choices: readonly JsonObject[]): JsonObject {
  return { id, object: kind, created, model, choices };
}

/** Tokens: those of the prompt once, those generated of all choices; null where a node counted none. */
function usageOf(choices: readonly Choice[]): Json {
  const counted = choices.flatMap(({ usage }) => usage === null ? [] : [usage]);
  const [first] = counted;
  if (first === undefined) return null;
  const generated = counted.reduce((sum, { completion: one }) => sum + one, 0);
  return {
    prompt_tokens: first.prompt, completion_tokens: generated, total_tokens: first.prompt + generated,
    prompt_tokens_details: { cached_tokens: first.cached },
  };
}

function noticed(choices: readonly Choice[]): JsonObject {
  const notices = [...new Set(choices.flatMap((choice) => [...choice.notices]))].sort();
  return notices.length === 0 ? {} : { privity: { notices } };
}
