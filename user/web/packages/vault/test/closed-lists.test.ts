/** The closed lists: reasons and labels are those of the specifications, and every reason has a case. */

import { expect, test } from "vitest";

import { GROUPS } from "../src/errors.ts";
import * as labels from "../src/labels.ts";
import * as publicLabels from "../../protocol/src/stored/labels.ts";
import { casesOf } from "./run_vectors.ts";
import { readText } from "./vectors.ts";

/** Formats that strangers may write, of which most cases must fail. */
const FORMATS = ["opener", "keyring", "object", "page", "pairing", "share", "export", "contents", "search"] as const;

test("most cases of a format are refused, and every reason is the answer to one", async () => {
  const named = new Set<unknown>();
  for (const { cases } of await Promise.all(FORMATS.map(casesOf))) {
    const refused = cases.flatMap((one) => (typeof one.expect["error"] === "string" ? [one.expect["error"]] : []));
    expect(refused.length * 2).toBeGreaterThan(cases.length);
    for (const reason of refused) named.add(reason);
  }
  expect(Object.values(GROUPS).flat().filter((reason) => !named.has(reason))).toEqual([]);
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
