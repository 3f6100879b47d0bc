/** Whole bundles with NVIDIA devices, of PSA and of CCA from files: what this implementation must say of them. */

import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { appraise } from "../src/appraise.ts";
import { REASONS, Refused } from "../src/errors.ts";
import { type Logged, PROVED } from "../src/logged.ts";
import { EMPTY } from "../src/memory.ts";
import * as policy from "../src/policy.ts";
import { type Record } from "../src/result.ts";
import { readVector } from "./vectors.ts";

const KINDS = ["nvidia", "psa", "cca"] as const;
const files = await Promise.all(
  KINDS.map(async (kind) => [kind, await readVector<VectorFile>("own", `appraise/${kind}.json`)] as const),
);
const listed: ReadonlySet<string> = new Set([...REASONS.values()].flat());
const everything: Logged = {
  trafficKey: null, policy: PROVED, release: PROVED, endorsement: PROVED, directory: PROVED, anchor: PROVED,
  earliest: 0,
};

async function recordOf(input: Inputs): Promise<Record> {
  try {
    const { record } = await appraise(input.bytes("data"), {
      now: input.number("now"), policy: policy.decode(input.bytes("policy")), logged: everything, nonce: null,
      memory: EMPTY,
    });
    return record;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.record;
  }
}

function said({ outcome, reasons, validUntil }: Record): unknown {
  return reasons.length > 0 ? { error: reasons[0], reasons } : { ok: { outcome, valid_until: validUntil } };
}

describe.each(files)("%s", (kind, file) => {
  test("there are vectors, most of them refusals with listed reasons", () => {
    const refusals = (file?.cases ?? []).flatMap((each) => ("error" in each.expect ? [each.expect] : []));
    expect(refusals.length).toBeGreaterThan(40);
    expect(refusals.length * 2).toBeGreaterThan(file?.cases.length ?? 0);
    const codes = refusals.flatMap((each) => each["reasons"] as readonly string[]).map((each) => each.split(":")[0]);
    expect(codes.filter((code) => !listed.has(code ?? ""))).toEqual([]);
  });

  test.each(file?.cases ?? [])("$id: $what", async ({ input, expect: expected }) => {
    expect(said(await recordOf(new Inputs(input, file?.blobs ?? {})))).toEqual(expected);
  });

  test("what an honest one says of itself is in the record, and hardware is not claimed", async () => {
    const record = await recordOf(new Inputs(file?.cases[0]?.input ?? {}, file?.blobs ?? {}));
    const claim = { nvidia: "gpu-0", psa: "client", cca: "rim" }[kind];
    expect(record.claims.get(claim)?.value).toEqual({
      nvidia: {
        kind: "GH100", driver: "550.90.07", vbios: "96.00.9F.00.01", measurements: "3",
        firmware: expect.stringMatching(/^[0-9a-f]{96}$/) as string,
      },
      psa: 3002,
      cca: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    }[kind]);
    expect(record.hardwareBacked).toBe(false);
    expect(record.simulated).toBe(kind === "nvidia");
  });
});
