/** HKDF, held by the vectors of RFC 5869, appendix A, and by its limit. */

import { describe, expect, test } from "vitest";

import { fromHex, toHex } from "../src/bytes.ts";
import { extractBytes, Prk } from "../src/kdf.ts";

const hex = (digits: string): Uint8Array<ArrayBuffer> => fromHex(digits) ?? expect.unreachable(digits);
const range = (from: number, to: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: to - from }, (_, at) => from + at);
const EMPTY = new Uint8Array(0);

const VECTORS = [
  {
    id: "A.1", material: new Uint8Array(22).fill(0x0b), salt: range(0, 13), info: range(0xf0, 0xfa),
    prk: "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
    okm: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  },
  {
    id: "A.2", material: range(0, 0x50), salt: range(0x60, 0xb0), info: range(0xb0, 0x100),
    prk: "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
    okm: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
      + "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
  },
  {
    id: "A.3", material: new Uint8Array(22).fill(0x0b), salt: EMPTY, info: EMPTY,
    prk: "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
    okm: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  },
] as const;

describe("HKDF-SHA256", () => {
  test.each(VECTORS)("$id", ({ material, salt, info, prk, okm }) => {
    expect(toHex(extractBytes(salt, material))).toBe(prk);
    expect(toHex(new Prk(hex(prk)).expand(info, okm.length / 2))).toBe(okm);
  });

  test("gives 255 blocks and no more, and less as the beginning of more", () => {
    const key = new Prk(range(0, 32));
    const all = key.expand(EMPTY, 255 * 32);
    expect(all).toHaveLength(8160);
    for (const length of [0, 1, 31, 32, 33, 64, 65]) expect(key.expand(EMPTY, length)).toEqual(all.slice(0, length));
    expect(() => key.expand(EMPTY, 8161)).toThrow(RangeError);
    expect(() => new Prk(range(0, 31)).expand(EMPTY, 1)).toThrow(RangeError);
  });
});
