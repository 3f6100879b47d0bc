/** Policy, memory, release and models documents: every case of their vectors, the reason included. */

import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { outcomeOf } from "./operations.ts";
import { readVector } from "./vectors.ts";

const names = ["policy", "release"];
const files = await Promise.all(names.map((name) => readVector<VectorFile>("own", `${name}/cases.json`)));

test("there are vectors, and most of them must fail", () => {
  const cases = files.flatMap((file) => file?.cases ?? []);
  expect(cases.length).toBeGreaterThan(150);
  expect(cases.filter((each) => "error" in each.expect).length * 2).toBeGreaterThan(cases.length);
});

describe.each(files)("file %#", (file) => {
  test.each(file?.cases ?? [])("$id: $what", ({ op, input, expect: expected }) => {
    expect(outcomeOf(op, new Inputs(input, file?.blobs ?? {}))).toEqual(expected);
  });
});
