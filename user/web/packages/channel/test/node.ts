/** A node that speaks EC1 with the real protocol code behind a `fetch`; a script says what goes wrong and when. */

import { decodeRequest, type RequestHeader } from "@privity/protocol/application";
import { ascii, type Bytes, concat, toHex, uint } from "@privity/protocol/bytes";
import { type ChainKey } from "@privity/protocol/chain";
import { answerHello } from "@privity/protocol/hello";
import { sha256 } from "@privity/protocol/kdf";
import { encodeLine, type Line } from "@privity/protocol/lines";
import { type ResponseWriter } from "@privity/protocol/response";
import { RequestReader } from "@privity/protocol/run";
import { portable, type PrivateKey, type XWing } from "@privity/protocol/xwing";

import { type VerifiedNode } from "../src/nodes.ts";

export const ORIGIN = "http://relay.test";
const RECORD = 512;

/** Bytes that differ at each call and are the same in each run. */
export function chance(seed: number): (size: number) => Bytes {
  let state = seed;
  const byte = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  return (size) => Uint8Array.from({ length: size }, byte);
}

export const xwing: XWing = portable(chance(7));

export interface Script {
  lines: readonly Line[];
  /** Outer statuses to give first. */
  readonly helloStatuses: number[];
  readonly runStatuses: number[];
  /** After how many records each response is cut; null is whole. */
  readonly cuts: (number | null)[];
  /** Inner errors to give first. */
  readonly inner: (readonly [code: number, text: string] | null)[];
  /** Bytes of the pieces in which a response arrives. */
  readonly chunk: number;
  readonly tamperHello: boolean;
  readonly tamperRecord: number | null;
  /** The answer to a RUN says nothing more after so many bytes, and does not end. */
  readonly silentAfter: number | null;
  /** The same for a HELLO, from the beginning. */
  readonly silentHello: boolean;
}

export const HELLO_YOU: readonly Line[] = [
  { t: "text", d: "Hello " }, { t: "text", d: "you." }, { t: "usage", prompt: 5, cached: 0, completion: 2 },
  { t: "done", reason: "stop" },
];

export function script(changed: Partial<Script> = {}): Script {
  return {
    lines: HELLO_YOU, helloStatuses: [], runStatuses: [], cuts: [], inner: [], chunk: 700, tamperHello: false,
    tamperRecord: null, silentAfter: null, silentHello: false, ...changed,
  };
}

/** One RUN as the node saw it. */
export interface Seen {
  readonly header: RequestHeader;
  readonly body: Bytes;
}

/** One key of one node. `runs` and `hellos` record what arrived. */
export class FakeNode {
  readonly script: Script;
  readonly runs: Seen[] = [];
  readonly hellos: Bytes[] = [];
  /** Whether an answer has fallen silent. */
  silent = false;
  readonly document: Bytes;
  readonly digest: string;
  readonly #key: PrivateKey;
  readonly #end: number;
  readonly #sessions = new Map<string, ChainKey>();
  #handles = 0;

  private constructor(name: string, key: PrivateKey, digest: string, wanted: Script, end: number) {
    this.document = ascii(`{"name":"${name}"}`);
    this.digest = digest;
    this.script = wanted;
    this.#key = key;
    this.#end = end;
  }

  static async make(name = "node", wanted = script(), end = 10_000): Promise<FakeNode> {
    const digest = toHex(await sha256(ascii(`{"name":"${name}"}`)));
    return new FakeNode(name, await xwing.generate(), digest, wanted, end);
  }

  /** What appraisal would establish about this node. */
  verified(): VerifiedNode {
    const model = {
      id: "demonstration", display: "Privity demonstration", sha256: ["ab".repeat(32)], engine: "xllamacpp",
      settings: "00".repeat(32), context: 2048, demonstration: true,
    };
    return {
      digest: this.digest, document: this.document, key: this.#key.publicKey, profiles: ["p0", "p1", "p2"],
      models: [model], prices: null, release: "privity-enclave 0.1.0", releaseLeaf: "cd".repeat(32), kind: "simulated",
      simulated: true, validUntil: this.#end, appraisedAt: 1000, expires: this.#end, weight: 1, origin: ORIGIN,
      bundle: ascii("bundle"), record: { outcome: "accepted_as_simulated" }, appraisal: ascii("{}"),
    };
  }

  /** Do as after a restart. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  async hello(body: Bytes): Promise<Response> {
    this.hellos.push(body);
    const status = this.script.helloStatuses.shift() ?? 200;
    if (status !== 200) return new Response(null, { status });
    const sid = this.#handle();
    const { response, chain } = await answerHello(body, {
      key: this.#key, nodeDocument: this.document, sid, ttl: 120, encapsulate: xwing.encapsulate,
    });
    this.#sessions.set(toHex(sid), chain);
    if (this.script.tamperHello) response[response.length - 1] = (response.at(-1) ?? 0) ^ 1;
    return new Response(this.#pieces(response, this.script.silentHello ? 0 : null));
  }

  /** Answer a RUN, once per session handle. */
  async run(body: Bytes): Promise<Response> {
    const sid = toHex(body.subarray(16, 32));
    const chain = this.#sessions.get(sid);
    this.#sessions.delete(sid);
    const status = this.script.runStatuses.shift() ?? 200;
    if (status !== 200) return new Response(null, { status });
    if (chain === undefined) return new Response(null, { status: 404 });
    const reader = new RequestReader(chain, body.slice(0, 32));
    await reader.feed(body.subarray(32));
    const received = await reader.finish();
    const seen = decodeRequest(received.payload);
    this.runs.push(seen);
    const { writer, opening } = await received.response(RECORD, (size) => new Uint8Array(size));
    const records = await this.#records(seen.header, writer);
    if (this.script.tamperRecord !== null) records[this.script.tamperRecord] = new Uint8Array(RECORD);
    const cut = this.script.cuts.shift() ?? null;
    const whole = concat(opening, ...records.slice(0, cut ?? records.length));
    return new Response(this.#pieces(whole, this.script.silentAfter));
  }

  async #records(header: RequestHeader, writer: ResponseWriter): Promise<Bytes[]> {
    const failure = this.script.inner.shift() ?? null;
    if (failure !== null) return [await writer.error(...failure), await writer.close()];
    const said = header.op === "stop" ? [] : this.script.lines.map(encodeLine);
    const rest = concat(...said).slice(header.from ?? 0);
    const records: Bytes[] = [];
    let at = 0;
    for (; at + writer.capacity < rest.length; at += writer.capacity) {
      records.push(await writer.data(rest.slice(at, at + writer.capacity)));
    }
    records.push(await writer.end(rest.slice(at)));
    const sid = this.#handle();
    records.push(await writer.next(sid, 600));
    this.#sessions.set(toHex(sid), writer.nextChain());
    return [...records, await writer.pad(), await writer.close()];
  }

  #pieces(data: Bytes, silentAfter: number | null): ReadableStream<Uint8Array> {
    const { chunk } = this.script;
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (silentAfter !== null && at >= silentAfter) {
          this.silent = true;
          return new Promise(() => undefined);
        }
        if (at >= data.length) controller.close();
        else controller.enqueue(data.slice(at, at + chunk));
        at += chunk;
        return undefined;
      },
    });
  }

  #handle(): Bytes {
    this.#handles += 1;
    return concat(new Uint8Array(14), uint(this.#handles, 2));
  }
}

/** What was asked: the route, the bytes, and everything else that would be on the wire. */
export interface Asked {
  readonly route: string;
  readonly body: Bytes;
  readonly options: RequestInit;
}

/** Routes by key id, as a relay does. `down` names nodes that do not answer at all. */
export class Network {
  readonly nodes: readonly FakeNode[];
  readonly down = new Set<string>();
  readonly asked: Asked[] = [];

  constructor(...nodes: readonly FakeNode[]) {
    this.nodes = nodes;
  }

  get runs(): readonly Asked[] {
    return this.asked.filter(({ route }) => route === "/ec1/run");
  }

  readonly fetch = async (address: string, options: RequestInit): Promise<Response> => {
    options.signal?.throwIfAborted();
    const body = options.body as Bytes;
    const route = address.slice(ORIGIN.length);
    this.asked.push({ route, body, options });
    const kid = toHex(body.slice(6, 14));
    const node = this.nodes.find(({ digest }) => digest.startsWith(kid));
    if (node === undefined) return new Response(null, { status: 410 });
    if (this.down.has(node.digest)) throw new TypeError("down");
    return route === "/ec1/hello" ? node.hello(body) : node.run(body);
  };
}

/** A node source with a fixed list; counts how often it was asked anew. */
export class FixedSource {
  refreshed = 0;
  readonly contradictions: VerifiedNode[] = [];
  readonly #listed: readonly VerifiedNode[];

  constructor(...listed: readonly VerifiedNode[]) {
    this.#listed = listed;
  }

  nodes(_model: string, refresh: boolean): Promise<readonly VerifiedNode[]> {
    this.refreshed += refresh ? 1 : 0;
    return Promise.resolve(this.#listed);
  }

  contradicted(node: VerifiedNode): Promise<void> {
    this.contradictions.push(node);
    return Promise.resolve();
  }
}
