/** The project's known answers: EC1 from both ends, the responses that must be refused, and Padmé. */

import { reportData } from "../src/binding.ts";
import { ascii, type Bytes, concat, readUint } from "../src/bytes.ts";
import { ChainKey, type Session } from "../src/chain.ts";
import { answerHello, beginHello, type HelloSent } from "../src/hello.ts";
import { EC1_SUITE, keySchedule } from "../src/hpke.ts";
import { sha256 } from "../src/kdf.ts";
import { HELLO_INFO, HELLO_TRANSCRIPT, RUN_TRANSCRIPT } from "../src/labels.ts";
import { padme } from "../src/padding.ts";
import type { Event, ResponseReader, ResponseWriter } from "../src/response.ts";
import { beginRun, RequestReader, type RunReceived, type RunSent } from "../src/run.ts";
import { encapsulateSeeded, portable } from "../src/xwing.ts";
import { answers, bytes, type Case, refusedByUs, same } from "./case.ts";

export interface Turn {
  readonly session_id: string;
  readonly chain_in: string;
  readonly client_random: string;
  readonly payload: string;
  readonly run_request: string;
  readonly run_transcript_hash: string;
  readonly record_size: number;
  readonly response_frames: readonly (readonly [kind: number, data: string])[];
  readonly server_random: string;
  readonly run_response: string;
  readonly response_plaintext: string;
  readonly next: string | null;
  readonly chain_out: string;
}

export interface Exchange {
  readonly name: string;
  readonly node_seed: string;
  readonly node_document: string;
  readonly report_data: string;
  readonly kid: string;
  readonly client_ephemeral_seed: string;
  readonly hello_encap_seed: string;
  readonly hello_shared_secret: string;
  readonly hello_hpke_key: string;
  readonly hello_hpke_base_nonce: string;
  readonly hello_hpke_exporter_secret: string;
  readonly hello_request: string;
  readonly hello_transcript_hash: string;
  readonly hello_response_encap_seed: string;
  readonly session_id: string;
  readonly ttl: number;
  readonly hello_response: string;
  readonly chain_0: string;
  readonly turns: readonly Turn[];
  readonly negative: readonly { readonly turn: number; readonly what: string; readonly run_response: string }[];
}

interface KnownAnswers {
  readonly ec1: readonly Exchange[];
  readonly padme: readonly (readonly [length: number, padded: number])[];
}

function noEntropy(): never {
  throw new Error("a known answer needs no randomness");
}

const xwing = portable(noEntropy);

export async function sayHello(exchange: Exchange): Promise<{ readonly sent: HelloSent; readonly request: Bytes }> {
  const node = await xwing.fromSeed(bytes(exchange.node_seed));
  return beginHello({
    nodeKey: node.publicKey,
    nodeDocument: ascii(exchange.node_document),
    encapsulate: (publicKey) => encapsulateSeeded(publicKey, bytes(exchange.hello_encap_seed)),
    ephemeral: await xwing.fromSeed(bytes(exchange.client_ephemeral_seed)),
  });
}

/** Chain keys give no bytes away: equal ones derive equal keys. */
function sameChain(found: ChainKey, expected: string, what: string): void {
  const salt = ascii("conformance");
  const [left, right] = [found.extract(salt), new ChainKey(bytes(expected)).extract(salt)];
  same(left.label("chain"), right.label("chain"), what);
}

function helloCases(exchange: Exchange): readonly Case[] {
  const document = ascii(exchange.node_document);
  return [
    answers("node document", async () => {
      same(await reportData(document), bytes(exchange.report_data), "report_data");
      same((await sha256(document)).subarray(0, 8), bytes(exchange.kid), "kid");
    }),
    answers("hello key schedule", async () => {
      const info = concat(ascii(HELLO_INFO), bytes(exchange.hello_request).subarray(0, 16), await sha256(document));
      const found = keySchedule(EC1_SUITE, bytes(exchange.hello_shared_secret), info);
      same(found.key, bytes(exchange.hello_hpke_key), "key");
      same(found.baseNonce, bytes(exchange.hello_hpke_base_nonce), "base nonce");
      same(found.exporterSecret, bytes(exchange.hello_hpke_exporter_secret), "exporter secret");
    }),
    answers("hello request", async () => {
      const { request } = await sayHello(exchange);
      same(request, bytes(exchange.hello_request), "HELLO");
      same(await sha256(ascii(HELLO_TRANSCRIPT), request), bytes(exchange.hello_transcript_hash), "transcript");
    }),
    answers("hello response", async () => {
      const { response, chain } = await answerHello(bytes(exchange.hello_request), {
        key: await xwing.fromSeed(bytes(exchange.node_seed)),
        nodeDocument: document,
        sid: bytes(exchange.session_id),
        ttl: exchange.ttl,
        encapsulate: (publicKey) => encapsulateSeeded(publicKey, bytes(exchange.hello_response_encap_seed)),
      });
      same(response, bytes(exchange.hello_response), "HELLO response");
      sameChain(chain, exchange.chain_0, "chain 0");
    }),
    answers("hello finish", async () => {
      const { sent } = await sayHello(exchange);
      const session = await sent.finish(bytes(exchange.hello_response));
      same(session.sid, bytes(exchange.session_id), "session id");
      same(session.kid, bytes(exchange.kid), "kid");
      if (session.ttl !== exchange.ttl) throw new Error("ttl");
      sameChain(session.chain, exchange.chain_0, "chain 0");
    }),
  ];
}

/** The client's side of one turn, up to the bytes of its RUN. */
export async function ask(exchange: Exchange, turn: Turn): Promise<{ readonly sent: RunSent; readonly request: Bytes }> {
  const session: Session = {
    sid: bytes(turn.session_id), kid: bytes(exchange.kid), chain: new ChainKey(bytes(turn.chain_in)), ttl: 0, position: 0,
  };
  return beginRun(session, bytes(turn.payload), () => bytes(turn.client_random));
}

/** The node's side of one turn, up to the payload. */
export async function receive(turn: Turn): Promise<RunReceived> {
  const request = bytes(turn.run_request);
  const reader = new RequestReader(new ChainKey(bytes(turn.chain_in)), request.subarray(0, 32));
  await reader.feed(request.subarray(32));
  return reader.finish();
}

async function writeFrame(writer: ResponseWriter, kind: number, data: Bytes): Promise<Bytes> {
  switch (kind) {
    case 0: return writer.pad();
    case 1: return writer.data(data);
    case 2: return writer.end(data);
    case 3: return writer.close();
    case 5: return writer.next(data.slice(0, 16), readUint(data, 16, 4));
    default: throw new Error("frame kind");
  }
}

async function answered(turn: Turn): Promise<{ readonly response: Bytes; readonly chain: ChainKey }> {
  const received = await receive(turn);
  same(received.payload, bytes(turn.payload), "payload");
  const { writer, opening } = await received.response(turn.record_size, () => bytes(turn.server_random));
  const records: Bytes[] = [];
  for (const [kind, data] of turn.response_frames) records.push(await writeFrame(writer, kind, bytes(data)));
  return { response: concat(opening, ...records), chain: writer.nextChain() };
}

/** Read a whole response; events, once CLOSE has ended it. */
export async function readWhole(reader: ResponseReader, response: Bytes): Promise<readonly Event[]> {
  const events = await reader.feed(response);
  reader.eof();
  return events;
}

function turnCases(exchange: Exchange, turn: Turn, index: number): readonly Case[] {
  return [
    answers(`turn ${String(index)} request`, async () => {
      const { request } = await ask(exchange, turn);
      same(request, bytes(turn.run_request), "RUN");
      same(await sha256(ascii(RUN_TRANSCRIPT), request), bytes(turn.run_transcript_hash), "transcript");
    }),
    answers(`turn ${String(index)} response`, async () => {
      const { response, chain } = await answered(turn);
      same(response, bytes(turn.run_response), "RUN response");
      sameChain(chain, turn.chain_out, "next chain");
    }),
    answers(`turn ${String(index)} read`, async () => {
      const { sent } = await ask(exchange, turn);
      const reader = sent.response();
      const events = await readWhole(reader, bytes(turn.run_response));
      const parts = events.map((event) => (event.kind === "data" || event.kind === "end" ? event.data : new Uint8Array()));
      same(concat(...parts), bytes(turn.response_plaintext), "plaintext");
      const next = reader.nextSession();
      if (turn.next === null || next === null) {
        if (turn.next !== null || next !== null) throw new Error("next session");
        return;
      }
      same(next.sid, bytes(turn.next).subarray(0, 16), "next session id");
      if (next.ttl !== readUint(bytes(turn.next), 16, 4)) throw new Error("next ttl");
      sameChain(next.chain, turn.chain_out, "next chain");
    }),
  ];
}

function negativeCases(exchange: Exchange): readonly Case[] {
  return exchange.negative.map(({ turn: index, what, run_response: response }) => ({
    id: `must refuse: ${what}`,
    expected: "refused",
    outcome: async () => {
      const turn = exchange.turns[index];
      if (turn === undefined) throw new Error("turn");
      const { sent } = await ask(exchange, turn);
      return refusedByUs(() => readWhole(sent.response(), bytes(response)));
    },
  }));
}

/** `project/ec1-kat.json` */
export function ec1(file: unknown): readonly Case[] {
  const known = file as KnownAnswers;
  const exchanges = known.ec1.flatMap((exchange) => [
    ...helloCases(exchange),
    ...exchange.turns.flatMap((turn, index) => turnCases(exchange, turn, index)),
    ...negativeCases(exchange),
  ]);
  const padded = known.padme.map(([length, expected]) =>
    answers(`padme ${String(length)}`, () => {
      const found = padme(length);
      return found === expected ? Promise.resolve() : Promise.reject(new Error(String(found)));
    }),
  );
  return [...exchanges, ...padded];
}
