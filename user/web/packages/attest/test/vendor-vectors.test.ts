/** Whole bundles of vendors from files: what this implementation must say of them, reason by reason. */

import { describe, expect, test } from "vitest";

import { appraise } from "../src/appraise.ts";
import { REASONS, Refused } from "../src/errors.ts";
import { type Logged, PROVED } from "../src/logged.ts";
import * as memory from "../src/memory.ts";
import * as policy from "../src/policy.ts";
import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { readVector } from "./vectors.ts";

const KINDS = ["sev_snp", "nitro", "sim_tpm", "dcap"] as const;
const files = await Promise.all(
  KINDS.map(async (kind) => [kind, await readVector<VectorFile>("own", `appraise/${kind}.json`)] as const),
);
const listed: ReadonlySet<string> = new Set([...REASONS.values()].flat());
const everything: Logged = {
  trafficKey: null, policy: PROVED, release: PROVED, endorsement: PROVED, directory: PROVED, anchor: PROVED,
  earliest: 0,
};

async function outcome(input: Inputs): Promise<unknown> {
  try {
    const { record } = await appraise(input.bytes("data"), {
      now: input.number("now"),
      policy: policy.decode(input.bytes("policy")),
      logged: everything,
      nonce: null,
      memory: input.has("memory") ? memory.decode(input.bytes("memory")) : memory.EMPTY,
    });
    return { ok: { outcome: record.outcome, valid_until: record.validUntil } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { error: error.reasons[0], reasons: error.reasons };
  }
}

describe.each(files)("%s", (_kind, file) => {
  test("there are vectors, most of them refusals with listed reasons", () => {
    const refusals = (file?.cases ?? []).flatMap((each) => ("error" in each.expect ? [each.expect] : []));
    expect(refusals.length).toBeGreaterThan(40);
    expect(refusals.length * 2).toBeGreaterThan(file?.cases.length ?? 0);
    const codes = refusals.flatMap((each) => each["reasons"] as readonly string[]).map((each) => each.split(":")[0]);
    expect(codes.filter((code) => !listed.has(code ?? ""))).toEqual([]);
  });

  test.each(file?.cases ?? [])("$id: $what", async ({ input, expect: expected }) => {
    expect(await outcome(new Inputs(input, file?.blobs ?? {}))).toEqual(expected);
  });
});
