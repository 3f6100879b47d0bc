/** Whole bundles from files: what this implementation must say of them, reason by reason. */

import { describe, expect, test } from "vitest";

import { appraise } from "../src/appraise.ts";
import { REASONS, Refused } from "../src/errors.ts";
import { withoutLog } from "../src/logged.ts";
import { EMPTY } from "../src/memory.ts";
import * as policy from "../src/policy.ts";
import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "appraise/cases.json");
const listed: ReadonlySet<string> = new Set([...REASONS.values()].flat());

function optional(input: Inputs, name: string): ReturnType<Inputs["bytes"]> | null {
  return input.isNull(name) ? null : input.bytes(name);
}

async function outcome(input: Inputs): Promise<unknown> {
  try {
    const { record } = await appraise(input.bytes("data"), {
      now: input.number("now"),
      policy: policy.decode(input.bytes("policy")),
      logged: withoutLog(optional(input, "traffic_key")),
      nonce: optional(input, "nonce"),
      memory: EMPTY,
    });
    return { ok: { outcome: record.outcome, valid_until: record.validUntil } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: error.reasons[0], reasons: error.reasons };
  }
}

test("there are vectors, most of them refusals with listed reasons", () => {
  const refusals = (file?.cases ?? []).flatMap((each) => ("error" in each.expect ? [each.expect] : []));
  expect(file?.cases.length).toBeGreaterThan(50);
  expect(refusals.length * 2).toBeGreaterThan(file?.cases.length ?? 0);
  const codes = refusals.flatMap((expected) => expected["reasons"] as readonly string[]).map((each) => each.split(":")[0]);
  expect(codes.filter((code) => !listed.has(code ?? ""))).toEqual([]);
});

describe("appraise", () => {
  test.each(file?.cases ?? [])("$id: $what", async ({ input, expect: expected }) => {
    expect(await outcome(new Inputs(input, file?.blobs ?? {}))).toEqual(expected);
  });
});
