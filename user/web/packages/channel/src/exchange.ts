/**
 * One request from the first byte to CLOSE: which node, which session, what after a failure.
 *
 * Source: specs/ec1.md (errors, resume), specs/application.md. Rules that hold on every path: the payload of all tries is
 * the same bytes, so the request id and the padded size are kept; a node is used only when it was verified; an answer
 * counts as complete only after END was authenticated. What goes over the network is the carrier's business.
 */

import { MAX_TRIES } from "@privity/protocol/admission";
import { type Bytes, concat } from "@privity/protocol/bytes";
import { type Session } from "@privity/protocol/chain";
import { Malformed, PrivityError } from "@privity/protocol/errors";
import { beginHello } from "@privity/protocol/hello";
import { LineReader, type SignedReceipt } from "@privity/protocol/lines";
import { type Event as Record, type ResponseReader } from "@privity/protocol/response";
import { beginRun } from "@privity/protocol/run";
import { TrustError } from "@privity/trust/errors";

import { type Chain, type Place } from "./chain.ts";
import { choose } from "./choice.ts";
import { ChannelError, type ChannelReason } from "./errors.ts";
import { type Event } from "./events.ts";
import { type Ground } from "./ground.ts";
import { type VerifiedNode } from "./nodes.ts";
import { NO_RESPONSE, react } from "./reaction.ts";
import { innerReason, payload, type Request, resumePayload } from "./request.ts";
import { receiptOf } from "./signed.ts";

const OK = 200;

/** HTTP status and bounded body; status 0 when no response came. */
export interface Reply {
  readonly status: number;
  readonly body: Bytes;
}

/** Carries what an exchange sends, and decides nothing. Every method raises the reason of an abort. */
export interface Carrier {
  /** Verified nodes, at least one. `refresh` asks the server anew. */
  nodes(model: string, refresh: boolean): Promise<readonly VerifiedNode[]>;
  hello(node: VerifiedNode, body: Bytes): Promise<Reply>;
  /** Send a RUN and leave the response open; its status, 0 when none came. */
  run(node: VerifiedNode, body: Bytes): Promise<number>;
  /** The next bytes of the open response; null at its end, orderly or cut: the records say which. */
  receive(): Promise<Uint8Array | null>;
  pause(seconds: number): Promise<void>;
}

/** The tokens that a request costs at `node`, the same at each try. What it raises ends the request: nothing was sent. */
export type Pay = (node: VerifiedNode) => Promise<readonly Bytes[]>;

/** What one exchange is about. `pinned` is for what only the node that holds an answer can do: stop it. */
export interface Errand {
  readonly request: Request;
  readonly chain: Chain;
  /** Whether a lost answer may begin anew, which makes void what was delivered. */
  readonly restart: boolean;
  readonly pinned: VerifiedNode | null;
  /** Absent: the request has its tokens with it. */
  readonly pay?: Pay | undefined;
}

/** A try ended with this outer status; 0 when no response came. */
class Failed extends Error {
  readonly status: number;
  readonly detail: string;

  constructor(status: number, detail = "") {
    super(`status ${String(status)}`);
    this.status = status;
    this.detail = detail;
  }
}

/** The response ended before END. */
class Cut extends Error {}

/** The rest of the answer cannot be had; `reason` is what the user reads if it does not begin anew. */
class Gone extends Error {
  readonly reason: ChannelReason;

  constructor(reason: ChannelReason) {
    super(reason);
    this.reason = reason;
  }
}

type Flow<Result = void> = AsyncGenerator<Event, Result, void>;

/** The state of one request. */
export class Exchange {
  readonly #errand: Errand;
  readonly #carrier: Carrier;
  readonly #ground: Ground;
  readonly #avoid = new Set<string>();
  #lines = new LineReader();
  /** What a receipt is about: kept only where the request asked for one. */
  #heard: Bytes[] = [];
  #signed: SignedReceipt | null = null;
  #search = false;
  #holder: VerifiedNode | null = null;
  #ended = false;

  constructor(errand: Errand, carrier: Carrier, ground: Ground) {
    this.#errand = errand;
    this.#carrier = carrier;
    this.#ground = ground;
  }

  /** Drive the request to its end. Raises a documented error when it fails; what was delivered until then is partial. */
  async *run(): Flow {
    for (let sent = 1; ; sent += 1) {
      try {
        return yield* this.#attempt();
      } catch (fault) {
        if (fault instanceof Failed) yield* this.#again(fault, sent);
        else if (fault instanceof Gone) yield* this.#startOver(fault, sent);
        else throw fault;
      }
    }
  }

  async *#again({ status, detail }: Failed, sent: number): Flow {
    const { reason, wait, elsewhere, search } = react(status, sent, this.#ground.entropy, detail);
    if (elsewhere && this.#holder !== null) this.#avoid.add(this.#holder.digest);
    this.#search = search;
    yield { kind: "retrying", reason, wait };
    await this.#carrier.pause(wait);
  }

  *#startOver({ reason }: Gone, sent: number): Generator<Event> {
    if (!this.#errand.restart || sent >= MAX_TRIES) throw new ChannelError(reason);
    this.#lines = new LineReader();
    this.#heard = [];
    this.#signed = null;
    yield { kind: "restarted" };
  }

  async *#attempt(): Flow {
    const { request, pay } = this.#errand;
    const place = await this.#session();
    const paid = pay === undefined ? request : { ...request, tokens: await pay(place.node) };
    try {
      yield* this.#send(place, payload(paid));
    } catch (fault) {
      if (!(fault instanceof Cut)) throw fault;
      if (!request.resume) throw new ChannelError("answer_cut");
      yield* this.#resume(place.node);
    }
  }

  async *#resume(node: VerifiedNode): Flow {
    const { clock, entropy } = this.#ground;
    for (let sent = 1; sent <= MAX_TRIES; sent += 1) {
      yield { kind: "resuming" };
      try {
        const place = { node, session: await this.#hello(node), began: clock() };
        return yield* this.#send(place, resumePayload(this.#errand.request, this.#lines.received));
      } catch (fault) {
        if (!(fault instanceof Cut || fault instanceof Failed)) throw fault;
        const status = fault instanceof Failed ? fault.status : NO_RESPONSE;
        if (sent < MAX_TRIES) await this.#carrier.pause(react(status, sent, entropy).wait);
      }
    }
    throw new Gone("answer_cut");
  }

  async #session(): Promise<Place> {
    const { chain, request, pinned } = this.#errand;
    const held = chain.take(request.model, this.#ground.clock());
    if (held !== null) {
      this.#holder = held.node;
      return held;
    }
    const node = pinned ?? await this.#choose();
    this.#holder = node;
    return { node, session: await this.#hello(node), began: this.#ground.clock() };
  }

  async #choose(): Promise<VerifiedNode> {
    const { model } = this.#errand.request;
    let found: readonly VerifiedNode[];
    try {
      found = await this.#carrier.nodes(model, this.#search);
    } catch (fault) {
      if (fault instanceof TrustError && fault.reason === "unreachable") throw new Failed(NO_RESPONSE, fault.detail);
      throw fault;
    }
    this.#search = false;
    const fresh = found.filter(({ digest }) => !this.#avoid.has(digest));
    return choose(fresh.length > 0 ? fresh : found, this.#ground.entropy);
  }

  async #hello(node: VerifiedNode): Promise<Session> {
    const { xwing } = this.#ground;
    const { sent, request } = await beginHello({
      nodeKey: node.key, nodeDocument: node.document, encapsulate: xwing.encapsulate, ephemeral: await xwing.generate(),
    });
    const { status, body } = await this.#carrier.hello(node, request);
    if (status !== OK) throw new Failed(status);
    return sent.finish(body);
  }

  async *#send({ node, session, began }: Place, data: Bytes): Flow {
    const { sent, request } = await beginRun(session, data, this.#ground.entropy);
    const status = await this.#carrier.run(node, request);
    if (status !== OK) throw new Failed(status);
    yield { kind: "accepted", node };
    const reader = sent.response();
    if (!(yield* this.#read(reader, node))) return;
    const following = reader.nextSession();
    if (following !== null) this.#errand.chain.renew({ node, session: following, began }, this.#ground.clock());
  }

  /** Take the response to its end; whether CLOSE came, so that the next session may be used. Raises Cut before END. */
  async *#read(reader: ResponseReader, node: VerifiedNode): Flow<boolean> {
    for (;;) {
      const data = await this.#carrier.receive();
      let events: readonly Record[];
      try {
        if (data === null) reader.eof();
        events = data === null ? [] : await reader.feed(data);
      } catch (fault) {
        if (!(fault instanceof PrivityError)) throw fault;
        // The answer is whole already; what follows its end is padding, and a fault there costs the next session only.
        if (this.#ended) return false;
        throw fault instanceof Malformed && fault.reason === "truncated" ? new Cut() : fault;
      }
      for (const event of events) yield* this.#take(event, node);
      if (data === null) return true;
    }
  }

  async *#take(event: Record, node: VerifiedNode): Flow {
    if (event.kind === "error") throw innerFault(event.code, event.text);
    if (event.kind !== "data" && event.kind !== "end") return;
    const { request } = this.#errand;
    if (request.receipt) this.#heard.push(event.data);
    for (const value of this.#lines.feed(event.data)) {
      if (value.t === "receipt") this.#signed = value;
      yield { kind: "line", value };
    }
    if (event.kind === "data") return;
    // Whoever only says stop waits for no answer; all else is whole with its done line, and not before.
    if (request.op === "stop") {
      this.#ended = true;
      yield { kind: "complete" };
      return;
    }
    const done = this.#lines.finish();
    this.#ended = true;
    if (!request.receipt) yield { kind: "complete" };
    else {
      const ending = { heard: concat(...this.#heard), signed: this.#signed, done };
      yield { kind: "complete", receipt: await receiptOf(request, node, ending) };
    }
  }
}

function innerFault(code: number, text: string): Error {
  const reason = innerReason(code);
  return reason === "answer_gone" ? new Gone(reason) : new ChannelError(reason, text);
}
