/** Operations of headers, records, padding and pacing. */

import { type Bytes, concat, toHex } from "../../src/bytes.ts";
import { ChainKey, type Session } from "../../src/chain.ts";
import { parseHelloHeader, parseHelloResponseHeader, parseRunHeader, parseRunResponseHeader } from "../../src/envelope.ts";
import { Emission, PROFILES, totalAfter } from "../../src/pacing.ts";
import { padme, requestRecords } from "../../src/padding.ts";
import {
  advance, decodeRecord, encodeRecord, type Grammar, type Kind, type Phase, REQUEST_GRAMMAR, RESPONSE_GRAMMAR,
} from "../../src/records.ts";
import type { Event } from "../../src/response.ts";
import { beginRun, RequestReader } from "../../src/run.ts";
import { type Inputs, operation, type Operation, type Plain } from "./case.ts";

function phaseAfter(grammar: Grammar, kinds: readonly Plain[]): Phase {
  return kinds.reduce<Phase>((phase, kind) => advance(grammar, phase, kind as Kind), "OPEN");
}

function profileOf(input: Inputs): (typeof PROFILES)["p1"] {
  return PROFILES[input.text("profile") as keyof typeof PROFILES];
}

const fixed = (byte: number) => (size: number): Bytes => new Uint8Array(size).fill(byte);

/** What left, as a client reads it: an emission's records are sealed, and only a reader can tell them apart. */
async function emission(input: Inputs): Promise<unknown> {
  const secret = new Uint8Array(32).fill(5);
  const session: Session = {
    sid: fixed(1)(16), kid: fixed(2)(8), chain: new ChainKey(secret.slice()), ttl: 0, position: 0,
  };
  const { sent, request } = await beginRun(session, new Uint8Array(0), fixed(3));
  const reader = new RequestReader(new ChainKey(secret.slice()), request.subarray(0, 32));
  await reader.feed(request.subarray(32));
  const profile = profileOf(input);
  const { writer, opening } = await (await reader.finish()).response(profile.recordSize, fixed(4));
  const left = [opening, ...(await take(new Emission(profile, writer), input))];
  const events = await sent.response().feed(concat(...left));
  return { trace: events.map(nameAndLength) };
}

async function take(paced: Emission, input: Inputs): Promise<readonly Bytes[]> {
  const left: Bytes[] = [];
  for (const step of input.list("steps") as readonly (readonly [string, ...Plain[]])[]) {
    const [name, first, second] = step;
    if (name === "queue") paced.queue(input.join(first));
    else if (name === "finish") paced.finish(input.join(first));
    else if (name === "fail") paced.fail(Number(first), second as string);
    else if (name === "next") paced.announceNext(new Uint8Array(16), 600);
    else if (name === "drain") left.push(await paced.drain());
    else if (name === "tick") left.push(...(await ticks(paced, Number(first))));
    else throw new Error(`no step ${name}`);
  }
  return left;
}

async function ticks(paced: Emission, count: number): Promise<readonly Bytes[]> {
  const left: Bytes[] = [];
  for (let i = 0; i < count; i += 1) {
    const record = await paced.tick();
    if (record !== null) left.push(record);
  }
  return left;
}

function nameAndLength(event: Event): Plain {
  switch (event.kind) {
    case "data":
    case "end": return [event.kind.toUpperCase(), event.data.length];
    case "error": return ["ERROR", 2 + new TextEncoder().encode(event.text).length];
    case "next": return ["NEXT", 20];
    case "pad":
    case "close": return [event.kind.toUpperCase(), 0];
  }
}

export const plainOperations: Readonly<Record<string, Operation>> = {
  parse_hello_header: operation((input) => {
    const { suite, kid } = parseHelloHeader(input.bytes("header"));
    return { suite, kid: toHex(kid) };
  }),
  parse_run_header: operation((input) => {
    const { suite, kid, sid } = parseRunHeader(input.bytes("header"));
    return { suite, kid: toHex(kid), sid: toHex(sid) };
  }),
  parse_hello_response_header: operation((input) => ({ suite: parseHelloResponseHeader(input.bytes("header")) })),
  parse_run_response_header: operation((input) => ({ record_size: parseRunResponseHeader(input.bytes("header")) })),
  decode_record: operation((input) => {
    const { kind, data } = decodeRecord(input.bytes("plaintext"));
    return { kind, data: toHex(data) };
  }),
  encode_record: operation((input) => ({
    plaintext: toHex(encodeRecord(input.text("kind") as Kind, input.bytes("data"), input.number("record_size"))),
  })),
  request_order: operation((input) => ({ phase: phaseAfter(REQUEST_GRAMMAR, input.list("kinds")) })),
  response_order: operation((input) => ({ phase: phaseAfter(RESPONSE_GRAMMAR, input.list("kinds")) })),
  padme: operation((input) => ({ padded: padme(input.number("length")) })),
  request_records: operation((input) => ({ records: requestRecords(input.number("length")) })),
  total_after: operation((input) => ({ total: totalAfter(profileOf(input), input.number("count")) })),
  emission: operation(emission),
};
