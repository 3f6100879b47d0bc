/** Operations of HELLO and RUN, from both ends. */

import { type Bytes, concat, equal, toHex } from "../../src/bytes.ts";
import { ChainKey, type Session } from "../../src/chain.ts";
import { answerHello, beginHello } from "../../src/hello.ts";
import type { Event, ResponseReader, ResponseWriter } from "../../src/response.ts";
import { beginRun, RequestReader } from "../../src/run.ts";
import { type Encapsulate, type PrivateKey, portable } from "../../src/xwing.ts";
import { hex } from "../vectors.ts";
import { cuts, type Inputs, operation, type Operation, type Outcome, type Plain, reasonOf } from "./case.ts";

const xwing = portable((size) => crypto.getRandomValues(new Uint8Array(size)));

/** The recorded pair for the key that it was recorded for; the real thing where the case has none. */
function encapsulation(input: Inputs, expectedKey?: Bytes): Encapsulate {
  if (!input.has("encapsulation")) return xwing.encapsulate;
  const pair = input.part("encapsulation");
  return (publicKey) => {
    if (expectedKey !== undefined && !equal(publicKey, expectedKey)) throw new Error("asked for another key");
    return Promise.resolve({ ciphertext: pair.bytes("ciphertext"), secret: pair.bytes("secret") });
  };
}

async function hello(input: Inputs): ReturnType<typeof beginHello> {
  const nodeKey = input.bytes("node_key");
  const ephemeral: PrivateKey = await xwing.fromSeed(input.bytes("ephemeral_seed"));
  const encapsulate = encapsulation(input, nodeKey);
  return beginHello({ nodeKey, nodeDocument: input.bytes("node_document"), ephemeral, encapsulate });
}

/** Chain keys show no bytes: the one that derives what `expected` derives is that one. */
export function chainHex(found: ChainKey, expected: Plain | undefined): string {
  const salt = new Uint8Array(32);
  const written = typeof expected === "string" ? expected : "00".repeat(32);
  const [left, right] = [found.extract(salt), new ChainKey(hex(written)).extract(salt)];
  return equal(left.label("x"), right.label("x")) ? written : "another chain key";
}

function session(input: Inputs): Session {
  const chain = new ChainKey(input.bytes("chain"));
  return { sid: input.bytes("sid"), kid: input.bytes("kid"), chain, ttl: 0, position: input.number("position") };
}

async function readRun(input: Inputs, pieces: readonly Bytes[], header: Bytes): Promise<Outcome> {
  try {
    const reader = new RequestReader(new ChainKey(input.bytes("chain")), header, input.number("max_records"));
    for (const piece of pieces) await reader.feed(piece);
    return { ok: { payload: toHex((await reader.finish()).payload) } };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

export function describeEvent(event: Event): Plain {
  switch (event.kind) {
    case "data":
    case "end": return [event.kind, toHex(event.data)];
    case "error": return [event.kind, event.code, event.text];
    case "next": return [event.kind, toHex(event.sid), event.ttl];
    case "pad":
    case "close": return [event.kind];
  }
}

function describeNext(reader: ResponseReader, expected: Outcome): Plain {
  const next = reader.nextSession();
  if (next === null) return null;
  const known = (expected["ok"] as { readonly next?: { readonly chain?: Plain } } | undefined)?.next;
  const chain = chainHex(next.chain, known?.chain);
  return { sid: toHex(next.sid), ttl: next.ttl, position: next.position, chain };
}

async function readResponse(input: Inputs, pieces: readonly Bytes[], expected: Outcome): Promise<Outcome> {
  const { sent } = await beginRun(session(input), input.bytes("payload"), () => input.bytes("crand"));
  const reader = sent.response();
  const events: Plain[] = [];
  try {
    for (const piece of pieces) events.push(...(await reader.feed(piece)).map(describeEvent));
    reader.eof();
  } catch (error) {
    return { error: reasonOf(error), events, complete: reader.complete };
  }
  return { ok: { events, complete: reader.complete, next: describeNext(reader, expected) } };
}

type Call = readonly [name: string, ...rest: readonly Plain[]];

async function call(writer: ResponseWriter, input: Inputs, [name, first, second]: Call): Promise<Bytes> {
  switch (name) {
    case "pad": return writer.pad();
    case "data": return writer.data(input.join(first));
    case "end": return writer.end(input.join(first));
    case "error": return writer.error(Number(first), second as string);
    case "next": return writer.next(input.join(first), Number(second));
    case "close": return writer.close();
    default: throw new Error(`no call ${name}`);
  }
}

async function writeResponse(input: Inputs, expected: Outcome): Promise<unknown> {
  const request = input.bytes("request");
  const reader = new RequestReader(new ChainKey(input.bytes("chain")), request.subarray(0, 32));
  await reader.feed(request.subarray(32));
  const received = await reader.finish();
  const { writer, opening } = await received.response(input.number("record_size"), () => input.bytes("srand"));
  const parts = [opening];
  for (const each of input.list("calls")) parts.push(await call(writer, input, each as unknown as Call));
  const known = expected["ok"] as { readonly next_chain?: Plain } | undefined;
  return { response: toHex(concat(...parts)), next_chain: chainHex(writer.nextChain(), known?.next_chain) };
}

/** Every way to cut must give one and the same outcome. */
async function everyWay(ways: readonly Promise<Outcome>[]): Promise<Outcome> {
  const [whole, ...others] = (await Promise.all(ways)).map((outcome) => JSON.stringify(outcome));
  if (others.some((other) => other !== whole)) throw new Error("the outcome depends on the cut");
  return JSON.parse(whole ?? "null") as Outcome;
}

/** Chain keys are compared, never shown: these operations are told what is expected. */
export function channelOperations(expected: Outcome): Readonly<Record<string, Operation>> {
  const known = expected["ok"] as { readonly chain?: Plain } | undefined;
  return {
    begin_hello: operation(async (input) => ({ request: toHex((await hello(input)).request) })),
    finish_hello: operation(async (input) => {
      const { sent } = await hello(input);
      const found = await sent.finish(input.bytes("response"));
      return { sid: toHex(found.sid), ttl: found.ttl, chain: chainHex(found.chain, known?.chain) };
    }),
    answer_hello: operation(async (input) => {
      const { response, chain } = await answerHello(input.bytes("request"), {
        key: await xwing.fromSeed(input.bytes("node_seed")),
        nodeDocument: input.bytes("node_document"),
        sid: input.bytes("sid"),
        ttl: input.number("ttl"),
        encapsulate: encapsulation(input),
      });
      return { response: toHex(response), chain: chainHex(chain, known?.chain) };
    }),
    begin_run: operation(async (input) => {
      const { request } = await beginRun(session(input), input.bytes("payload"), () => input.bytes("crand"));
      return { request: toHex(request) };
    }),
    read_run: (input) => {
      const request = input.bytes("request");
      const header = request.slice(0, 32);
      return everyWay(cuts(request.slice(32), 1).map((pieces) => readRun(input, pieces, header)));
    },
    read_response: (input) =>
      everyWay(cuts(input.bytes("response"), 2).map((pieces) => readResponse(input, pieces, expected))),
    write_response: operation((input) => writeResponse(input, expected)),
  };
}
