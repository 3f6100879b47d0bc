/** Changed bytes: a bundle is judged without an exception, everything else gives a documented reason. */

import { type Bytes } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { TlogError } from "@privity/tlog/errors";
import { expect, test } from "vitest";

import * as discovery from "../src/discovery.ts";
import { TrustError } from "../src/errors.ts";
import { challenged, judge, releaseOf, sizes } from "../src/judgement.ts";
import * as pins from "../src/pins.ts";
import * as remembered from "../src/remembered.ts";
import { establish } from "../src/standing.ts";
import { Kept, ORIGIN, scene, Web } from "./web.ts";
import { Server } from "../src/trust.ts";

const HONEST = scene("an-honest-node");
const PIN = pins.decode(HONEST.pin);

function* flipped(data: Bytes, step: number): Generator<Bytes> {
  for (let at = 0; at < data.length; at += step) {
    const other = data.slice();
    other[at] = (other[at] ?? 0) ^ (1 + (at % 3));
    yield other;
  }
}

/** Whether the step went well; an error that is not documented fails the test. */
async function documented(step: () => unknown): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (error instanceof TrustError || error instanceof TlogError || error instanceof Malformed) return false;
    throw error;
  }
}

test("any bytes as a bundle are judged", async () => {
  const found = await establish(HONEST.bulletin, PIN, HONEST.now);
  const accepted = { trafficKey: new Uint8Array(1), release: HONEST.listed.rel };
  for (const data of [new Uint8Array(0), ...flipped(HONEST.bundle, 151)]) {
    const logged = await judge(found, data, HONEST.listed, HONEST.now, new Map());
    expect(Object.keys(logged)).toHaveLength(7);
    challenged(found, data, accepted, new Map());
    await releaseOf(found, data);
    sizes(data);
  }
});

test("any change of a bulletin, a pin, a memory or a self-description gives a documented reason", async () => {
  const [web, kept] = [new Web(HONEST.bulletin), new Kept()];
  await new Server({ origin: ORIGIN, fetch: web.fetch, store: kept }, HONEST.pin).refresh(HONEST.now);
  const hints = new Uint8Array(await (await web.fetch(`${ORIGIN}/.well-known/privity`)).arrayBuffer());
  const tried = [
    [HONEST.bulletin, 211, (data: Bytes) => establish(data, PIN, HONEST.now)],
    [HONEST.pin, 13, pins.decode],
    [kept.document ?? new Uint8Array(0), 23, remembered.decode],
    [hints, 3, discovery.decode],
  ] as const;
  for (const [whole, step, read] of tried) {
    expect(await documented(() => read(whole))).toBe(true);
    const outcomes = await Promise.all([...flipped(whole, step)].map((data) => documented(() => read(data))));
    expect(outcomes.filter((well) => !well).length).toBeGreaterThan(outcomes.length / 4);
  }
});

test("a self-description names logs at plain addresses, and no more than a few", async () => {
  const web = new Web(HONEST.bulletin);
  const read = async (): Promise<string> => {
    const hints = new Uint8Array(await (await web.fetch(`${ORIGIN}/.well-known/privity`)).arrayBuffer());
    return [...discovery.decode(hints).logs.values()].join();
  };
  web.logs = ["log.test/release"];
  expect(await read()).toBe(`${ORIGIN}/log/release`);
  for (const logs of [["log.test/a?b"], ["log.test/a b"], Array.from({ length: 9 }, (_, at) => `log.test/${String(at)}`)]) {
    web.logs = logs;
    await expect(read()).rejects.toThrow("member_value");
  }
});
