/** Zip files: what is written is read, and hostile ones are refused before they cost anything. */

import { ascii, type Bytes, concat, equal } from "@privity/protocol/bytes";
import fc from "fast-check";
import { expect, test } from "vitest";

import { VaultError } from "../src/errors.ts";
import { MAX_ENTRIES } from "../src/export/listing.ts";
import { MAX_DIRECTORY, open, type Source } from "../src/export/unzip.ts";
import { zipped } from "../src/export/zip.ts";
import { crc32, joined, number, packed } from "../src/export/zip_form.ts";

type Files = readonly (readonly [name: string, data: Bytes])[];

async function* given(files: Files): AsyncGenerator<readonly [string, Bytes]> {
  for (const one of files) yield await Promise.resolve(one);
}

async function zip(files: Files): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of zipped(given(files))) pieces.push(piece);
  return joined(pieces, pieces.reduce((sum, piece) => sum + piece.length, 0));
}

function source(data: Bytes): Source {
  return {
    size: data.length,
    read: (from, to) => {
      if (from < 0 || to < from || to > data.length) throw new Error("read outside the file");
      return Promise.resolve(data.slice(from, to));
    },
  };
}

const TEXT = ascii("On boxes. ".repeat(500));
const FILES: Files = [["manifest.json", ascii("{}")], ["chats/Über 𝄞.md", TEXT], ["attachments/empty", new Uint8Array(0)]];
const whole = await zip(FILES);
const at = (signature: readonly number[], from = 0): number => {
  return whole.findIndex((_, place) => place >= from && signature.every((byte, next) => whole[place + next] === byte));
};
const END = whole.length - 22;
const CENTRAL = number(whole, END + 16, 4);
const NAME = ascii("chats/Über 𝄞.md");
const LOCAL = at([0x50, 0x4b, 3, 4], 1);

/** The file with these bytes at a place. */
function put(place: number, bytes: Uint8Array, of: Bytes = whole): Bytes {
  const copy = of.slice();
  copy.set(bytes, place);
  return copy;
}

async function all(data: Bytes): Promise<Files> {
  const archive = await open(source(data));
  return Promise.all([...archive.names].map(async (name) => [name, await archive.load(name)] as const));
}

test("what is written is read", async () => {
  expect(await all(whole)).toEqual(FILES);
  expect(whole.length).toBeLessThan(TEXT.length);
  expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
  expect(await all(await zip([]))).toEqual([]);
  const found = await open(source(whole));
  expect([found.size("chats/Über 𝄞.md"), found.size("none")]).toEqual([TEXT.length, null]);
  await expect(found.load("none")).rejects.toThrow("export.malformed");
});

test("a comment at the end is passed over", async () => {
  expect(await all(concat(put(END + 20, packed([9, 2])), ascii("a comment")))).toEqual(FILES);
});

test("more entries than 16 bits count are written and read; beyond the most there are none", async () => {
  const many = Array.from({ length: 65_600 }, (_, place) => [`a/${String(place)}`, new Uint8Array(0)] as const);
  const data = await zip(many);
  expect((await open(source(data))).names.size).toBe(65_600);
  const end = data.length - 22 - 20 - 56;
  const refused: readonly Bytes[] = [
    put(end + 32, packed([65_599, 8]), data), put(end + 40, packed([2 ** 40, 8]), data), put(end, packed([0, 4]), data),
    put(end + 56 + 8, packed([2 ** 60, 8]), data), put(end + 56, packed([0, 4]), data),
  ];
  for (const one of refused) await expect(open(source(one))).rejects.toThrow(/export\.(?:malformed|too_large)/);
  await expect(open(source(put(end + 32, packed([MAX_ENTRIES + 1, 8]), data)))).rejects.toThrow("export.too_large");
  await expect(open(source(put(end + 40, packed([MAX_DIRECTORY + 1, 8]), data)))).rejects.toThrow("export.too_large");
});

test("names that lead elsewhere are neither written nor read", async () => {
  await expect(zip([["../a", TEXT]])).rejects.toThrow("export.path");
  await expect(open(source(put(CENTRAL + 46, ascii("../x"))))).rejects.toThrow("export.path");
  await expect(open(source(put(CENTRAL + 46, Uint8Array.of(0xff))))).rejects.toThrow("export.path");
});

const second = CENTRAL + 46 + 13;
const refusals: readonly (readonly [what: string, reason: string, data: Bytes])[] = [
  ["nothing", "export.malformed", new Uint8Array(0)],
  ["an end without a beginning", "export.malformed", whole.slice(END)],
  ["the first half", "export.malformed", whole.slice(0, END)],
  ["bytes behind the end", "export.malformed", concat(whole, ascii("x"))],
  ["bytes before the beginning", "export.malformed", concat(ascii("x"), whole)],
  ["several disks", "export.malformed", put(END + 4, packed([1, 2]))],
  ["an entry less than there are", "export.malformed", put(END + 10, packed([2, 2]))],
  ["an entry more than there are", "export.malformed", put(END + 10, packed([4, 2]))],
  ["an encrypted entry", "export.malformed", put(CENTRAL + 8, packed([0x801, 2]))],
  ["another method", "export.malformed", put(CENTRAL + 10, packed([14, 2]))],
  ["a bomb by its announcement", "export.too_large", put(second + 24, packed([2 ** 31, 4]))],
  ["entries that share their bytes", "export.malformed", put(CENTRAL + 20, packed([2 ** 31, 4]))],
  ["a size of 64 bits that is nowhere", "export.malformed", put(second + 24, packed([2 ** 32 - 1, 4]))],
];

test.each(refusals)("%s: %s", async (_what, reason, data) => {
  await expect(open(source(data))).rejects.toThrow(reason);
});

const damages: readonly (readonly [what: string, reason: string, data: Bytes])[] = [
  ["more than it announced", "export.too_large", put(second + 24, packed([TEXT.length - 1, 4]))],
  ["less than it announced", "export.malformed", put(second + 24, packed([TEXT.length + 1, 4]))],
  ["another checksum", "export.damaged", put(second + 16, packed([1, 4]))],
  ["what does not unpack", "export.damaged", put(LOCAL + 30 + NAME.length, Uint8Array.of(0xff, 0xff, 0xff, 0xff))],
  ["another name in front", "export.malformed", put(LOCAL + 30, ascii("X"))],
  ["no entry in front", "export.malformed", put(LOCAL, ascii("X"))],
  ["an entry behind the directory", "export.malformed", put(second + 42, packed([whole.length - 5, 4]))],
  ["an entry that reaches into the directory", "export.malformed", put(LOCAL + 28, packed([60_000, 2]))],
];

test.each(damages)("an entry that is %s: %s", async (_what, reason, data) => {
  const archive = await open(source(data));
  await expect(archive.load("chats/Über 𝄞.md")).rejects.toThrow(reason);
});

test("any bytes are read or give a reason, and what was changed is never another text", async () => {
  const place = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }));
  await fc.assert(fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 3 }), async (flips) => {
    const copy = whole.slice();
    for (const [where, bits] of flips) copy[where] = (copy[where] ?? 0) ^ bits;
    try {
      for (const [name, data] of await all(copy)) {
        const due = FILES.find(([known]) => known === name)?.[1];
        expect(due === undefined || equal(data, due)).toBe(true);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(VaultError);
    }
  }), { numRuns: 200 });
});
