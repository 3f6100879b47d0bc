/** The operator's word for a node: every case of its vectors, and any bytes at all. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import fc from "fast-check";
import { expect, test } from "vitest";

import { Inputs, type Plain, type VectorFile } from "../../protocol/test/operations/case.ts";
import * as endorsement from "../src/endorsement.ts";
import { EndorsementInvalid, type FleetKey } from "../src/endorsement.ts";
import { STAGE_OF } from "../src/errors.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "endorsement/cases.json");
const cases = file?.cases ?? [];

async function judged(input: Inputs, item: Bytes | null): Promise<string> {
  const keys = input.list("keys").map((pair): FleetKey => {
    const [first = "", second = null] = pair as readonly Plain[];
    return { ed25519: input.join(first), mldsa44: second === null ? null : input.join(second) };
  });
  const node = { nodeDocument: input.bytes("node_document"), platform: input.bytes("platform"), exp: input.number("exp") };
  return toHex(endorsement.idOf(await endorsement.verify(item, keys, node)));
}

async function reasonOf(step: () => Promise<unknown>): Promise<unknown> {
  try {
    return { ok: await step() };
  } catch (error) {
    if (error instanceof EndorsementInvalid) return { error: error.reason };
    throw error;
  }
}

test("there are cases, and their reasons are listed", () => {
  expect(cases.length).toBeGreaterThan(20);
  const reasons = cases.flatMap(({ expect: due }) => (typeof due["error"] === "string" ? [due["error"]] : []));
  expect(reasons.length * 2).toBeGreaterThan(cases.length);
  expect(reasons.filter((reason) => !STAGE_OF.has(reason.split(":")[0] ?? ""))).toEqual([]);
});

test.each(cases)("$id: $what", async ({ input, expect: due }) => {
  const given = new Inputs(input, file?.blobs ?? {});
  expect(await reasonOf(() => judged(given, given.isNull("data") ? null : given.bytes("data")))).toEqual(due);
});

test("any bytes and any changed byte are refused with a reason", async () => {
  const honest = new Inputs(cases[0]?.input ?? {}, file?.blobs ?? {});
  const item = honest.bytes("data");
  expect(endorsement.encode(endorsement.decode(item))).toEqual(item);
  const changed = fc.tuple(fc.nat(item.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, bits]): Bytes => {
    const data = item.slice();
    data[at] = (data[at] ?? 0) ^ bits;
    return data;
  });
  await fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 120 }), changed), async (data) => {
    expect(await reasonOf(() => judged(honest, new Uint8Array(data)))).toHaveProperty("error");
  }), { numRuns: 60 });
});
