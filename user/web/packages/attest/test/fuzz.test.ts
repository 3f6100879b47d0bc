/** Any bytes at all: listed reasons or documented errors, and nothing is accepted that was not accepted before. */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { appraise } from "../src/appraise.ts";
import * as cose from "../src/cose.ts";
import * as crl from "../src/crl.ts";
import * as der from "../src/der.ts";
import { PolicyMalformed, Refused, STAGE_OF } from "../src/errors.ts";
import * as eventLog from "../src/event_log.ts";
import { NOTHING_LOGGED } from "../src/logged.ts";
import * as memory from "../src/memory.ts";
import * as policy from "../src/policy.ts";
import * as release from "../src/release.ts";
import { verifyDer, P256, SignatureInvalid, verifyRaw } from "../src/signature.ts";
import { decode as decodeSimulated } from "../src/simulated/document.ts";
import * as x509 from "../src/x509.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "appraise/cases.json");
const blobs = new Inputs({ honest: "$honest", policy: "$policy" }, file?.blobs ?? {});
const honest = blobs.bytes("honest");
const { now } = file?.cases[0]?.input as { readonly now: number };
const given = { now, policy: policy.decode(blobs.bytes("policy")), logged: NOTHING_LOGGED, nonce: null, memory: memory.EMPTY };
const { items } = evidence.decode(honest);

const any = fc.uint8Array({ maxLength: 300 }).map((data): Bytes => new Uint8Array(data));

/** `data` with a byte changed and perhaps its end cut off. */
function nearly(data: Bytes): fc.Arbitrary<Bytes> {
  return fc.tuple(fc.nat(data.length), fc.integer({ min: 1, max: 255 }), fc.nat(4)).map(([at, change, cut]) => {
    const altered = data.slice(0, cut === 0 ? Math.max(1, at) : data.length);
    const place = at % altered.length;
    altered[place] = (altered[place] ?? 0) ^ change;
    return altered;
  });
}

async function isRefused(bundle: Bytes): Promise<readonly string[]> {
  const outcome: unknown = await appraise(bundle, given).catch((thrown: unknown) => thrown);
  expect(outcome).toBeInstanceOf(Refused);
  const { reasons, record } = outcome as Refused;
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons.filter((reason) => !STAGE_OF.has(reason.split(":")[0] ?? ""))).toEqual([]);
  expect([record.outcome, record.validUntil]).toEqual(["refused", null]);
  return reasons;
}

async function each(data: fc.Arbitrary<Bytes>, step: (data: Bytes) => unknown, numRuns = 200): Promise<void> {
  await fc.assert(fc.asyncProperty(data, async (one) => {
    await step(one);
  }), { numRuns });
}

test("the honest bundle is accepted as simulated, so that the rest means something", async () => {
  expect((await appraise(honest, given)).outcome).toBe("accepted_as_simulated");
});

test("any bytes as a bundle", () => each(any, isRefused));
test("a changed bundle", () => each(nearly(honest), isRefused, 100));

describe.each([...items])("item %s", (label, item) => {
  const bundle = (data: Bytes): Bytes => evidence.encode(new Map([...items, [label, { ...item, data }]]));

  test("any bytes", () => each(any, (data) => isRefused(bundle(data)), 60));
  test("a changed byte", () => each(nearly(item.data), async (data) => {
    expect((await isRefused(bundle(data)))[0]).not.toMatch(/^bundle_/);
  }, 60));
});

const sign1 = cose.decode(items.get("cpu")?.data ?? new Uint8Array(0));
const simulated = decodeSimulated(sign1.payload);
const readers: Readonly<Record<string, readonly [(data: Bytes) => unknown, Bytes]>> = {
  DER: [der.decode, simulated.certificate],
  certificate: [x509.decode, simulated.certificate],
  "public key": [x509.publicKey, x509.decode(simulated.certificate).signed],
  "revocation list": [crl.decode, simulated.certificate],
  COSE_Sign1: [cose.decode, items.get("cpu")?.data ?? honest],
  "simulated document": [decodeSimulated, sign1.payload],
  "runtime log": [eventLog.decode, items.get("runtime-log")?.data ?? honest],
  policy: [policy.decode, blobs.bytes("policy")],
  memory: [memory.decode, memory.encode(memory.EMPTY)],
  release: [release.decode, items.get("release")?.data ?? honest],
  models: [release.decodeModels, items.get("models")?.data ?? honest],
};
const DOCUMENTED = [der.DerError, cose.CoseError, eventLog.EventLogError, Malformed, PolicyMalformed];

describe.each(Object.entries(readers))("%s", (_name, [read, good]) => {
  test("raises its documented error only", () => each(fc.oneof(any, nearly(good)), (data) => {
    try {
      read(data);
    } catch (error) {
      expect(DOCUMENTED.filter((kind) => error instanceof kind)).toHaveLength(1);
    }
  }, 400));
});

describe("signatures", () => {
  const key = Uint8Array.of(4, ...new Uint8Array(64));
  const message = ascii("a message");

  test("any key and any signature verify nothing", async () => {
    await each(any, async (data) => {
      await expect(verifyDer(P256, key, message, data)).rejects.toThrow(SignatureInvalid);
      await expect(verifyRaw(P256, data, message, new Uint8Array(64))).rejects.toThrow(SignatureInvalid);
      await expect(x509.verifyIssued(x509.decode(simulated.certificate), {
        ...x509.decode(simulated.certificate), subject: data,
      })).rejects.toThrow(SignatureInvalid);
    }, 60);
  });
});
