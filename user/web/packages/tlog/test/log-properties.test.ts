/** Whatever is read prints as it was, and any bytes at all give a documented reason; trees against the plain definition. */

import { ascii as utf8, type Bytes, equal } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { TlogError } from "../src/errors.ts";
import * as fleet from "../src/leaves/fleet.ts";
import * as issuers from "../src/leaves/issuers.ts";
import * as revocations from "../src/leaves/revocations.ts";
import * as trust from "../src/leaves/trust.ts";
import * as web from "../src/leaves/web.ts";
import * as merkle from "../src/merkle.ts";
import * as note from "../src/note.ts";
import * as proof from "../src/proof.ts";
import * as tiles from "../src/tiles.ts";
import * as witnessPolicy from "../src/witness_policy.ts";
import { readVector } from "./vectors.ts";

async function given(folder: string, id: string): Promise<Inputs> {
  const file = await readVector<VectorFile>("own", `${folder}/cases.json`);
  return new Inputs(file?.cases.find((one) => one.id === id)?.input ?? {}, file?.blobs ?? {});
}

const whole = await given("proof", "whole-middle");
const honest = whole.bytes("data");
const policy = witnessPolicy.decode(whole.bytes("policy"));
const leaf = async (kind: string): Promise<Bytes> => (await given("leaves", `honest-${kind}`)).bytes("data");

const READERS: readonly (readonly [string, Bytes, (data: Bytes) => Bytes | null])[] = [
  ["note", proof.decode(honest).checkpoint, (data) => note.encode(note.decode(data))],
  ["proof", honest, (data) => proof.encode(proof.decode(data))],
  ["policy", whole.bytes("policy"), (data) => (witnessPolicy.decode(data), null)],
  ["bundle", tiles.bundle([utf8("a"), utf8(""), utf8("bcd")]), (data) => tiles.bundle(tiles.entries(data, 3))],
  ["fleet", await leaf("fleet"), (data) => fleet.encode(fleet.decode(data))],
  ["issuers", await leaf("issuers"), (data) => issuers.encode(issuers.decode(data))],
  ["policy leaf", await leaf("policy"), (data) => trust.encode(trust.decode(data))],
  ["revocations", await leaf("revocations"), (data) => revocations.encode(revocations.decode(data))],
  ["web", await leaf("web"), (data) => web.encode(web.decode(data))],
];

const any = fc.uint8Array({ maxLength: 200 }).map((data): Bytes => new Uint8Array(data));

/** `good` with a byte changed, put in or taken away, or with its end cut off. */
function nearly(good: Bytes): fc.Arbitrary<Bytes> {
  const byte = fc.constantFrom(10, 32, 48, 65, 61, 43, 255, 0, 47);
  return fc.tuple(fc.nat(good.length - 1), byte, fc.nat(3)).map(([at, value, how]) => {
    const rest = [[value, ...good.slice(at + 1)], [value, ...good.slice(at)], [...good.slice(at + 1)], []][how] ?? [];
    return Uint8Array.from([...good.slice(0, at), ...rest]);
  });
}

describe.each(READERS)("%s", (_name, good, again) => {
  test("accepts only what it would print, and fails as documented", () => {
    again(good);
    fc.assert(fc.property(fc.oneof(any, nearly(good)), (data) => {
      try {
        const written = again(data);
        expect(written === null || equal(written, data)).toBe(true);
      } catch (error) {
        expect(error instanceof TlogError || error instanceof Malformed).toBe(true);
      }
    }), { numRuns: 200 });
  });
});

test("a changed proof gives a reason, or what it gave before", async () => {
  const entry = whole.bytes("entry");
  const before = await proof.verify(honest, entry, policy, whole.text("origin"));
  await fc.assert(fc.asyncProperty(fc.oneof(any, nearly(honest)), async (data) => {
    try {
      const found = await proof.verify(data, entry, policy, whole.text("origin"));
      expect(found.checkpoint).toEqual(before.checkpoint);
    } catch (error) {
      expect(error).toBeInstanceOf(TlogError);
    }
  }), { numRuns: 100 });
});

const LEAVES = Array.from({ length: 600 }, (_, number) => merkle.leafHash(utf8(`leaf ${String(number)}`)));

function treeOf(size: number): tiles.Tree {
  return new tiles.Tree(size, ({ level, index, width }) => {
    const unit = 256 ** level;
    const starts = Array.from({ length: width }, (_, place) => (index * 256 + place) * unit);
    return Uint8Array.from(starts.flatMap((start) => [...merkle.rootOf(LEAVES.slice(start, start + unit))]));
  });
}

const SIZES = fc.integer({ min: 1, max: LEAVES.length });

test("paths from tiles lead to the root of the plain definition, and to no other", async () => {
  await fc.assert(fc.asyncProperty(SIZES, fc.nat(), fc.nat(), async (size, one, other) => {
    const [index, old] = [one % size, 1 + (other % size)];
    const [tree, root, before] = [treeOf(size), merkle.rootOf(LEAVES.slice(0, size)), merkle.rootOf(LEAVES.slice(0, old))];
    expect(await tree.root()).toEqual(root);
    const [path, steps] = [await tree.inclusion(index), await tree.consistency(old)];
    const entry = LEAVES[index] ?? root;
    merkle.verifyInclusion(entry, index, size, path, root);
    merkle.verifyConsistency(old, size, steps, before, root);
    const wrong = new Uint8Array(32);
    const refused: readonly (() => void)[] = [
      () => merkle.verifyInclusion(entry, index, size, path, wrong),
      () => merkle.verifyInclusion(entry, index, size, [...path, wrong], root),
      () => merkle.verifyInclusion(wrong, index, size, path, root),
      () => merkle.verifyConsistency(old, size, [...steps, wrong], before, root),
      () => merkle.verifyConsistency(old, size, steps, wrong, root),
      () => merkle.verifyConsistency(old, size + 1, steps, before, wrong),
    ];
    for (const step of refused) expect(step).toThrow(TlogError);
  }), { numRuns: 40 });
});

test("a path beyond 32 bits is followed without shifts", () => {
  const size = 2 ** 40 + 1;
  const [left, right] = [utf8("x".repeat(32)), merkle.leafHash(utf8("last"))];
  const root = merkle.nodeHash(left, right);
  merkle.verifyInclusion(right, size - 1, size, [left], root);
  merkle.verifyConsistency(2 ** 40, size, [right], left, root);
  expect(() => merkle.verifyInclusion(right, 0, size, [left], root)).toThrow(TlogError);
  expect(() => merkle.verifyConsistency(2 ** 39, size, [right], left, root)).toThrow(TlogError);
});

test("two trees without leaves have the same root", () => {
  merkle.verifyConsistency(0, 0, [], merkle.EMPTY_ROOT, merkle.EMPTY_ROOT);
  expect(() => merkle.verifyConsistency(0, 0, [], merkle.EMPTY_ROOT, new Uint8Array(32))).toThrow(TlogError);
});

test("a fleet has at most four hundred machines", () => {
  const of = (count: number): Bytes => fleet.encode({
    deploy: "local", time: 1, keys: [], platforms: Array.from({ length: count }, (_, at) => (
      { id: at.toString(16).padStart(64, "0"), type: "tdx", reason: "-", date: 1, source: "-" }
    )),
  });
  expect(fleet.decode(of(fleet.MAX_PLATFORMS)).platforms).toHaveLength(400);
  expect(() => of(fleet.MAX_PLATFORMS + 1)).toThrow("platforms");
});

test("no path is made beyond the tree", async () => {
  const tree = treeOf(11);
  for (const index of [-1, 11]) await expect(tree.inclusion(index)).rejects.toThrow("inclusion");
  for (const old of [-1, 12]) await expect(tree.consistency(old)).rejects.toThrow("consistency");
  expect(await new tiles.Tree(0, () => new Uint8Array(0)).root()).toEqual(merkle.EMPTY_ROOT);
});

test("an entry that no bundle can hold is not written", () => {
  expect(() => tiles.bundle([new Uint8Array(65_536)])).toThrow("log_too_large");
});
