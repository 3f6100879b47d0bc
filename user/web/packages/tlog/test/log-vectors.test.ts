/** Every case of the log's own vectors: the outcome, and for refusals exactly the reason that Python gives. */

import { Malformed } from "@privity/protocol/errors";
import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { GROUPS, TlogError } from "../src/errors.ts";
import { OPERATIONS } from "./operations.ts";
import { readText, readVector } from "./vectors.ts";

const FOLDERS = [
  "note", "checkpoint", "cosignature", "witness-policy", "proof", "view", "tiles", "leaves", "bulletin",
] as const;
const files = await Promise.all(FOLDERS.map(async (name) => {
  return [name, await readVector<VectorFile>("own", `${name}/cases.json`)] as const;
}));
const all = files.flatMap(([, file]) => file?.cases ?? []);

test("there are vectors, most of them to be refused, for every reason but one", async () => {
  const refused = all.flatMap((one) => (typeof one.expect["error"] === "string" ? [one.expect["error"]] : []));
  expect(all.length).toBeGreaterThan(350);
  expect(refused.length * 2).toBeGreaterThan(all.length);
  const reasons = Object.values(GROUPS).flat();
  expect(reasons.filter((reason) => !refused.includes(reason))).toEqual(["log_too_large"]);
  expect(await readText("specs", "log-reasons.md")).not.toBeNull();
});

test("code and specification list the same reasons in the same order", async () => {
  const spec = (await readText("specs", "log-reasons.md")) ?? "";
  const rows = [...spec.matchAll(/^\| ([a-z]+) \| (`.+?`) \|/gm)];
  const specified = rows.map(([, group, codes = ""]) => [group, Array.from(codes.matchAll(/`([a-z_]+)`/g), ([, code]) => code)]);
  expect(Object.entries(GROUPS)).toEqual(specified);
});

describe.each(files)("%s", (_name, file) => {
  test.each(file?.cases ?? [])("$id: $what", async ({ op, input, expect: expected }) => {
    const operation = OPERATIONS.get(op);
    if (operation === undefined) throw new Error(`no operation ${op}`);
    expect(await outcome(() => operation(new Inputs(input, file?.blobs ?? {})))).toEqual(expected);
  });
});

async function outcome(step: () => unknown): Promise<unknown> {
  try {
    return { ok: await step() };
  } catch (error) {
    if (error instanceof TlogError || error instanceof Malformed) return { error: error.reason };
    throw error;
  }
}
