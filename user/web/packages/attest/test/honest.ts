/** The honest simulated bundle of the vectors, the policy that accepts it, and what comes of changing one thing. */

import * as container from "@privity/protocol/evidence";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { appraise } from "../src/appraise.ts";
import { type Given } from "../src/case.ts";
import * as cose from "../src/cose.ts";
import { Refused } from "../src/errors.ts";
import { NOTHING_LOGGED } from "../src/logged.ts";
import { EMPTY } from "../src/memory.ts";
import { decode, type Policy } from "../src/policy.ts";
import { type Record } from "../src/result.ts";
import * as document from "../src/simulated/document.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "appraise/cases.json");
const blobs = new Inputs({ honest: "$honest", policy: "$policy" }, file?.blobs ?? {});

export const HONEST = blobs.bytes("honest");
export const POLICY: Policy = decode(blobs.bytes("policy"));
export const NOW = (file?.cases[0]?.input as { readonly now: number }).now;
export const GIVEN: Omit<Given, "data"> = {
  now: NOW, policy: POLICY, logged: NOTHING_LOGGED, nonce: null, memory: EMPTY,
};
export const ITEMS = container.decode(HONEST).items;
export const SIGN1 = cose.decode(ITEMS.get("cpu")?.data ?? new Uint8Array(0));
export const DOCUMENT = document.decode(SIGN1.payload);

/** The record of the honest bundle, whatever the outcome, with some inputs replaced. */
export async function recordOf(changed: Partial<Given> = {}): Promise<Record> {
  try {
    return (await appraise(changed.data ?? HONEST, { ...GIVEN, ...changed })).record;
  } catch (error) {
    if (error instanceof Refused) return error.record;
    throw error;
  }
}

/** All failures with some fields of the policy replaced. */
export async function reasonsUnder(policy: Partial<Policy>): Promise<readonly string[]> {
  return (await recordOf({ policy: { ...POLICY, ...policy } })).reasons;
}
