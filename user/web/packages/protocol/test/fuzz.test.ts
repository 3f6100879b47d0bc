/** Every parser under arbitrary and nearly right bytes: a value, or a documented error; nothing else leaves. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decodeRequest } from "../src/application.ts";
import * as binding from "../src/binding.ts";
import { ascii, type Bytes, concat, equal } from "../src/bytes.ts";
import * as canonical from "../src/canonical.ts";
import * as cbor from "../src/cbor.ts";
import { ChainKey, type Session } from "../src/chain.ts";
import * as directory from "../src/directory.ts";
import { parseHelloHeader, parseHelloResponseHeader, parseRunHeader, parseRunResponseHeader } from "../src/envelope.ts";
import { PrivityError } from "../src/errors.ts";
import { REASONS } from "../src/reasons.ts";
import * as evidence from "../src/evidence.ts";
import { answerHello, beginHello } from "../src/hello.ts";
import * as jsontext from "../src/jsontext.ts";
import { LineReader } from "../src/lines.ts";
import { decodeRecord } from "../src/records.ts";
import { beginRun, RequestReader, type RunReceived } from "../src/run.ts";
import { encapsulateSeeded, portable } from "../src/xwing.ts";

async function survives(data: fc.Arbitrary<Bytes>, step: (data: Bytes) => unknown, numRuns: number): Promise<void> {
  await fc.assert(fc.asyncProperty(data, (each) => onlyDocumented(() => step(each))), { numRuns });
}

async function onlyDocumented(step: () => unknown): Promise<void> {
  try {
    await step();
  } catch (error) {
    expect(error).toBeInstanceOf(PrivityError);
    expect(REASONS).toContain((error as PrivityError).reason);
  }
}

const any = fc.uint8Array({ maxLength: 400 }).map((data): Bytes => new Uint8Array(data));
const words = fc.array(fc.constantFrom(
  '"', "\\", "{", "}", "[", "]", ":", ",", "0", "-1", "1.5", "1e9", "null", "true", "t", "text", '"d"', '"t"', '"text"',
  "\\u0041", "\\ud800", " ", "\n", "é", "9007199254740993", '"__cmwc_t"', "application/vnd.privity.",
)).map((parts) => ascii(parts.join("")));
const nearly = (good: Bytes): fc.Arbitrary<Bytes> =>
  fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length)).map(([at, byte, length]) => {
    const changed = good.slice(0, Math.max(1, length));
    changed[at % changed.length] = byte;
    return changed;
  });

const document = ascii('{"a":[1,-2,null,true,"\\u00e9"],"b":{"c":""}}');
const parsers: Readonly<Record<string, (data: Bytes) => unknown>> = {
  "canonical JSON": (data) => requireOneSpelling(data),
  "strict JSON": (data) => jsontext.decode(data, 8),
  CBOR: (data) => requireOneEncoding(data),
  "node document": binding.decode,
  directory: directory.decode,
  bundle: evidence.decode,
  record: (data) => (data.length >= 240 ? decodeRecord(data) : undefined),
  "HELLO header": parseHelloHeader,
  "RUN header": parseRunHeader,
  "HELLO response header": parseHelloResponseHeader,
  "RUN response header": parseRunResponseHeader,
  "request header": decodeRequest,
  lines: (data) => {
    const reader = new LineReader();
    reader.feed(data);
    reader.finish();
  },
};

function requireOneSpelling(data: Bytes): void {
  const value = canonical.decode(data, 4096);
  expect(equal(canonical.encode(value), data)).toBe(true);
}

function requireOneEncoding(data: Bytes): void {
  const value = cbor.decode(data);
  expect(equal(cbor.encode(value), data)).toBe(true);
}

describe.each(Object.entries(parsers))("%s", (_name, parse) => {
  test("raises documented errors only", async () => {
    await survives(fc.oneof(any, words, nearly(document)), parse, 300);
  });
});

const fixed = (byte: number) => (size: number): Bytes => new Uint8Array(size).fill(byte);
const xwing = portable(fixed(1));
const nodeDocument = ascii("a node document");

function session(): Session {
  return { sid: fixed(1)(16), kid: fixed(2)(8), chain: new ChainKey(fixed(3)(32)), ttl: 0, position: 0 };
}

test("HELLO, both ends, under changed bytes", async () => {
  const key = await xwing.fromSeed(fixed(2)(32));
  const answering = { key, nodeDocument, sid: fixed(4)(16), ttl: 1, encapsulate: xwing.encapsulate };
  const { encapsulate } = xwing;
  const ephemeral = await xwing.fromSeed(fixed(5)(32));
  const hello = (): ReturnType<typeof beginHello> =>
    beginHello({ nodeKey: key.publicKey, nodeDocument, encapsulate, ephemeral });
  const { request } = await hello();
  const { response } = await answerHello(request, answering);
  await survives(nearly(request), (data) => answerHello(data, answering), 30);
  await survives(nearly(response), async (data) => (await hello()).sent.finish(data), 15);
});

test("RUN, both ends, under changed bytes", async () => {
  const { request } = await beginRun(session(), ascii("a question"), fixed(6));
  const read = async (data: Bytes): Promise<RunReceived> => {
    const reader = new RequestReader(new ChainKey(fixed(3)(32)), data.subarray(0, 32));
    await reader.feed(data.subarray(32));
    return reader.finish();
  };
  const { writer, opening } = await (await read(request)).response(256, fixed(7));
  const records = [await writer.data(ascii("an answer")), await writer.end(), await writer.close()];
  const answer = concat(opening, ...records);
  await survives(nearly(request), read, 60);
  await survives(nearly(answer), async (data) => {
    const reader = (await beginRun(session(), ascii("a question"), fixed(6))).sent.response();
    await reader.feed(data);
    reader.eof();
  }, 60);
});

test("X-Wing under arbitrary keys and ciphertexts", async () => {
  const key = await xwing.fromSeed(fixed(2)(32));
  const sized = (size: number): fc.Arbitrary<Bytes> =>
    fc.uint8Array({ minLength: size - 1, maxLength: size + 1 }).map((data): Bytes => new Uint8Array(data));
  await survives(sized(1216), (data) => encapsulateSeeded(data, fixed(9)(64)), 20);
  await survives(sized(1120), (data) => key.decapsulate(data), 20);
});
