/** Every check of every kind has a plain name, and stands under a heading on purpose. */

import { readFileSync } from "node:fs";

import { COMPLETE, tableOf } from "@privity/attest/checks";
import { KINDS } from "@privity/attest/kinds";
import { beforeAll, describe, expect, test } from "vitest";

import { groupOf } from "../../src/bridge/groups.ts";
import { changeName, checkName } from "../../src/screens/panel/rows.ts";
import { allTexts, isKey } from "../../src/text/text.ts";

beforeAll(allTexts);

const NAMES = [...new Set([...KINDS.values()].flatMap(({ checks }) => tableOf(checks)).map(({ name }) => name))];

describe("checks", () => {
  test("each has a plain name", () => {
    expect(NAMES.length).toBeGreaterThan(90);
    expect([...NAMES, COMPLETE.name].filter((name) => !isKey(`panel.check.${name}`))).toEqual([]);
  });

  test("an unknown one is shown by its own name", () => {
    expect(checkName("not_heard_of")).toBe("not heard of");
  });

  test("each kind of change between releases has a plain name", () => {
    const source = readFileSync(new URL("../../src/channel/changes.ts", import.meta.url), "utf8");
    const kinds = [...source.matchAll(/changed\("(\w+)"/g)].flatMap(([, kind]) => kind ?? []);
    expect(kinds.length).toBeGreaterThan(5);
    expect(kinds.filter((kind) => changeName(kind) === kind)).toEqual([]);
  });

  test("models, devices and the log stand under their own headings", () => {
    expect(groupOf("models_allowed")).toBe("model");
    expect(groupOf("device_signature")).toBe("gpu");
    expect(groupOf("release_logged")).toBe("log");
    expect(groupOf("report_data")).toBe("key");
    expect(groupOf("registers")).toBe("code");
    expect(groupOf("debug")).toBe("hardware");
  });
});
