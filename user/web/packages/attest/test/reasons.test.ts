/** The closed list of reasons: one specification, one enumeration, and every check within it. */

import { describe, expect, test } from "vitest";

import { appraise, COMMON } from "../src/appraise.ts";
import { Case } from "../src/case.ts";
import { COMPLETE, EXCUSED, tableOf } from "../src/checks.ts";
import { Fault, REASONS, Refused, STAGE_OF } from "../src/errors.ts";
import { KINDS } from "../src/kinds.ts";
import { NOTHING_LOGGED } from "../src/logged.ts";
import { EMPTY } from "../src/memory.ts";
import { localPolicy } from "../src/policy.ts";
import { readText } from "./vectors.ts";

const NOW = 1_800_000_000;
const policy = localPolicy({ now: NOW, deployment: "local", allowSimulated: true, roots: [] });
const given = { now: NOW, policy, logged: NOTHING_LOGGED, nonce: null, memory: EMPTY };
const spec = await readText("specs", "attestation-reasons.md");

test("code and specification list the same reasons in the same order", () => {
  const rows = [...(spec ?? "").matchAll(/^\| (\d+) ([a-z_]+) \| (.+) \|$/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 14 }, (_, index) => index));
  const specified = rows.map(([, , stage, codes = ""]) => {
    return [stage, Array.from(codes.matchAll(/`([a-z0-9_]+)`/g), ([, code]) => code)];
  });
  expect([...REASONS]).toEqual(specified);
  expect(STAGE_OF.size).toBe([...REASONS.values()].flat().length);
});

describe.each([...KINDS])("%s", (name, kind) => {
  const table = tableOf(kind.checks);

  test("a check gives reasons of one stage and depends on earlier checks", () => {
    table.forEach((check, index) => {
      expect(new Set([...check.reasons].map((code) => STAGE_OF.get(code)))).toEqual(new Set([check.stage]));
      const earlier = table.slice(0, index).map((one) => one.name);
      expect(check.needs.filter((need) => !earlier.includes(need))).toEqual([]);
      expect(table.filter((one) => one.name === check.name && one.item === check.item)).toHaveLength(1);
    });
  });

  test("every check is run, excused by name, or the verdict", () => {
    const run = new Set([...Object.keys(COMMON), ...Object.keys(kind.run)]);
    const unmade = table.filter((one) => !run.has(one.name)).map((one) => one.name);
    const excused = name === "simulated" ? ["revocation", "tcb"] : [];
    expect(unmade.sort()).toEqual([...excused, COMPLETE.name].sort());
    expect(excused.filter((one) => !EXCUSED.has(one))).toEqual([]);
  });
});

test("reading what no check established is an error, not a pass", () => {
  const at = new Case({ data: new Uint8Array(0), ...given });
  expect(() => at.found.release).toThrow(Fault);
  expect(() => at.item("cpu")).toThrow(Fault);
  at.found.platformId = "00";
  expect(at.found.platformId).toBe("00");
});

test("nothing at all is refused with a record of everything", async () => {
  const error: unknown = await appraise(new Uint8Array(0), given).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  const { record } = error as Refused;
  expect(record.reasons[0]).toBe("bundle_not_canonical");
  expect(record.checks.map((one) => one.check)).toContain("complete");
  expect(record.memoryAfter).toBe(EMPTY);
});
