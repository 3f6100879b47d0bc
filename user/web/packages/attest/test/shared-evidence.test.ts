/** Evidence that vendors signed: every case of the shared vectors at its time, in this engine; skipped where absent. */

import { type Bytes } from "@privity/protocol/bytes";
import { describe, expect, test } from "vitest";

import { FORMAT, type Index, judge, notRun } from "../conformance/attestation.ts";
import { readBytes, readVector } from "./vectors.ts";

const index = await readVector<Index>("shared", "attestation/index.json");
const cases = (index?.cases ?? []).filter((one) => notRun(one) === null);
const names = [...new Set(cases.flatMap((one) => Object.values(one.files)))];
const files = new Map(
  await Promise.all(names.map(async (name) => [name, await readBytes("shared", `attestation/${name}`)] as const)),
);

function read(name: string): Bytes {
  const data = files.get(name);
  if (data === undefined || data === null) throw new Error(`${name} is missing`);
  return data;
}

describe.skipIf(index === null)("PRIVITY_VECTORS or ../shared/vectors", () => {
  test("holds cases of the known format", () => {
    expect(index?.format).toBe(FORMAT);
    expect(cases.length).toBeGreaterThan(20);
  });

  test.each(cases.map((one) => [one.tee, one.id, one] as const))("%s %s", async (_tee, _id, one) => {
    const verdict = index === null ? null : await judge(one, index, read);
    expect(verdict).toMatchObject({ passed: true });
  });
});
