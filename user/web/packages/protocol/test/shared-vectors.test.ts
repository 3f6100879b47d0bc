/** The shared official vectors and the project's known answers, case by case. */

import { describe, expect, test } from "vitest";

import { judge } from "../conformance/case.ts";
import { plan } from "../conformance/crypto.ts";
import { nativeXWing } from "../src/webcrypto.ts";
import { listVectors, readVector } from "./vectors.ts";

const paths = await listVectors("shared", "crypto");
const native = await nativeXWing();

test.runIf(paths.length === 0)("the shared vectors are not on this machine", ({ skip }) => {
  skip("set PRIVITY_VECTORS to the folder of shared vectors");
});

describe.each(paths)("%s", async (path) => {
  const todo = plan(path.replace(/^crypto\//, ""), native === null ? [] : [native]);
  if ("notRun" in todo) {
    test.skip(todo.notRun, () => undefined);
    return;
  }
  test("has a reader", () => {
    expect("read" in todo).toBe(true);
  });
  if (!("read" in todo)) return;
  const cases = todo.read(await readVector<unknown>("shared", path));
  test.each(cases.map((each) => [each.id, each] as const))("%s", async (_id, each) => {
    const verdict = await judge(each);
    expect(verdict.found).toBe(each.expected);
  });
});
