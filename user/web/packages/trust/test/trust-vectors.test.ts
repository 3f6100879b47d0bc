/** Every case of the trust vectors: the outcome, and for refusals exactly the reason that Python gives. */

import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { REASONS } from "../src/errors.ts";
import { outcomeOf } from "./operations.ts";
import { readText, readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "trust/cases.json");

test("there are vectors", () => {
  expect(file?.cases.length).toBeGreaterThan(95);
});

test("code and specification list the same reasons in the same order", async () => {
  const spec = (await readText("specs", "trust.md")) ?? "";
  const [line = ""] = /^\*\*Reasons of the client:\*\* [^.]+\./m.exec(spec) ?? [];
  expect(Array.from(line.matchAll(/`([a-z_]+)`/g), ([, code]) => code)).toEqual(REASONS);
});

describe("trust", () => {
  test.each(file?.cases ?? [])("$id: $what", async ({ op, input, expect: expected }) => {
    expect(await outcomeOf(op, new Inputs(input, file?.blobs ?? {}))).toEqual(expected);
  });
});
