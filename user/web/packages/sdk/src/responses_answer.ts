/** An answer as the Responses API tells it: events while it grows, one object when it is whole. Vectors: proxy/events. */

import { type Line } from "@privity/protocol/lines";

import { type Choice } from "./chat_answer.ts";
import { type ApiError } from "./errors.ts";
import { type Json, type JsonObject } from "./reading.ts";

type Kind = "message" | "reasoning" | "function_call";
export type Status = "in_progress" | "completed" | "incomplete" | "failed";

/** A fresh id with this prefix. */
export type NewId = (prefix: string) => string;

/** What names a response; `echo` are the members of the request that it repeats, `created` in Unix seconds. */
export interface Title {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly echo: JsonObject;
  readonly store: boolean;
}

const PREFIX: Readonly<Record<Kind, string>> = { message: "msg", reasoning: "rs", function_call: "fc" };
const DELTA: Readonly<Record<Kind, string>> = {
  message: "output_text", reasoning: "reasoning_text", function_call: "function_call_arguments",
};

/** One item of the output as it grows. */
class Item {
  readonly kind: Kind;
  open = true;
  readonly #id: string;
  readonly #place: number;
  readonly #call: JsonObject;
  readonly #likely: JsonObject[] = [];
  #text = "";

  constructor(kind: Kind, id: string, place: number, call: JsonObject) {
    this.kind = kind;
    this.#id = id;
    this.#place = place;
    this.#call = call;
  }

  /** The item as the API tells it. */
  whole(status = "completed"): JsonObject {
    const item = { id: this.#id, type: this.kind, status };
    if (this.kind === "function_call") return { ...item, ...this.#call, arguments: this.#text };
    const own: JsonObject = this.kind === "message" ? { role: "assistant" } : { summary: [] };
    return { ...item, ...own, content: status === "in_progress" ? [] : [this.#part(this.#text)] };
  }

  /** The events that open it. */
  begin(): readonly JsonObject[] {
    const added = this.#ofItem("added", "in_progress");
    if (this.kind === "function_call") return [added];
    return [added, this.#event("response.content_part.added", { content_index: 0, part: this.#part("") })];
  }

  /** The event of a piece, or of how likely pieces before it were. */
  add(said: string, likely: readonly JsonObject[] = []): JsonObject {
    this.#text += said;
    this.#likely.push(...likely);
    return this.#event(`response.${DELTA[this.kind]}.delta`, { ...this.#index, delta: said, ...this.#weights(likely) });
  }

  /** The events that close it. */
  end(): readonly JsonObject[] {
    if (!this.open) return [];
    this.open = false;
    const kind = `response.${DELTA[this.kind]}.done`;
    const done = this.#ofItem("done", "completed");
    if (this.kind === "function_call") {
      return [this.#event(kind, { arguments: this.#text, name: this.#call["name"] ?? "" }), done];
    }
    return [
      this.#event(kind, { ...this.#index, text: this.#text, ...this.#weights(this.#likely) }),
      this.#event("response.content_part.done", { ...this.#index, part: this.#part(this.#text) }),
      done,
    ];
  }

  get #index(): JsonObject {
    return this.kind === "function_call" ? {} : { content_index: 0 };
  }

  #weights(likely: readonly JsonObject[]): JsonObject {
    return this.kind === "message" ? { logprobs: [...likely] } : {};
  }

  #part(text: string): JsonObject {
    return { type: DELTA[this.kind], text, ...(this.kind === "message" ? { annotations: [], logprobs: [...this.#likely] } : {}) };
  }

  #event(type: string, members: JsonObject): JsonObject {
    return { type, item_id: this.#id, output_index: this.#place, ...members };
  }

  #ofItem(what: string, status: string): JsonObject {
    return { type: `response.output_item.${what}`, output_index: this.#place, item: this.whole(status) };
  }
}

/** One response: `take` its lines in order. */
export class ResponsesAnswer {
  readonly #title: Title;
  readonly #newId: NewId;
  readonly #choice: Choice;
  readonly #calls = new Map<number, Item>();
  #items: Item[] = [];
  #waiting: JsonObject[] = [];
  #events = 0;

  constructor(title: Title, newId: NewId, choice: Choice) {
    this.#title = title;
    this.#newId = newId;
    this.#choice = choice;
  }

  /** The events that open the response. */
  begin(): readonly JsonObject[] {
    const response = this.told("in_progress");
    return this.#numbered(["created", "in_progress"].map((name) => ({ type: `response.${name}`, response })));
  }

  /** Fold a line in; its events. Raises ApiError as `Choice.take`. */
  take(given: Line): readonly JsonObject[] {
    const unnamed = given.t === "tool" && !this.#calls.has(given.index) && given.id === "";
    const line = unnamed ? { ...given, id: this.#newId("call") } : given;
    const before = this.#choice.likely.length;
    this.#choice.take(line);
    switch (line.t) {
      case "reasoning": return this.#numbered(this.#said("reasoning", line.d));
      case "text": return this.#numbered(this.#said("message", line.d));
      case "tool": return this.#numbered(this.#called(line.index, { call_id: line.id, name: line.name }, line.arguments));
      case "logprobs": return this.#numbered(this.#weighed(this.#choice.likely.slice(before)));
      default: return [];
    }
  }

  /** Forget everything: the answer was lost and begins again. */
  beginAnew(): void {
    this.#choice.beginAnew();
    this.#items = [];
    this.#waiting = [];
    this.#calls.clear();
  }

  /** The events that end a complete answer: once it is complete, and not before. */
  finish(): readonly JsonObject[] {
    const closed = this.#items.flatMap((item) => item.end());
    return this.#numbered([...closed, { type: `response.${this.status}`, response: this.told(this.status) }]);
  }

  /** The events that end an answer that did not become complete. */
  fail({ message }: ApiError): readonly JsonObject[] {
    const response = { ...this.told("failed"), error: { code: "server_error", message } };
    return this.#numbered([{ type: "response.failed", response }]);
  }

  /** How a complete answer ended. */
  get status(): Status {
    return this.#choice.reason === "length" ? "incomplete" : "completed";
  }

  /** What the model said, as the next turn repeats it. */
  messages(): readonly JsonObject[] {
    const message = this.#choice.message();
    return [Object.fromEntries(Object.entries(message).filter(([name]) => ["role", "content", "tool_calls"].includes(name)))];
  }

  /** The response as one object. */
  told(status: Status): JsonObject {
    const { id, created, model, echo, store } = this.#title;
    const over = status === "completed" || status === "incomplete";
    return {
      id, object: "response", created_at: created, status, error: null,
      incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
      ...echo, model, output: status === "in_progress" ? [] : this.#items.map((item) => item.whole()),
      parallel_tool_calls: echo["parallel_tool_calls"] !== false, store, usage: over ? this.#usage() : null,
    };
  }

  #said(kind: Kind, text: string): readonly JsonObject[] {
    const last = this.#items.at(-1);
    if (last?.kind === kind && last.open) return [last.add(text)];
    const events = this.#open(kind, {});
    const waiting = kind === "message" ? this.#waiting.splice(0) : [];
    return [...events.told, events.item.add(text, waiting)];
  }

  /** How likely tokens were goes with the message; what comes before there is one waits for it. */
  #weighed(added: readonly JsonObject[]): readonly JsonObject[] {
    const last = this.#items.at(-1);
    if (last?.kind === "message" && last.open) return [last.add("", added)];
    this.#waiting.push(...added);
    return [];
  }

  #called(index: number, call: JsonObject, piece: string): readonly JsonObject[] {
    const known = this.#calls.get(index);
    if (known !== undefined) return piece === "" ? [] : [known.add(piece)];
    const { item, told } = this.#open("function_call", call);
    this.#calls.set(index, item);
    return piece === "" ? told : [...told, item.add(piece)];
  }

  #open(kind: Kind, call: JsonObject): { readonly item: Item; readonly told: readonly JsonObject[] } {
    const closed = this.#items.filter((item) => item.kind !== "function_call").flatMap((item) => item.end());
    const item = new Item(kind, this.#newId(PREFIX[kind]), this.#items.length, call);
    this.#items.push(item);
    return { item, told: [...closed, ...item.begin()] };
  }

  #usage(): Json {
    const { usage } = this.#choice;
    if (usage === null) return null;
    const { prompt, cached, completion } = usage;
    return {
      input_tokens: prompt, input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
      output_tokens: completion, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: prompt + completion,
    };
  }

  #numbered(events: readonly JsonObject[]): readonly JsonObject[] {
    const first = this.#events;
    this.#events += events.length;
    return events.map((event, at) => ({ ...event, sequence_number: first + at }));
  }
}
