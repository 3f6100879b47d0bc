/**
 * A `fetch` that answers the OpenAI API from verified enclaves: `new OpenAI({ fetch: privityFetch({ … }) })`.
 *
 * Whatever host a program names, nothing is sent to it. Routes and refusals are those of the proxy. Source: specs/proxy.md.
 */

import { Connection, type Visit } from "@privity/channel/sdk";
import { turned } from "@privity/channel/relayed";
import { base64urlEncode } from "@privity/protocol/canonical";

import { AccountPurse } from "./account_purse.ts";
import { type Asked, Asking, type Heard, type Link } from "./asking.ts";
import { type Choice, Chunks, completion, type Head, usageChunk } from "./chat_answer.ts";
import { bodiesOf, type ChatCall, choicesOf, readChat } from "./chat_request.ts";
import { type EmbedCall, readEmbeddings, Vectors } from "./embeddings.ts";
import { ApiError } from "./errors.ts";
import { GuestPurse } from "./guest_purse.ts";
import { KeptResponses } from "./kept_responses.ts";
import { model, models } from "./models.ts";
import { heardBy, type Options, relayOf, type Settings, settingsOf } from "./options.ts";
import { isList, type Json, type JsonObject } from "./reading.ts";
import { unwanted } from "./receipts.ts";
import { apiError, event, refusal, Reply } from "./reply.ts";
import { ResponsesAnswer } from "./responses_answer.ts";
import { readResponse, renamed, type ResponsesCall } from "./responses_request.ts";

export type { Link } from "./asking.ts";
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const DONE = "data: [DONE]\n\n";
const ID_BYTES = 18;
const RESPONSE = "/v1/responses/";
const MODEL = "/v1/models/";

/**
 * The server of `visit`, as a `fetch` of the OpenAI API. Test enclaves are refused unless `visit.roots` names their
 * development root: giving one is the consent, and whoever runs them can read everything.
 *
 * Raises TrustError for the pin, TypeError and RangeError for options that are none.
 */
export function privityFetch(visit: Visit, options: Options = {}): Fetch {
  const settings = settingsOf(options);
  const relay = relayOf(options);
  const { origin, ground } = visit;
  const way = relay === null ? ground : { ...ground, fetch: turned(ground.fetch, new URL(origin).origin, relay) };
  const { source, channel, server } = new Connection(heardBy({ ...visit, ground: way }, settings.progress));
  const meter = { deploy: server.pin.deploy, listed: () => source.standing?.posted.issuers ?? null };
  const { account } = options;
  const purse = account === undefined
    ? new GuestPurse({ origin, ground, meter, hidden: relay !== null }) : new AccountPurse({ origin, ground, meter }, account);
  return answering({ source, channel, ground: way, purse }, options);
}

/** The same over what is given. */
export function answering(link: Link, options: Options = {}): Fetch {
  const settings = settingsOf(options);
  const api = new Api(link, settings);
  return async (input, init) => {
    const request = new Request(input, init);
    const over = new AbortController();
    const { signal } = request;
    const end = (): void => over.abort(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
    try {
      const answer = api.answer(request, over);
      // Whoever aborts waits for nothing, not even for a search of nodes; what still comes is heard by nobody.
      answer.catch(() => undefined);
      return await Promise.race([answer, aborted(over.signal)]);
    } catch (error) {
      if (over.signal.aborted) throw over.signal.reason;
      return refusal(apiError(error));
    }
  };
}

/** Never resolves; rejects with the reason of an abort. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
  });
}

type Route = (request: Request, over: AbortController) => Promise<Response> | Response;

class Api {
  readonly #link: Link;
  readonly #settings: Settings;
  readonly #asking: Asking;
  readonly #kept = new KeptResponses();

  constructor(link: Link, settings: Settings) {
    this.#link = link;
    this.#settings = settings;
    this.#asking = new Asking(link, settings);
  }

  async answer(request: Request, over: AbortController): Promise<Response> {
    const path = pathOf(request.url);
    const routes = this.#routes(path);
    if (routes.size === 0) throw wrong(404, `There is no route ${path.slice(0, 128)}.`, "unknown_url");
    const route = routes.get(request.method);
    if (route === undefined) throw wrong(405, `This route takes ${[...routes.keys()].join(", ")}.`, "method_not_allowed");
    const { headers } = request;
    if (headers.has("content-encoding")) throw wrong(415, "The body is compressed; send it as it is.", "content_encoding");
    if (this.#settings.receipts === null && wantsReceipt(request)) throw unwanted();
    return route(request, over);
  }

  #routes(path: string): ReadonlyMap<string, Route> {
    const id = path.startsWith(RESPONSE) ? path.slice(RESPONSE.length) : "/";
    if (!id.includes("/")) return new Map([["GET", () => this.#told(id)], ["DELETE", () => this.#forgotten(id)]]);
    if (path.startsWith(MODEL)) {
      return new Map([["GET", async () => this.#reply().json(model(await this.#nodes(), path.slice(MODEL.length)))]]);
    }
    switch (path) {
      case "/v1/models": return new Map([["GET", async () => this.#reply().json(models(await this.#nodes()))]]);
      case "/v1/chat/completions": return new Map<string, Route>([["POST", async (request, over) => (
        this.#chat(readChat(await request.text()), request, over))]]);
      case "/v1/embeddings": return new Map<string, Route>([["POST", async (request, over) => (
        this.#embed(readEmbeddings(await request.text()), request, over))]]);
      case "/v1/responses": return new Map<string, Route>([["POST", async (request, over) => {
        const call = readResponse(await request.text(), (earlier) => this.#kept.messages(earlier));
        return this.#respond(call, request, over);
      }]]);
      default: return new Map();
    }
  }

  async #chat(call: ChatCall, request: Request, over: AbortController): Promise<Response> {
    const head = { id: this.#newId("chatcmpl"), created: this.#link.ground.clock(), model: call.model };
    const choices = choicesOf(call);
    const reply = this.#reply(call.notSent);
    const receipt = this.#receipt(request, reply, head.id);
    const events = this.#heard({ ...asked(call), receipt }, reply, over, !call.stream);
    if (call.stream) return reply.stream(told(events, head, choices, call.includeUsage), over, (error) => event(error.body()));
    for await (const { index, event: one } of events) {
      if (one.kind === "line") choices[index]?.take(one.value);
      if (one.kind === "restarted") choices[index]?.beginAnew();
    }
    return reply.json(completion(head, choices));
  }

  async #embed(call: EmbedCall, request: Request, over: AbortController): Promise<Response> {
    const vectors = new Vectors(call);
    const reply = this.#reply(call.notSent);
    const receipt = this.#receipt(request, reply, this.#newId("embd"));
    const wanted: Asked = { op: "embed", model: call.model, bodies: [call.body], messages: [], receipt };
    for await (const { event: one } of this.#heard(wanted, reply, over, false)) {
      if (one.kind === "line") vectors.take(one.value);
    }
    return reply.json(vectors.told());
  }

  async #respond(call: ResponsesCall, request: Request, over: AbortController): Promise<Response> {
    const { chat, echo, store } = call;
    const [choice] = choicesOf(chat);
    if (choice === undefined) throw new Error("a response is one choice");
    const title = { id: this.#newId("resp"), created: this.#link.ground.clock(), model: chat.model, echo, store };
    const answer = new ResponsesAnswer(title, (prefix) => this.#newId(prefix), choice);
    const reply = this.#reply(chat.notSent);
    const receipt = this.#receipt(request, reply, title.id);
    const events = inTheirNames(this.#heard({ ...asked(chat), receipt }, reply, over, !call.stream), over);
    const end = (): readonly JsonObject[] => {
      const last = answer.finish();
      if (store) this.#kept.keep(title.id, [...call.history, ...answer.messages()], answer.told(answer.status));
      return last;
    };
    if (call.stream) return reply.stream(responded(events, answer, end), over, (error) => named(answer.fail(error)));
    for await (const { event: one } of events) {
      if (one.kind === "line") answer.take(one.value);
      if (one.kind === "restarted") answer.beginAnew();
    }
    end();
    return reply.json(answer.told(answer.status));
  }

  /** What is heard of an answer; its nodes are noted for the headers. One that takes too long ends. */
  async *#heard(wanted: Asked, reply: Reply, over: AbortController, restart: boolean): AsyncGenerator<Heard, void, void> {
    const ended = new AbortController();
    const { timeout } = this.#settings;
    if (timeout !== null) {
      void this.#link.ground.sleep(timeout, ended.signal).then(() => {
        const late = new DOMException(`The answer timed out: ${String(timeout)} seconds.`, "TimeoutError");
        if (!ended.signal.aborted) over.abort(late);
      });
    }
    try {
      for await (const heard of this.#asking.ask(wanted, { signal: over.signal, restart })) {
        if (heard.event.kind === "accepted") reply.nodes.push(heard.event.node);
        yield heard;
      }
    } finally {
      ended.abort();
    }
  }

  /** The name under which a receipt of the answer is kept, which the answer says; "" where none is asked for. */
  #receipt(request: Request, reply: Reply, id: string): string {
    const { receipts } = this.#settings;
    if (receipts?.every === true || wantsReceipt(request)) reply.receipt = id;
    return reply.receipt;
  }

  #told(id: string): Response {
    const found = this.#kept.told(id);
    if (found === null) throw unknown(id);
    return this.#reply().json(found);
  }

  #forgotten(id: string): Response {
    if (!this.#kept.forget(id)) throw unknown(id);
    return this.#reply().json({ id, object: "response", deleted: true });
  }

  #nodes(): ReturnType<Link["source"]["nodes"]> {
    return this.#link.source.nodes("", false);
  }

  #reply(notSent: readonly string[] = []): Reply {
    return new Reply(this.#newId("req"), notSent);
  }

  #newId(prefix: string): string {
    return `${prefix}_${base64urlEncode(this.#link.ground.entropy(ID_BYTES))}`;
  }
}

/** The texts of a streamed chat completion. */
async function* told(
  events: AsyncGenerator<Heard, void, void>, head: Head, choices: readonly Choice[], usage: boolean,
): AsyncGenerator<string, void, void> {
  const chunks = choices.map((choice) => new Chunks(head, choice, usage));
  let opening = chunks.map((one) => event(one.begin())).join("");
  for await (const { index, event: one } of events) {
    const of = chunks[index];
    const made = of === undefined ? [] : one.kind === "line" ? of.take(one.value) : one.kind === "complete" ? [of.end()] : [];
    if (made.length === 0) continue;
    yield opening + made.map((chunk) => event(chunk)).join("");
    opening = "";
  }
  yield opening + (usage ? event(usageChunk(head, choices)) : "") + DONE;
}

/** The texts of a streamed response. */
async function* responded(
  events: AsyncGenerator<Heard, void, void>, answer: ResponsesAnswer, end: () => readonly JsonObject[],
): AsyncGenerator<string, void, void> {
  let opening = named(answer.begin());
  for await (const { event: one } of events) {
    const said = one.kind === "line" ? named(answer.take(one.value)) : "";
    if (said === "") continue;
    yield opening + said;
    opening = "";
  }
  yield opening + named(end());
}

/** Members have other names in the Responses API than in the request that a node gets. */
async function* inTheirNames(
  events: AsyncGenerator<Heard, void, void>, { signal }: AbortController,
): AsyncGenerator<Heard, void, void> {
  try {
    yield* events;
  } catch (error) {
    throw signal.aborted ? error : renamed(apiError(error));
  }
}

function wantsReceipt({ headers }: Request): boolean {
  return headers.get("x-privity-receipt") === "true";
}

function asked(call: ChatCall): Omit<Asked, "receipt"> {
  const { messages } = call.body;
  const said: readonly Json[] = isList(messages) ? messages : [];
  return { op: "chat", model: call.model, bodies: bodiesOf(call), messages: said };
}

function named(events: readonly JsonObject[]): string {
  return events.map((one) => event(one, typeof one["type"] === "string" ? one["type"] : "")).join("");
}

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

function unknown(id: string): ApiError {
  const why = `No response ${id.slice(0, 64)} is kept in this program; responses are forgotten when it ends.`;
  return wrong(404, why, "response_not_found");
}

function wrong(status: number, message: string, code: string): ApiError {
  return new ApiError({ status, message, type: "invalid_request_error", code, param: null });
}
