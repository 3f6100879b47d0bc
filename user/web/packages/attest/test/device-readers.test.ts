/** The readers of devices and Arm tokens at their limits, and on any bytes at all; records of single items. */

import { type Bytes, concat, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { ProfileUnknown } from "../src/arm/claims.ts";
import * as cca from "../src/cca/token.ts";
import { tableOf } from "../src/checks.ts";
import { DerError } from "../src/der.ts";
import { STAGE_OF } from "../src/errors.ts";
import { appraiseItem } from "../src/item.ts";
import { itemPolicy } from "../src/item_policy.ts";
import { KINDS } from "../src/kinds.ts";
import * as device from "../src/nvidia/device.ts";
import * as ocsp from "../src/nvidia/ocsp.ts";
import * as spdm from "../src/nvidia/spdm.ts";
import { SpdmError } from "../src/nvidia/spdm.ts";
import * as table from "../src/nvidia/table.ts";
import { decode as decodePolicy, type Policy } from "../src/policy.ts";
import * as psa from "../src/psa/token.ts";
import * as x509 from "../src/x509.ts";
import { readVector } from "./vectors.ts";

const [nvidia, armPsa, armCca] = await Promise.all(
  ["nvidia", "psa", "cca"].map((kind) => readVector<VectorFile>("own", `appraise/${kind}.json`)),
);

function itemsOf(file: VectorFile | null | undefined): ReadonlyMap<string, evidence.Item> {
  return evidence.decode(new Inputs({ honest: "$honest" }, file?.blobs ?? {}).bytes("honest")).items;
}

function data(items: ReadonlyMap<string, evidence.Item>, label: string): Bytes {
  return items.get(label)?.data ?? new Uint8Array(0);
}

const devices = itemsOf(nvidia);
const gpu = data(devices, "gpu-0");
const [messages] = cbor.decode(gpu) as readonly Bytes[];
const [response = new Uint8Array(0)] = cbor.decode(data(devices, "nvidia-ocsp")) as readonly Bytes[];
const tokens = { psa: data(itemsOf(armPsa), "cpu"), cca: data(itemsOf(armCca), "cpu") };
const NOW = 1_795_392_000;
const policy = itemPolicy(NOW);

const READERS: Readonly<Record<string, readonly [read: (data: Bytes) => unknown, good: Bytes]>> = {
  spdm: [spdm.decode, messages ?? gpu],
  device: [device.decode, gpu],
  ocsp: [ocsp.decode, response],
  psa: [psa.decode, tokens.psa],
  "cca platform": [cca.readPlatform, tokens.cca],
  "cca realm": [cca.readRealm, tokens.cca],
  "cca parts": [cca.parts, tokens.cca],
};
const DOCUMENTED = [SpdmError, DerError, Malformed, ProfileUnknown];
const any = fc.uint8Array({ maxLength: 300 }).map((bytes): Bytes => new Uint8Array(bytes));

function nearly(good: Bytes): fc.Arbitrary<Bytes> {
  return fc.tuple(fc.nat(good.length), fc.nat(good.length), any).map(([start, end, middle]) => {
    return concat(good.slice(0, start), middle, good.slice(Math.max(start, end)));
  });
}

describe.each(Object.entries(READERS))("%s", (_name, [read, good]) => {
  test("any bytes give a documented error", () => {
    fc.assert(fc.property(fc.oneof(any, nearly(good)), (bytes) => {
      try {
        read(bytes);
      } catch (error) {
        expect(DOCUMENTED.filter((kind) => error instanceof kind)).toHaveLength(1);
      }
    }), { numRuns: 400 });
  });
});

test("the honest ones are read", () => {
  expect(spdm.decode(messages ?? gpu).measurements.size).toBe(3);
  expect(device.decode(gpu).chain).toHaveLength(5);
  expect(ocsp.decode(response).answers).toHaveLength(1);
  expect(cca.parts(tokens.cca).platform.length).toBeGreaterThan(100);
});

test("a fault in any byte of a response is not the same response", () => {
  const honest = ocsp.decode(response);
  const parts = (one: ocsp.Response): string => [one.signed, one.signature].map(toHex).join(" ") + one.scheme.name;
  response.forEach((byte, at) => {
    const changed = response.slice();
    changed[at] = byte ^ (1 << (at % 8));
    try {
      expect(parts(ocsp.decode(changed))).not.toBe(parts(honest));
    } catch (error) {
      if (!(error instanceof DerError)) throw error;
    }
  });
});

/** By this policy the fake root is the root of devices. */
const rootPin = x509.decode(device.decode(gpu).chain.at(-1) ?? gpu).pin;
const pinned = { ...policy, trust_anchors: { ...policy.trust_anchors, nvidia: [rootPin] } };

async function isGenuine(label: string, mediaType: string, bytes: Bytes, by: Policy): Promise<boolean> {
  const items = new Map([[label, [mediaType, bytes] as const]]);
  return (await appraiseItem(items, { now: NOW, policy: by, release: null })).genuine;
}

function flipped(bytes: Bytes, at: number): Bytes {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
  return changed;
}

test("a flipped bit of a device's item is never genuine", async () => {
  expect(await isGenuine("gpu-0", "nvidia-spdm+cbor", gpu, pinned)).toBe(true);
  for (let at = 0; at < gpu.length; at += 7) {
    expect(await isGenuine("gpu-0", "nvidia-spdm+cbor", flipped(gpu, at), pinned), String(at)).toBe(false);
  }
});

test.each([["psa", armPsa], ["cca", armCca]] as const)("a flipped bit of a %s token is never genuine", async (kind, file) => {
  const by = decodePolicy(new Inputs({ policy: "$policy" }, file?.blobs ?? {}).bytes("policy"));
  const token = tokens[kind];
  expect(await isGenuine("cpu", `${kind}-token`, token, by)).toBe(true);
  for (let at = 0; at < token.length; at += 3) {
    expect(await isGenuine("cpu", `${kind}-token`, flipped(token, at), by), String(at)).toBe(false);
  }
});

describe("a lone item", () => {
  const labels = ["gpu-0", "switch-0", "nvidia-ocsp"];
  const whole = new Map(labels.map((label) => [label, [devices.get(label)?.mediaType ?? "", data(devices, label)] as const]));

  test("of any bytes gives listed reasons", async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...labels), any, async (label, bytes) => {
      const items = new Map([...whole, [label, [devices.get(label)?.mediaType ?? "", bytes] as const]]);
      const { reasons } = await appraiseItem(items, { now: NOW, policy, release: null });
      expect(reasons.length).toBeGreaterThan(0);
      expect(reasons.filter((reason) => !STAGE_OF.has(reason.split(":")[0] ?? ""))).toEqual([]);
    }), { numRuns: 40 });
  });

  test("without golden values is refused for that, and its root for not being NVIDIA's", async () => {
    const { kind, genuine, reasons, claims } = await appraiseItem(whole, { now: NOW, policy, release: null });
    expect([kind, genuine, claims.size]).toEqual(["nvidia", false, 0]);
    expect(reasons).toEqual(["root_not_pinned:gpu-0", "root_not_pinned:switch-0"]);
  });

  test("is nothing where nothing is given", async () => {
    const { genuine, checks } = await appraiseItem(new Map(), { now: NOW, policy, release: null });
    expect([genuine, checks]).toEqual([false, []]);
  });
});

describe("the table of devices", () => {
  const own = table.checksOf(["gpu-0", "switch-0"]);

  test("every check is run and shares its name with no other", () => {
    const names = new Set(own.map((one) => one.name));
    expect([...table.RUN.keys()].sort()).toEqual([...names].sort());
    const others = [...KINDS.values()].flatMap((kind) => tableOf(kind.checks)).filter((one) => names.has(one.name));
    expect(others).toEqual([]);
  });

  test("a check depends on earlier ones and gives reasons of one stage", () => {
    const whole = tableOf(KINDS.get("simulated")?.checks ?? [], own);
    whole.forEach((check, index) => {
      expect(new Set([...check.reasons].map((code) => STAGE_OF.get(code)))).toEqual(new Set([check.stage]));
      const earlier = whole.slice(0, index).map((one) => one.name);
      expect(check.needs.filter((need) => !earlier.includes(need))).toEqual([]);
    });
  });
});
