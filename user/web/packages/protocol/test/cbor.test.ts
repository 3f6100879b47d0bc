/** What the cases cannot show: their operation writes the value back, and the writer refuses a repeated key by itself. */
import { describe, expect, test } from "vitest";

import * as cbor from "../src/cbor.ts";
import { type Bytes, fromHex } from "../src/bytes.ts";

const bytes = (hex: string): Bytes => fromHex(hex) ?? new Uint8Array();

describe("a repeated key", () => {
  test.each(["a201010102", "a3010002000100", "a34101000200410100"])("%s is refused by the reader itself, in any order", (hex) => {
    expect(() => cbor.decode(bytes(hex), { anyOrder: true })).toThrow("key_order");
    expect(() => cbor.decode(bytes(hex))).toThrow("key_order");
  });
});
