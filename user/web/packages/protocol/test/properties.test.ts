/** Properties: what arrives does not depend on how the stream is cut, and what goes in comes out. */

import fc from "fast-check";
import { expect, test } from "vitest";

import { type Bytes, concat, equal } from "../src/bytes.ts";
import { ChainKey, type Session } from "../src/chain.ts";
import { answerHello, beginHello } from "../src/hello.ts";
import { type DoneReason, encodeLine, type Line, LineReader } from "../src/lines.ts";
import { Emission, PROFILES, totalAfter } from "../src/pacing.ts";
import { padme, requestRecords } from "../src/padding.ts";
import type { Event } from "../src/response.ts";
import { beginRun, RequestReader, type RunReceived } from "../src/run.ts";
import { portable } from "../src/xwing.ts";
import { describeEvent } from "./operations/channel.ts";

const fixed = (byte: number) => (size: number): Bytes => new Uint8Array(size).fill(byte);
const bytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((data) => new Uint8Array(data));
const places = fc.array(fc.nat(6000), { maxLength: 40 });

function session(): Session {
  return { sid: fixed(1)(16), kid: fixed(2)(8), chain: new ChainKey(fixed(3)(32)), ttl: 120, position: 0 };
}

function* cut(data: Bytes, at: readonly number[]): Generator<Bytes> {
  const sorted = [...new Set(at.map((place) => place % (data.length + 1)))].sort((left, right) => left - right);
  let from = 0;
  for (const to of [...sorted, data.length]) {
    yield data.slice(from, to);
    from = to;
  }
}

async function receive(request: Bytes, at: readonly number[]): Promise<RunReceived> {
  const reader = new RequestReader(new ChainKey(fixed(3)(32)), request.subarray(0, 32));
  for (const piece of cut(request.slice(32), at)) await reader.feed(piece);
  return reader.finish();
}

test("a request is read whole from any pieces", async () => {
  await fc.assert(fc.asyncProperty(bytes(10_000), places, async (payload, at) => {
    const { request } = await beginRun(session(), payload, fixed(4));
    expect((request.length - 64) / 4096).toBe(requestRecords(payload.length));
    expect(equal((await receive(request, at)).payload, payload)).toBe(true);
  }), { numRuns: 40 });
});

async function paced(profile: keyof typeof PROFILES, parts: readonly Bytes[], request: Bytes): Promise<Bytes> {
  const { recordSize } = PROFILES[profile];
  const { writer, opening } = await (await receive(request, [])).response(recordSize, fixed(5));
  const emission = new Emission(PROFILES[profile], writer);
  const left = [opening];
  emission.announceNext(fixed(6)(16), 600);
  for (const part of parts) {
    emission.queue(part);
    const record = await emission.tick();
    if (record !== null) left.push(record);
  }
  emission.finish();
  for (let record = await emission.tick(); record !== null; record = await emission.tick()) left.push(record);
  expect(writer.records).toBe(totalAfter(PROFILES[profile], writer.records - 1));
  expect(emission.closed).toBe(true);
  return concat(...left);
}

function text(events: readonly Event[]): Bytes {
  return concat(...events.map((event) => (event.kind === "data" || event.kind === "end" ? event.data : new Uint8Array(0))));
}

test("a response gives the same events from any pieces, and the next session", async () => {
  const profiles = fc.constantFrom("p0" as const, "p1" as const, "p2" as const);
  await fc.assert(fc.asyncProperty(profiles, fc.array(bytes(900), { maxLength: 8 }), places, async (profile, parts, at) => {
    const { sent, request } = await beginRun(session(), fixed(7)(9), fixed(4));
    const again = await beginRun(session(), fixed(7)(9), fixed(4));
    const response = await paced(profile, parts, request);
    const whole = sent.response();
    const pieces = again.sent.response();
    const expected = await whole.feed(response);
    const found: Event[] = [];
    for (const piece of cut(response, at)) found.push(...(await pieces.feed(piece)));
    pieces.eof();
    expect(found.map(describeEvent)).toEqual(expected.map(describeEvent));
    expect(equal(text(found), concat(...parts))).toBe(true);
    expect(pieces.nextSession()?.position).toBe(1);
  }), { numRuns: 25 });
});

test("two sides that say hello share a chain, turn after turn", async () => {
  const xwing = portable((size) => crypto.getRandomValues(new Uint8Array(size)));
  const key = await xwing.generate();
  const nodeDocument = new TextEncoder().encode("any bytes");
  const { encapsulate } = xwing;
  const ephemeral = await xwing.generate();
  const { sent, request } = await beginHello({ nodeKey: key.publicKey, nodeDocument, encapsulate, ephemeral });
  const answer = await answerHello(request, { key, nodeDocument, sid: fixed(8)(16), ttl: 120, encapsulate });
  let client: Session | null = await sent.finish(answer.response);
  let node = answer.chain;
  for (let turn = 0; turn < 3; turn += 1) {
    if (client === null) throw new Error("no session");
    const run = await beginRun(client, fixed(turn)(turn * 5000), fixed(9));
    const reader = new RequestReader(node, run.request.subarray(0, 32));
    await reader.feed(run.request.subarray(32));
    const { writer, opening } = await (await reader.finish()).response(256, fixed(10));
    const records = [await writer.next(fixed(turn)(16), 600), await writer.end(fixed(1)(1)), await writer.close()];
    const response = run.sent.response();
    await response.feed(concat(opening, ...records));
    response.eof();
    client = response.nextSession();
    node = writer.nextChain();
    expect(client?.position).toBe(turn + 1);
  }
});

test("Padmé never shrinks, adds at most an eighth, and is idempotent", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (length) => {
    const padded = padme(length);
    expect(padded).toBeGreaterThanOrEqual(length);
    expect(padded).toBeLessThanOrEqual(Math.ceil(length * 1.125));
    expect(padme(padded)).toBe(padded);
  }));
});

const lineArbitrary: fc.Arbitrary<Line> = fc.oneof(
  fc.record({ t: fc.constantFrom("text" as const, "reasoning" as const), d: fc.string({ unit: "grapheme" }) }),
  fc.record({ t: fc.constant("tool" as const), index: fc.nat(), id: fc.string(), name: fc.string(), arguments: fc.string() }),
  fc.record({ t: fc.constant("usage" as const), prompt: fc.nat(), cached: fc.nat(), completion: fc.nat() }),
);

test("answer lines survive writing and any cutting", () => {
  const reasons = fc.constantFrom<DoneReason>("stop", "length", "tool_calls", "stopped");
  fc.assert(fc.property(fc.array(lineArbitrary), reasons, places, (lines, reason, at) => {
    const all: readonly Line[] = [...lines, { t: "done", reason }];
    const reader = new LineReader();
    const found = [...cut(concat(...all.map(encodeLine)), at)].flatMap((piece) => reader.feed(piece));
    expect(found).toEqual(all.map((line) => ({ ...line })));
    expect(reader.finish().reason).toBe(reason);
  }));
});
