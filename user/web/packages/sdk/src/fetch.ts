/**
 * A `fetch` that answers the OpenAI API from verified enclaves: `new OpenAI({ fetch: privityFetch({ … }) })`.
 *
 * Whatever host a program names, nothing is sent to it. Routes: chat completions and models. Source: specs/proxy.md.
 */

import { type Channel } from "@privity/channel/channel";
import { Chain } from "@privity/channel/chain";
import { isDocumented } from "@privity/channel/errors";
import { type Ground } from "@privity/channel/ground";
import { type VerifiedNode } from "@privity/channel/nodes";
import { type Request as Sealed, RID } from "@privity/channel/request";
import { Connection, type Visit } from "@privity/channel/sdk";
import { type NodeSource } from "@privity/channel/wire";
import { type Seen } from "@privity/protocol/application";
import { type ProfileName } from "@privity/protocol/binding";
import { toHex } from "@privity/protocol/bytes";
import { encode } from "@privity/protocol/jsontext";

import { ChatAnswer } from "./chat_answer.ts";
import { type ChatCall, readChat } from "./chat_request.ts";
import { ApiError, ofFailure } from "./errors.ts";
import { type JsonObject } from "./reading.ts";

/** What answers: where verified nodes come from, the channel to them, and what both stand on. */
export interface Link {
  readonly source: NodeSource & { readonly seen: readonly Seen[] };
  readonly channel: Pick<Channel, "ask" | "stop">;
  readonly ground: Pick<Ground, "clock" | "entropy">;
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The chunks that one line of an answer makes, and the node that gives it. */
interface Part {
  readonly node: VerifiedNode;
  readonly chunks: readonly JsonObject[];
}

const DONE = "data: [DONE]\n\n";

/**
 * The server of `visit`, as a `fetch` of the OpenAI API. Test enclaves are refused unless `visit.roots` names their
 * development root: giving one is the consent, and whoever runs them can read everything. Raises TrustError for the pin.
 */
export function privityFetch(visit: Visit, profile: ProfileName = "p1"): Fetch {
  const { source, channel } = new Connection(visit);
  return answering({ source, channel, ground: visit.ground }, profile);
}

/** The same over what is given. */
export function answering(link: Link, profile: ProfileName): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    try {
      return await new Answering(link, profile, request.signal).answer(request);
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      return json(apiError(error));
    }
  };
}

class Answering {
  readonly #link: Link;
  readonly #profile: ProfileName;
  readonly #over = new AbortController();

  constructor(link: Link, profile: ProfileName, signal: AbortSignal) {
    this.#link = link;
    this.#profile = profile;
    const end = (): void => this.#over.abort(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener("abort", end);
  }

  async answer(request: Request): Promise<Response> {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    if (route === "GET /v1/models") return this.#models();
    if (route === "POST /v1/chat/completions") return this.#chat(readChat(await request.text()));
    const message = `There is no route ${route.slice(0, 128)}.`;
    throw new ApiError({ status: 404, message, type: "invalid_request_error", code: "unknown_url", param: null });
  }

  async #models(): Promise<Response> {
    const nodes = await this.#link.source.nodes("", false);
    const found = new Map(nodes.flatMap((node) => node.models.map((model) => [model.id, node.appraisedAt] as const)));
    const data = [...found].map(([id, created]) => ({ id, object: "model", created, owned_by: "privity" }));
    return Response.json({ object: "list", data });
  }

  async #chat(call: ChatCall): Promise<Response> {
    const { entropy, clock } = this.#link.ground;
    const [node] = await this.#link.source.nodes(call.model, false);
    if (node === undefined) throw new Error("a search gives at least one node");
    const sealed: Sealed = {
      rid: entropy(RID), op: "chat", body: encode(call.body), model: call.model, profile: this.#profile,
      resume: true, receipt: false, seen: this.#link.source.seen,
    };
    const head = { id: `chatcmpl_${toHex(entropy(RID))}`, created: clock(), model: call.model };
    const answer = new ChatAnswer(head, call.includeUsage);
    const parts = this.#parts(sealed, answer, !call.stream);
    if (call.stream) return this.#streamed(parts, answer, call);
    let by: VerifiedNode = node;
    for await (const part of parts) by = part.node;
    return Response.json(answer.whole(), { headers: headersOf(by, call) });
  }

  /** The chunks of an answer, with the node that gives it; returns once its end was authenticated. */
  async *#parts(
    sealed: Sealed, answer: ChatAnswer, restart: boolean,
  ): AsyncGenerator<Part, void, void> {
    let answers: VerifiedNode | null = null;
    let complete = false;
    try {
      for await (const event of this.#link.channel.ask(sealed, new Chain(), { signal: this.#over.signal, restart })) {
        if (event.kind === "accepted") answers = event.node;
        else if (event.kind === "restarted") answer.beginAnew();
        else if (event.kind === "complete") complete = true;
        else if (event.kind === "line" && answers !== null) yield { node: answers, chunks: answer.take(event.value) };
      }
    } finally {
      // Whoever stops listening ends the answer: its model stops too.
      if (!complete && answers !== null) void this.#link.channel.stop(sealed, answers);
    }
  }

  /** The stream opens with the first line, so that what fails before it is an error with a status of its own. */
  async #streamed(parts: AsyncGenerator<Part, void, void>, answer: ChatAnswer, call: ChatCall): Promise<Response> {
    const first = await parts.next();
    if (first.done === true) throw new Error("a complete answer has a line");
    const text = new TextEncoder();
    const send = (to: ReadableStreamDefaultController<Uint8Array>, chunks: readonly JsonObject[]): void => {
      if (chunks.length > 0) to.enqueue(text.encode(chunks.map(written).join("")));
    };
    const over = this.#over;
    const body = new ReadableStream<Uint8Array>({
      start: (to) => send(to, [answer.begin(), ...first.value.chunks]),
      async pull(to) {
        try {
          // A pull that gives nothing would not be followed by another.
          for (;;) {
            const next = await parts.next();
            if (next.done === true) break;
            send(to, next.value.chunks);
            if (next.value.chunks.length > 0) return;
          }
          send(to, answer.end());
          to.enqueue(text.encode(DONE));
          to.close();
        } catch (error) {
          // Without its mark no reader can take what came for the whole.
          if (!over.signal.aborted) send(to, [apiError(error).body()]);
          to.error(error);
        }
      },
      async cancel(reason) {
        over.abort(reason);
        await parts.return();
      },
    });
    return new Response(body, { headers: { ...headersOf(first.value.node, call), "content-type": "text/event-stream" } });
  }
}

function headersOf(node: VerifiedNode, call: ChatCall): Record<string, string> {
  return {
    "x-privity-node": node.digest, "x-privity-release": node.release,
    ...(node.simulated ? { "x-privity-simulated": "true" } : {}),
    ...(call.notSent.length === 0 ? {} : { "x-privity-not-sent": call.notSent.join(", ") }),
  };
}

function written(chunk: JsonObject): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** Only the kind of a fault of ours is told: its words could quote what was asked. */
function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isDocumented(error)) return ofFailure(error);
  const message = `The client failed (${error instanceof Error ? error.name : typeof error}).`;
  return new ApiError({ status: 500, message, type: "server_error", code: "client_failed", param: null });
}

function json(error: ApiError): Response {
  return Response.json(error.body(), { status: error.told.status });
}
