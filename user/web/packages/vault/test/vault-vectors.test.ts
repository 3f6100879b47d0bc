/** Every case of the vault's own vectors: the outcome, and for refusals exactly the reason that Python gives. */

import { describe, expect, test } from "vitest";

import { GROUPS, VaultError } from "../src/errors.ts";
import * as labels from "../src/labels.ts";
import * as publicLabels from "../../protocol/src/stored/labels.ts";
import { type CaseFile, Given } from "./given.ts";
import { HANDED_OVER } from "./handed_over.ts";
import { HISTORY } from "./history.ts";
import { STORED } from "./operations.ts";
import { TAKEN_AWAY } from "./taken_away.ts";
import { readText, readVector } from "./vectors.ts";

const FOLDERS = [
  "opener", "keyring", "object", "page", "pairing", "share", "export", "contents", "merge", "tree", "title", "wallet",
  "rotation", "repair", "search", "importers",
] as const;
const OPERATIONS = new Map([...STORED, ...HANDED_OVER, ...HISTORY, ...TAKEN_AWAY]);
const files = await Promise.all(FOLDERS.map(async (name) => {
  return [name, await readVector<CaseFile>("own", `${name}/cases.json`)] as const;
}));
const all = files.flatMap(([, file]) => file?.cases ?? []);

test("there are vectors, most of them to be refused, for every reason", () => {
  const refused = all.flatMap((one) => (typeof one.expect["error"] === "string" ? [one.expect["error"]] : []));
  expect(all.length).toBeGreaterThan(850);
  expect(refused.length * 2).toBeGreaterThan(all.length);
  expect(Object.values(GROUPS).flat().filter((reason) => !refused.includes(reason))).toEqual([]);
});

test("code and specification list the same reasons in the same order", async () => {
  const spec = (await readText("specs", "vault-reasons.md")) ?? "";
  const rows = [...spec.matchAll(/^\| ([a-z]+) \| (`.+?`) \|/gm)];
  const specified = rows.map(([, group, codes = ""]) => [group, Array.from(codes.matchAll(/`([a-z_.]+)`/g), ([, code]) => code)]);
  expect(Object.entries(GROUPS)).toEqual(specified);
});

test("code and specification list the same labels", async () => {
  const spec = (await readText("specs", "labels.md")) ?? "";
  const specified = Array.from(spec.matchAll(/^\| `([^`]+)` \|/gm), ([, label = ""]) => label.replaceAll("\\0", "\0"));
  expect(new Set([...Object.values(labels), ...Object.values(publicLabels)])).toEqual(new Set(specified));
});

describe.each(files)("%s", (_name, file) => {
  test.each(file?.cases ?? [])("$id: $what", async ({ op, input, expect: expected }) => {
    const operation = OPERATIONS.get(op);
    if (operation === undefined) throw new Error(`no operation ${op}`);
    expect(await outcome(() => operation(new Given(input, file?.blobs ?? {})))).toEqual(expected);
  });
});

async function outcome(step: () => unknown): Promise<unknown> {
  try {
    return { ok: await step() };
  } catch (error) {
    if (error instanceof VaultError) return { error: error.reason };
    throw error;
  }
}
