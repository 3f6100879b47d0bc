/** What is read and refused of Intel's formats and of boot logs: every case of the vectors, the reason included. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { commonName } from "../src/dcap/chains.ts";
import * as collateral from "../src/dcap/collateral.ts";
import * as intelJson from "../src/dcap/intel_json.ts";
import { IntelJsonError } from "../src/dcap/intel_json.ts";
import * as pck from "../src/dcap/pck.ts";
import * as quote from "../src/dcap/quote.ts";
import * as tcb from "../src/dcap/tcb.ts";
import { DerError } from "../src/der.ts";
import * as measuredBoot from "../src/measured_boot.ts";
import { BootLogError, SHA384 } from "../src/measured_boot.ts";
import { readVector } from "./vectors.ts";

const file = await readVector<VectorFile>("own", "dcap/cases.json");

function ofQuote(data: Bytes): unknown {
  const { version, body, signed, trailing } = quote.decode(data);
  return { version, tee: body.tee, signed: signed.length, report_data: toHex(body.reportData), trailing };
}

function ofExtension(data: Bytes): unknown {
  const found = pck.decode(data);
  return {
    ppid: toHex(found.ppid), components: toHex(found.components), cpu_svn: toHex(found.cpuSvn), pceid: toHex(found.pceid),
    fmspc: toHex(found.fmspc), pcesvn: found.pcesvn, type: found.type,
    flags: [found.dynamicPlatform, found.cachedKeys, found.smt],
  };
}

function ofDocument(data: Bytes): unknown {
  const info = new TextDecoder().decode(data).includes("tcbType");
  const { id, issued, evaluation, levels } = info ? tcb.tcbInfo(data) : tcb.qeIdentity(data);
  return { id, issued, evaluation, levels: levels.map((one) => [one.status, one.date, one.advisories]) };
}

async function ofLog(data: Bytes): Promise<unknown> {
  const events = measuredBoot.decode(data, SHA384);
  const registers = [...await measuredBoot.replay(events, SHA384)].map(([index, value]) => [String(index), toHex(value)]);
  const faults = await measuredBoot.payloadFaults(events, SHA384);
  return { events: events.length, registers: Object.fromEntries(registers) as unknown, faults };
}

const OPERATIONS: ReadonlyMap<string, readonly [read: (data: Bytes) => unknown, reason: string]> = new Map([
  ["read_quote", [ofQuote, ""]],
  ["read_chain", [(data: Bytes) => pck.chainOf(data).map((one) => one.length), "certificate_malformed"]],
  ["read_pck_extension", [ofExtension, "certificate_malformed"]],
  ["read_intel_json", [(data: Bytes) => intelJson.decode(data), "collateral_mismatch"]],
  ["read_intel_document", [ofDocument, "collateral_mismatch"]],
  ["read_collateral", [
    (data: Bytes) => collateral.TEXTS.map((name) => collateral.decode(data).texts[name].length), "malformed",
  ]],
  ["read_boot_log", [ofLog, "malformed"]],
]);
const DOCUMENTED = [DerError, IntelJsonError, Malformed, BootLogError];

/** What the operation gives; any other error than its reader's own fails the test. */
async function outcome(name: string, data: Bytes): Promise<unknown> {
  const [read, reason] = OPERATIONS.get(name) ?? [(): unknown => expect.unreachable(name), ""];
  try {
    return { ok: await read(data) };
  } catch (error) {
    if (error instanceof quote.QuoteError) return { error: error.code };
    if (DOCUMENTED.some((kind) => error instanceof kind)) return { error: reason };
    throw error;
  }
}

test("there are vectors, and most of them must fail", () => {
  const cases = file?.cases ?? [];
  expect(cases.length).toBeGreaterThan(100);
  expect(cases.filter((each) => "error" in each.expect).length * 2).toBeGreaterThan(cases.length);
});

describe("readers", () => {
  test.each(file?.cases ?? [])("$id: $what", async ({ op, input, expect: expected }) => {
    expect(await outcome(op, new Inputs(input, file?.blobs ?? {}).bytes("data"))).toEqual(expected);
  });
});

describe.each([...OPERATIONS.keys()])("%s", (name) => {
  const honest = file?.cases.find((each) => each.op === name && "ok" in each.expect);
  const good = new Inputs(honest?.input ?? { data: "" }, file?.blobs ?? {}).bytes("data");

  test("gives its documented error of any bytes, and of nearly right ones", async () => {
    const nearly = fc.tuple(fc.nat(good.length), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
      const altered = good.slice();
      altered[at % good.length] = (altered[at % good.length] ?? 0) ^ change;
      return altered;
    });
    const any = fc.uint8Array({ maxLength: 200 }).map((data): Bytes => new Uint8Array(data));
    await fc.assert(fc.asyncProperty(fc.oneof(any, nearly), async (data) => {
      expect(await outcome(name, data)).toBeDefined();
    }), { numRuns: 300 });
  });
});

test("a name with one common name has it, another none", () => {
  const attribute = (oid: number): readonly number[] => [0x30, 9, 6, 3, 0x55, 4, oid, 0x0c, 2, 0x6f, 0x6b];
  const relative = (...attributes: readonly (readonly number[])[]): readonly number[] => {
    return [0x31, 11 * attributes.length, ...attributes.flat()];
  };
  const name = (...relatives: readonly (readonly number[])[]): Bytes => {
    return Uint8Array.of(0x30, relatives.flat().length, ...relatives.flat());
  };
  expect(commonName(name(relative(attribute(6)), relative(attribute(3))))).toBe("ok");
  expect(commonName(name(relative(attribute(6))))).toBeNull();
  expect(commonName(name(relative(attribute(3), attribute(3))))).toBeNull();
  expect(commonName(name(attribute(3)))).toBeNull();
});

describe("limits", () => {
  test("a text of 64 KiB is read and one byte more is not", () => {
    const padded = new TextEncoder().encode(`{${" ".repeat(intelJson.MAX_TEXT - 2)}}`);
    expect(intelJson.decode(padded)).toEqual({});
    expect(() => intelJson.decode(Uint8Array.of(...padded.slice(0, -1), 0x20, 0x7d))).toThrow(IntelJsonError);
  });

  test("a log of 1,024 events is read and one event more is not", () => {
    const data = new Inputs({ data: "$log" }, { log: toHex(logOf(measuredBoot.MAX_EVENTS)) }).bytes("data");
    expect(measuredBoot.decode(data, SHA384)).toHaveLength(measuredBoot.MAX_EVENTS);
    expect(() => measuredBoot.decode(logOf(measuredBoot.MAX_EVENTS + 1), SHA384)).toThrow(BootLogError);
  });
});

/** A log of so many empty events, from the honest one's first record. */
function logOf(count: number): Bytes {
  const empty = file?.cases.find((each) => each.id === "read_boot_log-empty");
  const head = new Inputs(empty?.input ?? { data: "" }, file?.blobs ?? {}).bytes("data");
  const event = Uint8Array.of(1, 0, 0, 0, 0x0d, 0, 0, 0, 1, 0, 0, 0, 0x0c, 0, ...new Uint8Array(52));
  const log = new Uint8Array(head.length + count * event.length);
  log.set(head);
  for (let index = 0; index < count; index += 1) log.set(event, head.length + index * event.length);
  return log;
}
