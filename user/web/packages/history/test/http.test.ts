/** What goes over HTTP, and what comes back: exact requests, strict answers, documented failures. */

import { type Bytes, concat, uint } from "@privity/protocol/bytes";
import { base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Fetch, MAX_ANSWER, overHttp } from "../src/http.ts";
import { LONGEST, MEAN, wait } from "../src/pace.ts";
import { type Service, ServiceError } from "../src/service.ts";

const HASH = new Uint8Array(32).fill(1);
const text = (data: Bytes): string => base64urlEncode(data);

interface Asked {
  readonly address: string;
  readonly options: RequestInit;
}

/** A service whose answers are given, and what it was asked. */
function answering(...answers: (Response | Error)[]): { readonly service: Service; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const fetch: Fetch = (address, options) => {
    asked.push({ address, options });
    const answer = answers.shift();
    return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer ?? new Error("asked too often"));
  };
  return { service: overHttp({ origin: "https://host.example", fetch, token: () => Promise.resolve("TOKEN") }), asked };
}

const json = (value: JsonObject, status = 200): Response => new Response(JSON.stringify(value), { status });

async function reason(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof ServiceError) return error.reason;
    throw error;
  }
  return "nothing was refused";
}

describe("requests", () => {
  test("carry the token, no cookies, no referrer, and follow no redirect", async () => {
    const { service, asked } = answering(json({ n: 0, head: text(HASH), pages: [] }));
    expect(await service.pages(7)).toEqual({ n: 0, head: HASH, pages: [] });
    expect(asked[0]?.address).toBe("https://host.example/v1/pages?after=7");
    expect(asked[0]?.options).toMatchObject({
      method: "GET", headers: { authorization: "Bearer TOKEN" }, credentials: "omit", redirect: "error", cache: "no-store",
      referrerPolicy: "no-referrer",
    });
  });

  test("a page is posted with its bodies", async () => {
    const { service, asked } = answering(json({ n: 1, head: text(HASH), erasure: null }));
    await service.post({ data: HASH, signature: new Uint8Array(64) }, [HASH]);
    expect(JSON.parse(asked[0]?.options.body as string)).toEqual({
      page: text(HASH), signature: text(new Uint8Array(64)), bodies: [text(HASH)],
    });
  });

  test("a body is put under its hash", async () => {
    const { service, asked } = answering(json({}));
    await service.put(HASH, new Uint8Array(4164));
    expect(asked[0]).toMatchObject({ address: `https://host.example/v1/bodies/${text(HASH)}`, options: { method: "PUT" } });
  });
});

describe("answers", () => {
  test("keyrings", async () => {
    const signature = new Uint8Array(64);
    const row = { revision: 1, public: "AA", private: null, mac: text(HASH), mac_before: null, signature: text(signature) };
    const { service } = answering(json({ newest: 1, keyrings: [row], openers: ["AQ"] }));
    expect(await service.keyrings(1)).toEqual({
      newest: 1, openers: [Uint8Array.of(1)],
      revisions: [{ claim: { public: Uint8Array.of(0), mac: HASH, macBefore: null, signature }, private: null }],
    });
  });

  test("bodies: here, not here, and asked for again", async () => {
    const found = (state: number, body: Bytes): Bytes => concat(uint(state, 1), uint(body.length, 4), body);
    const none = new Uint8Array(0);
    const { service, asked } = answering(
      new Response(concat(found(0, Uint8Array.of(1)), found(1, none), found(2, none))), new Response(found(0, Uint8Array.of(3))),
    );
    expect(await service.bodies([HASH, HASH, HASH])).toEqual([Uint8Array.of(1), null, Uint8Array.of(3)]);
    expect(asked).toHaveLength(2);
  });

  test("bodies that never come are not waited for without end", async () => {
    const { service } = answering(new Response(Uint8Array.of(2, 0, 0, 0, 0)));
    expect(await reason(service.bodies([HASH]))).toBe("service.malformed");
  });

  test.each([
    [json({ reason: "log.moved", detail: "x", retry_after: 3 }, 409), "log.moved"],
    [json({ reason: "words for people" }, 409), "service.failed"],
    [new Response("<html>", { status: 502 }), "service.failed"],
    [new Error("no route"), "service.unreachable"],
    [new Response("{"), "service.malformed"],
    [json({ n: -1, head: text(HASH), pages: [] }), "service.malformed"],
    [json({ n: 1, head: "AA", pages: [] }), "service.malformed"],
    [json({ n: 1, head: text(HASH), pages: {} }), "service.malformed"],
    [new Response(new Uint8Array(MAX_ANSWER + 1)), "service.malformed"],
  ])("%#: what is not an answer is %s", async (answer, expected) => {
    expect(await reason(answering(answer).service.pages(0))).toBe(expected);
  });

  test("an answer without an end is left", async () => {
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1;
        if (sent > 64) controller.close();
        else controller.enqueue(new Uint8Array(2 ** 20));
      },
    });
    expect(await reason(answering(new Response(stream)).service.pages(0))).toBe("service.malformed");
    expect(sent).toBeLessThan(32);
  });

  test("any bytes at all give an answer or a documented reason", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 2 }), async (bytes, which) => {
      const { service } = answering(new Response(new Uint8Array(bytes)));
      const call = [(): Promise<unknown> => service.pages(0), () => service.keyrings(1), () => service.bodies([HASH])][which];
      expect(["nothing was refused", "service.malformed"]).toContain(await reason(call?.() ?? Promise.resolve()));
    }), { numRuns: 200 });
  });
});

test("uploads wait a minute in the mean, and five at most", () => {
  expect(wait(new Uint8Array(6))).toBe(LONGEST);
  expect(wait(new Uint8Array(6).fill(255))).toBe(0);
  const waits = Array.from({ length: 4000 }, (_, at) => wait(uint(Math.floor((at + 0.5) * (2 ** 48 / 4000)), 6)));
  expect(waits.reduce((sum, one) => sum + one, 0) / waits.length / MEAN).toBeCloseTo(1, 1);
});
