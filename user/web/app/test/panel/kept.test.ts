/** A kept record is read strictly; anything else shows no checks at all, never a wrong one. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readKept } from "../../src/screens/panel/kept.ts";

const CHECK = { stage: 6, check: "debug", item: "cpu", outcome: "passed", reasons: [] };

describe("a kept record", () => {
  test("gives its checks with their first reason", () => {
    const failed = { ...CHECK, check: "root", outcome: "failed", reasons: ["root_not_pinned", "certificate_chain"] };
    expect(readKept(JSON.stringify({ checks: [CHECK, failed] }))).toEqual([
      { check: "debug", item: "cpu", outcome: "passed", reason: "" },
      { check: "root", item: "cpu", outcome: "failed", reason: "root_not_pinned" },
    ]);
  });

  test.each([{ ...CHECK, outcome: "fine" }, { ...CHECK, check: 7 }, { ...CHECK, reasons: "none" }, null, "debug"])(
    "with a row that is none, gives nothing: %j", (row) => {
      expect(readKept(JSON.stringify({ checks: [CHECK, row] }))).toEqual([]);
    });

  test("whatever the text: a list, and no exception", () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(Array.isArray(readKept(text))).toBe(true);
    }));
  });
});
