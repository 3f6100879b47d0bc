/** The client chooses by weight, and reacts only from the closed lists. */

import { concat } from "@privity/protocol/bytes";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { below, choose } from "../src/choice.ts";
import { ChannelError, REASONS } from "../src/errors.ts";
import { NO_RESPONSE, react } from "../src/reaction.ts";
import { refusal } from "./bench.ts";
import { chance } from "./node.ts";
import { readText } from "./vectors.ts";

const entropy = chance(3);

test("code and specification list the same reasons in the same order", async () => {
  const spec = (await readText("specs", "admission.md")) ?? "";
  const [line = ""] = /^\*\*Reasons of the channel:\*\* [^.]+\./m.exec(spec) ?? [];
  expect(Array.from(line.matchAll(/`([a-z_]+)`/g), ([, code]) => code)).toEqual(REASONS);
});

test("choice follows the weights", () => {
  const candidates = [{ name: "a", weight: 1 }, { name: "b", weight: 3 }, { name: "c", weight: 8 }];
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
  for (let draw = 0; draw < 6000; draw += 1) {
    const { name } = choose(candidates, entropy);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  expect(Math.abs((counts["a"] ?? 0) - 500)).toBeLessThan(150);
  expect(Math.abs((counts["b"] ?? 0) - 1500)).toBeLessThan(200);
  expect(Math.abs((counts["c"] ?? 0) - 4000)).toBeLessThan(300);
});

test("the biased tail is drawn again", () => {
  const draws = [new Uint8Array(8).fill(0xff), concat(new Uint8Array(7), Uint8Array.of(7))];
  expect(below(3, () => draws.shift() ?? new Uint8Array(8))).toBe(1);
});

test("below stays below, whatever is drawn", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e6 }), fc.uint8Array({ minLength: 8, maxLength: 8 }), (limit, drawn) => {
    const draws = [Uint8Array.from(drawn)];
    const found = below(limit, () => draws.shift() ?? new Uint8Array(8));
    expect(found >= 0 && found < limit).toBe(true);
  }));
});

test.each([NO_RESPONSE, 400, 404, 410, 429, 500, 503])("after status %d there are three tries and no more", (status) => {
  for (const sent of [1, 2]) {
    const { wait } = react(status, sent, entropy);
    expect(wait > 0 && wait < 10).toBe(true);
  }
  expect(() => react(status, 3, entropy)).toThrow(ChannelError);
});

test("pauses are spread and grow", () => {
  const waits = (sent: number): readonly number[] => Array.from({ length: 50 }, () => react(503, sent, entropy).wait);
  const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);
  expect(new Set(waits(1)).size).toBeGreaterThan(40);
  expect(sum(waits(2))).toBeGreaterThan(1.5 * sum(waits(1)));
});

test("an unknown session stays, an unknown key searches elsewhere, too large is final", async () => {
  expect(react(404, 1, entropy)).toMatchObject({ reason: "unknown_session", elsewhere: false, search: false });
  expect(react(410, 1, entropy)).toMatchObject({ reason: "unknown_key", elsewhere: true, search: true });
  expect(await refusal(Promise.resolve().then(() => react(413, 1, entropy)))).toBe("too_large");
});
