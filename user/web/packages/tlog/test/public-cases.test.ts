/** The public cases of Merkle proofs and of a signed note, where they are on this machine. */

import { expect, test } from "vitest";

import { judge } from "../../protocol/conformance/case.ts";
import { tlog } from "../conformance/tlog.ts";
import { readVector } from "./vectors.ts";

const NAMES = ["merkle-inclusion", "merkle-consistency", "signed-note-example", "witness-add-checkpoint"] as const;
const files = await Promise.all(NAMES.map(async (name) => {
  return [name, await readVector<unknown>("shared", `crypto/tlog/${name}.json`)] as const;
}));

test.skipIf(files.some(([, file]) => file === null)).each(files)("%s", async (name, file) => {
  if (file === null) throw new Error("absent");
  const cases = tlog(name)?.(file) ?? [];
  const failed = [];
  for (const one of cases) {
    const verdict = await judge(one);
    if (!verdict.passed) failed.push(verdict);
  }
  expect(failed).toEqual([]);
  expect(cases.length).toBeGreaterThan(0);
});
