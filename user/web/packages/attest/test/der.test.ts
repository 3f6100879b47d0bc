/** DER has one spelling: what else bytes could mean is refused, up to the limits of depth and count. */

import { ascii, type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { describe, expect, test } from "vitest";

import * as der from "../src/der.ts";
import { DerError, type Element } from "../src/der.ts";
import { hex } from "./vectors.ts";

const element = (text: string): Element => der.decode(hex(text));
const timed = (tag: number, text: string): Element => der.decode(concat(Uint8Array.of(tag, text.length), ascii(text)));

describe("what is not DER", () => {
  test.each([
    ["empty", ""], ["tag alone", "30"], ["length beyond the end", "3001"], ["trailing byte", "050000"],
    ["long tag", "1f810100"], ["indefinite length", "30800000"], ["long length below 128", "04810100"],
    ["two-byte length below 256", `048200ff${"00".repeat(255)}`], ["four-byte length", "048400000001ff"],
    ["length bytes missing", "0482"], ["child beyond its parent", "30020401"],
  ])("%s", (_what, text) => {
    expect(() => element(text)).toThrow(DerError);
  });
});

test.each([
  [0x7f, "047f"], [0x80, "048180"], [0xff, "0481ff"], [0x100, "04820100"], [0x10000, "0483010000"],
])("a length of %i", (size, head) => {
  expect(element(head + "00".repeat(size)).content).toHaveLength(size);
});

function nested(levels: number): Bytes {
  let data: Bytes = Uint8Array.of(5, 0);
  for (let level = 1; level < levels; level += 1) data = concat(Uint8Array.of(0x30, data.length), data);
  return data;
}

function many(count: number): Bytes {
  const nulls = hex("0500".repeat(count));
  return concat(hex(`3082${nulls.length.toString(16).padStart(4, "0")}`), nulls);
}

test("depth and count stop at their limits", () => {
  expect(der.decode(nested(der.MAX_DEPTH)).tag).toBe(der.SEQUENCE);
  expect(() => der.decode(nested(der.MAX_DEPTH + 1))).toThrow(DerError);
  expect(der.decode(many(der.MAX_ELEMENTS - 1)).children).toHaveLength(der.MAX_ELEMENTS - 1);
  expect(() => der.decode(many(der.MAX_ELEMENTS))).toThrow(DerError);
});

describe("a value has one spelling", () => {
  test.each<[string, (one: Element) => unknown, string]>([
    ["empty integer", der.integer, "0200"], ["negative integer", der.integer, "020180"],
    ["padded integer", der.integer, "02020001"], ["integer of another tag", der.integer, "040101"],
    ["true as one", der.boolean, "010101"], ["empty boolean", der.boolean, "0100"],
    ["boolean of two bytes", der.boolean, "0102ffff"],
    ["empty bit string", der.bitString, "0300"], ["eight unused bits", der.bitString, "030108"],
    ["unused bits of nothing", der.bitString, "030101"], ["unused bit set", der.bitString, "03020101"],
  ])("%s", (_what, read, text) => {
    expect(() => read(element(text))).toThrow(DerError);
  });

  test.each([
    [0x17, "2611210000Z"], [0x17, "261321000000Z"], [0x17, "260021000000Z"], [0x17, "261121000000+0000"],
    [0x18, "20261121000060Z"], [0x18, "20260231000000Z"], [0x18, "20261121000000.5Z"], [0x18, "00000101000000Z"],
    [0x18, "20261121240000Z"], [0x18, "20261121006000Z"], [0x18, "20261100000000Z"], [0x18, "20230229000000Z"],
    [0x18, "19000229000000Z"], [0x04, "261121000000Z"], [0x18, "2026112100000Z"], [0x18, "20261121000000ZZ"],
  ])("time %i %s", (tag, text) => {
    expect(() => der.time(timed(tag, text))).toThrow(DerError);
  });
});

test("values are read", () => {
  expect(der.integer(element("020200d5"))).toBe(0xd5n);
  expect(der.integer(element("020100"))).toBe(0n);
  expect(der.integer(element("0a0106"), der.ENUMERATED)).toBe(6n);
  expect([der.boolean(element("0101ff")), der.boolean(element("010100"))]).toEqual([true, false]);
  const { data, unused } = der.bitString(element("03020780"));
  expect([toHex(data), unused]).toEqual(["80", 7]);
});

test.each([
  [0x17, "261121000000Z", 1_795_219_200], [0x17, "700101000000Z", 0], [0x17, "500101000000Z", -631_152_000],
  [0x17, "491231235959Z", 2_524_607_999], [0x18, "99991231235959Z", 253_402_300_799],
  [0x18, "20240229120000Z", 1_709_208_000], [0x18, "20000229000000Z", 951_782_400], [0x18, "00010101000000Z", -62_135_596_800],
])("time %i %s is %i", (tag, text, seconds) => {
  expect(der.time(timed(tag, text))).toBe(seconds);
});
