/** The simulated document, its registers and its log: exactly these, no more and no fewer. */

import { type Bytes, concat, toHex, uint } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { CborMap, type Key, type Value } from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import { describe, expect, test } from "vitest";

import { Case } from "../src/case.ts";
import { DerError } from "../src/der.ts";
import * as eventLog from "../src/event_log.ts";
import { EventLogError } from "../src/event_log.ts";
import { decode as decodeRelease } from "../src/release.ts";
import * as document from "../src/simulated/document.ts";
import { SIMULATED } from "../src/simulated/table.ts";
import * as x509 from "../src/x509.ts";
import { DOCUMENT, GIVEN, HONEST, ITEMS, SIGN1 } from "./honest.ts";

const payload = cbor.decode(SIGN1.payload) as CborMap;
const registers = payload.get("registers") as CborMap;

/** The payload with one member replaced, or left out. */
function changed(name: string, value?: Value): Bytes {
  const others = payload.pairs.filter(([key]) => key !== name);
  return cbor.encode(new CborMap(value === undefined ? others : [...others, [name, value]]));
}

function withRegisters(...pairs: readonly (readonly [Key, Value])[]): Bytes {
  return changed("registers", new CborMap(pairs));
}

describe("a document of another form is refused", () => {
  const bytes = new Uint8Array(48);
  test.each<[string, Bytes]>([
    ["no map", cbor.encode([1])],
    ["one more member", changed("more", 1)],
    ["one member less", changed("debug")],
    ["another kind", changed("kind", "nitro")],
    ["debug as a number", changed("debug", 0)],
    ["short report data", changed("report_data", new Uint8Array(63))],
    ["long report data", changed("report_data", new Uint8Array(65))],
    ["report data as text", changed("report_data", "a".repeat(64))],
    ["no issuers", changed("cabundle", [])],
    ["four issuers", changed("cabundle", [bytes, bytes, bytes, bytes])],
    ["issuer as text", changed("cabundle", ["a"])],
    ["issuers as bytes", changed("cabundle", bytes)],
    ["certificate as text", changed("certificate", "a")],
    ["one more register", withRegisters(...registers.pairs, [4, bytes])],
    ["one register less", withRegisters(...registers.pairs.slice(1))],
    ["another register", withRegisters([0, bytes], [1, bytes], [2, bytes])],
    ["register of 32 bytes", withRegisters([0, new Uint8Array(32)], [1, bytes], [3, bytes])],
    ["registers as a list", changed("registers", [bytes, bytes, bytes])],
  ])("%s", (_what, data) => {
    expect(() => document.decode(data)).toThrow(Malformed);
  });
});

describe("registers", () => {
  const release = decodeRelease(ITEMS.get("release")?.data ?? HONEST);
  const values = new Map(release.platforms.simulated);

  async function reasonsFor(simulated: ReadonlyMap<string, string> | undefined): Promise<unknown> {
    const at = new Case({ data: HONEST, ...GIVEN });
    at.found.document = DOCUMENT;
    at.found.release = { ...release, platforms: simulated === undefined ? {} : { simulated } };
    return SIMULATED.run["registers"]?.(at);
  }

  test("are those of the release", async () => {
    expect(await reasonsFor(values)).toEqual([]);
    const other = "ab".repeat(48);
    expect(await reasonsFor(new Map([...values, ["0", other]]))).toEqual(["measurement_mismatch:0"]);
    expect(await reasonsFor(new Map([...values, ["1", other]]))).toEqual(["measurement_mismatch:1"]);
  });

  test("are no more and no fewer", async () => {
    const platform = ["measurement_mismatch:platform"];
    expect(await reasonsFor(undefined)).toEqual(platform);
    expect(await reasonsFor(new Map([...values, ["2", "00".repeat(48)]]))).toEqual(platform);
    expect(await reasonsFor(new Map([...values].slice(1)))).toEqual(platform);
  });
});

describe("the runtime log", () => {
  const field = (data: Bytes): Bytes => concat(uint(data.length, 4), data);
  const event = concat(field(Uint8Array.of(0x61)), field(Uint8Array.of(1, 2)));

  test("is read and replayed", async () => {
    const [first] = eventLog.decode(event);
    expect([first?.tag, first?.payload.length]).toEqual(["a", 2]);
    expect(toHex(await eventLog.replay([]))).toBe("00".repeat(48));
    expect(eventLog.decode(concat(...Array.from({ length: eventLog.MAX_EVENTS }, () => event)))).toHaveLength(64);
  });

  test.each<[string, Bytes]>([
    ["cut in a length", event.slice(0, 2)],
    ["no payload", event.slice(0, 5)],
    ["cut in the payload", event.slice(0, -1)],
    ["cut in the tag", concat(uint(5, 4), Uint8Array.of(0x61))],
    ["tag beyond ASCII", concat(field(Uint8Array.of(0x80)), field(Uint8Array.of(1)))],
    ["too many events", concat(...Array.from({ length: eventLog.MAX_EVENTS + 1 }, () => event))],
  ])("%s", (_what, data) => {
    expect(() => eventLog.decode(data)).toThrow(EventLogError);
  });
});

test("the pin of a root in PEM", () => {
  const root = DOCUMENT.cabundle[0] ?? HONEST;
  const base64 = btoa(String.fromCharCode(...root)).replaceAll(/(.{64})/g, "$1\n");
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  expect(document.pinOfPem(pem)).toBe(x509.decode(root).pin);
  for (const wrong of ["", pem + pem, pem.replaceAll("CERTIFICATE", "KEY"), pem.replace("M", "*"), pem.slice(0, -40)]) {
    expect(() => document.pinOfPem(wrong)).toThrow(DerError);
  }
});
