/** Every case of the project's own vectors: the outcome, and for refusals exactly the reason. */

import { describe, expect, test } from "vitest";

import { REASONS } from "../src/reasons.ts";
import { Inputs, type Operation, type Outcome, type VectorFile } from "./operations/case.ts";
import { channelOperations } from "./operations/channel.ts";
import { documentOperations } from "./operations/documents.ts";
import { plainOperations } from "./operations/plain.ts";
import { storedOperations } from "./operations/stored.ts";
import { tokenOperations } from "./operations/tokens.ts";
import { wordOperations } from "./operations/words.ts";
import { isElsewhere, listVectors, readVector } from "./vectors.ts";

/** Folders of which every case runs here, whatever a spec says. */
const REQUIRED = [
  "access", "admission", "application", "binding", "canonical", "cbor", "directory", "ec1", "envelope", "erasure",
  "evidence", "pacing", "padding", "receipt", "records", "token",
] as const;

/** Folders of documents that other packages run; and of Oblivious HTTP, which no TypeScript speaks. */
const ELSEWHERE: readonly string[] = [
  "appraise", "policy", "release", "endorsement",
  "note", "checkpoint", "cosignature", "witness-policy", "proof", "view", "tiles", "leaves", "bulletin", "trust",
  "opener", "keyring", "object", "page", "pairing", "share", "export", "contents", "merge", "tree", "title", "wallet",
  "rotation", "repair", "search", "importers", "ohttp",
];

function findOperation(name: string, expected: Outcome): Operation | undefined {
  const all = {
    ...plainOperations, ...wordOperations, ...documentOperations, ...storedOperations, ...tokenOperations,
    ...channelOperations(expected),
  };
  return (all as Readonly<Record<string, Operation | undefined>>)[name];
}

function operationOf(name: string, expected: Outcome): Operation {
  const found = findOperation(name, expected);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}

/** The file, unless its spec leaves it to other languages and no operation of ours is asked for. */
async function readOurs(path: string): Promise<readonly (readonly [string, VectorFile])[]> {
  const folder = path.split("/")[0] ?? "";
  if (ELSEWHERE.includes(folder)) return [];
  const file = await readVector<VectorFile>("own", path);
  const asked = file?.cases.some((each) => findOperation(each.op, {}) !== undefined) ?? false;
  if (file === null || (!asked && (await isElsewhere(folder)))) return [];
  return [[path, file]];
}

const paths = (await listVectors("own", ".")).filter((path) => path.includes("/"));
const files = (await Promise.all(paths.map(readOurs))).flat();

test("there are vectors", () => {
  const cases = files.flatMap(([, file]) => file.cases);
  const refusals = cases.filter((each) => "error" in each.expect);
  expect(cases.length).toBeGreaterThan(150);
  const folders = new Set(files.map(([path]) => path.split("/")[0]));
  expect(REQUIRED.filter((name) => !folders.has(name))).toEqual([]);
  expect(refusals.length * 2).toBeGreaterThan(cases.length);
  expect(refusals.map((each) => each.expect["error"]).filter((reason) => !REASONS.includes(reason as never))).toEqual([]);
});

describe.each(files)("%s", (_path, file) => {
  test.each(file.cases)("$id: $what", async ({ op, input, expect: expected }) => {
    const inputs = new Inputs(input, file.blobs ?? {});
    const wanted = inputs.expected(expected);
    expect(await operationOf(op, wanted)(inputs)).toEqual(wanted);
  });
});
