/** A step consumes its state, a fault stays, and nothing secret shows when a state is printed. */

import { describe, expect, test, vi } from "vitest";

import { ascii, type Bytes, concat, equal, toHex } from "../src/bytes.ts";
import { ChainKey, type Session } from "../src/chain.ts";
import { Scalar } from "../src/curve.ts";
import { Malformed, StateError } from "../src/errors.ts";
import { answerHello, beginHello } from "../src/hello.ts";
import { Prk } from "../src/kdf.ts";
import { Emission, PROFILES } from "../src/pacing.ts";
import { RecordCipher } from "../src/records.ts";
import { beginRun, RequestReader, type RunReceived, type RunSent } from "../src/run.ts";
import { nativeXWing } from "../src/webcrypto.ts";
import { portable } from "../src/xwing.ts";

const fixed = (byte: number) => (size: number): Bytes => new Uint8Array(size).fill(byte);
const xwing = portable((size) => crypto.getRandomValues(new Uint8Array(size)));
const consumed = { reason: "consumed" };

function session(position = 0): Session {
  return { sid: fixed(1)(16), kid: fixed(2)(8), chain: new ChainKey(fixed(3)(32)), ttl: 120, position };
}

async function exchange(): Promise<{ readonly sent: RunSent; readonly received: RunReceived; readonly reader: RequestReader }> {
  const { sent, request } = await beginRun(session(), ascii("?"), fixed(4));
  const reader = new RequestReader(new ChainKey(fixed(3)(32)), request.subarray(0, 32));
  await reader.feed(request.subarray(32));
  return { sent, received: await reader.finish(), reader };
}

async function answered(): Promise<{ readonly sent: RunSent; readonly response: Bytes }> {
  const { sent, received } = await exchange();
  const { writer, opening } = await received.response(256, fixed(5));
  const records = [await writer.next(fixed(6)(16), 600), await writer.end(ascii("!")), await writer.close()];
  return { sent, response: concat(opening, ...records) };
}

describe("HELLO", () => {
  test("is finished once, also when the answer was wrong", async () => {
    const key = await xwing.generate();
    const { encapsulate } = xwing;
    const nodeDocument = ascii("document");
    const ephemeral = await xwing.generate();
    const { sent, request } = await beginHello({ nodeKey: key.publicKey, nodeDocument, encapsulate, ephemeral });
    const { response } = await answerHello(request, { key, nodeDocument, sid: fixed(1)(16), ttl: 1, encapsulate });
    await expect(sent.finish(response.slice(1))).rejects.toMatchObject({ reason: "size" });
    await expect(sent.finish(response)).rejects.toMatchObject(consumed);
  });
});

describe("a chain key", () => {
  test("opens one RUN, also when two are begun at once", async () => {
    const one = session();
    const both = await Promise.allSettled([beginRun(one, ascii("a"), fixed(4)), beginRun(one, ascii("b"), fixed(4))]);
    expect(both.map((each) => each.status)).toEqual(["fulfilled", "rejected"]);
    await expect(beginRun(one, ascii("c"), fixed(4))).rejects.toMatchObject(consumed);
  });

  test("survives a limit", async () => {
    await expect(beginRun(session(32), ascii("a"), fixed(4))).rejects.toMatchObject({ reason: "chain_exhausted" });
    const one = session(31);
    await expect(beginRun(one, new Uint8Array(33_500_000), fixed(4))).rejects.toMatchObject({ reason: "too_large" });
    expect((await beginRun(one, ascii("a"), fixed(4))).request.length).toBe(64 + 2 * 4096);
  });

  test("is gone when erased or moved, and shows nothing", () => {
    const key = new ChainKey(fixed(0xab)(32));
    expect(JSON.stringify(key)).not.toMatch(/171|ab/);
    const moved = key.move();
    expect(() => key.move()).toThrow(StateError);
    moved.erase();
    expect(() => moved.move()).toThrow(StateError);
    expect(() => new ChainKey(fixed(1)(31))).toThrow(RangeError);
  });
});

describe("a request", () => {
  test("is finished once, answered once, and not read after", async () => {
    const { sent, received, reader } = await exchange();
    await expect(reader.finish()).rejects.toMatchObject(consumed);
    await expect(reader.feed(fixed(0)(1))).rejects.toMatchObject(consumed);
    sent.response();
    expect(() => sent.response()).toThrow(StateError);
    await received.response(512, fixed(5));
    await expect(received.response(512, fixed(5))).rejects.toMatchObject(consumed);
  });

  test("is read by one at a time, and abandoned with its key", async () => {
    const { request } = await beginRun(session(), ascii("?"), fixed(4));
    const chain = new ChainKey(fixed(3)(32));
    const reader = new RequestReader(chain, request.subarray(0, 32));
    expect(() => chain.move()).toThrow(StateError);
    const first = reader.feed(request.subarray(32));
    await expect(reader.feed(fixed(0)(1))).rejects.toMatchObject({ reason: "order" });
    await first;
    reader.abandon();
    await expect(reader.finish()).rejects.toMatchObject(consumed);
  });

  test("that fails is consumed", async () => {
    const { request } = await beginRun(session(), ascii("?"), fixed(4));
    request[100] = (request[100] ?? 0) ^ 1;
    const reader = new RequestReader(new ChainKey(fixed(3)(32)), request.subarray(0, 32));
    await expect(reader.feed(request.subarray(32))).rejects.toMatchObject({ reason: "not_authentic" });
    await expect(reader.finish()).rejects.toMatchObject(consumed);
  });
});

describe("a response", () => {
  test("keeps its fault", async () => {
    const { sent, response } = await answered();
    const reader = sent.response();
    expect((await reader.feed(concat(response, fixed(0)(1)))).length).toBe(3);
    await expect(reader.feed(fixed(0)(1))).rejects.toMatchObject({ reason: "after_close" });
    expect(() => reader.eof()).toThrow(Malformed);
    expect(() => reader.nextSession()).toThrow(Malformed);
  });

  test("gives the next session once, even when cut short after it was named", async () => {
    const { sent, response } = await answered();
    const reader = sent.response();
    const first = reader.feed(response.slice(0, 72 + 256));
    await expect(reader.feed(fixed(0)(1))).rejects.toMatchObject({ reason: "order" });
    await first;
    expect(reader.complete).toBe(false);
    expect(() => reader.eof()).toThrow(Malformed);
    expect(toHex(reader.nextSession()?.sid ?? fixed(0)(0))).toBe("06".repeat(16));
    expect(() => reader.nextSession()).toThrow(StateError);
  });

  test("names no next session where there is none", async () => {
    const { sent } = await exchange();
    expect(sent.response().nextSession()).toBeNull();
  });

  test("announces once and takes nothing after the end", async () => {
    const { received } = await exchange();
    const { writer } = await received.response(512, fixed(5));
    const emission = new Emission(PROFILES.p1, writer);
    emission.announceNext(fixed(1)(16), 1);
    expect(() => emission.announceNext(fixed(1)(16), 1)).toThrow(StateError);
    expect(() => emission.queue(new Uint8Array(1048577))).toThrow(/backlog_full/);
    emission.queue(new Uint8Array(1000));
    expect(emission.backlog).toBe(3);
    emission.fail(6);
    expect(() => emission.queue(fixed(0)(1))).toThrow(StateError);
    writer.erase();
    expect(() => writer.nextChain()).toThrow(StateError);
  });
});

test("a key seals so many records and no more, each under its own nonce", async () => {
  const cipher = await RecordCipher.of(new Prk(fixed(7)(32)), "label", "encrypt", 3);
  const sealed = await Promise.all([1, 2, 3].map(() => cipher.seal(fixed(0)(1))));
  expect(new Set(sealed.map(toHex)).size).toBe(3);
  await expect(cipher.seal(fixed(0)(1))).rejects.toMatchObject({ reason: "record_limit" });
  expect(cipher.count).toBe(3);
});

test("X25519 is the same where WebCrypto has none", async () => {
  const [scalar, other] = [new Scalar(fixed(8)(32)), new Scalar(fixed(9)(32))];
  const expected = await scalar.agree(other.publicKey);
  const importKey = vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(new DOMException("absent", "NotSupportedError"));
  try {
    expect(equal(await new Scalar(fixed(8)(32)).agree(other.publicKey), expected)).toBe(true);
    expect(await nativeXWing()).toBeNull();
  } finally {
    importKey.mockRestore();
  }
  expect(toHex(await scalar.agree(new Uint8Array(32)))).toBe("00".repeat(32));
});
