/** Every case of the project's own vectors: the outcome, and for refusals exactly the reason. */

import { describe, expect, test } from "vitest";

import { REASONS } from "../src/errors.ts";
import { Inputs, type Operation, type Outcome, type VectorFile } from "./operations/case.ts";
import { channelOperations } from "./operations/channel.ts";
import { documentOperations } from "./operations/documents.ts";
import { plainOperations } from "./operations/plain.ts";
import { wordOperations } from "./operations/words.ts";
import { isElsewhere, listVectors, readVector } from "./vectors.ts";

function operationOf(name: string, expected: Outcome): Operation {
  const all = { ...plainOperations, ...wordOperations, ...documentOperations, ...channelOperations(expected) };
  const found = (all as Readonly<Record<string, Operation | undefined>>)[name];
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

const paths = (await listVectors("own", ".")).filter((path) => path.includes("/"));
const elsewhere = await Promise.all(paths.map((path) => isElsewhere(path.split("/")[0] ?? "")));
const ours = paths.filter((_path, index) => elsewhere[index] !== true);
const files = await Promise.all(ours.map(async (path) => [path, await readVector<VectorFile>("own", path)] as const));

test("there are vectors", () => {
  const cases = files.flatMap(([, file]) => file?.cases ?? []);
  const refusals = cases.filter((each) => "error" in each.expect);
  expect(cases.length).toBeGreaterThan(150);
  expect(refusals.length * 2).toBeGreaterThan(cases.length);
  expect(refusals.map((each) => each.expect["error"]).filter((reason) => !REASONS.includes(reason as never))).toEqual([]);
});

describe.each(files)("%s", (_path, file) => {
  test.each(file?.cases ?? [])("$id: $what", async ({ op, input, expect: expected }) => {
    const inputs = new Inputs(input, file?.blobs ?? {});
    const wanted = inputs.expected(expected);
    expect(await operationOf(op, wanted)(inputs)).toEqual(wanted);
  });
});
