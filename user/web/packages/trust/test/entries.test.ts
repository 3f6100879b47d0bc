/** A log that is read whole: its leaves are those of the head, or nothing is believed. */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import { type Checkpoint } from "@privity/tlog/checkpoint";
import * as merkle from "@privity/tlog/merkle";
import * as tiles from "@privity/tlog/tiles";
import { expect, test } from "vitest";

import { Tiles } from "../src/tiles.ts";

const ORIGIN = "local/release";
const leavesOf = (count: number): Bytes[] => Array.from({ length: count }, (_, index) => ascii(`leaf ${String(index)}`));
const headOf = (leaves: readonly Bytes[]): Checkpoint => ({
  origin: ORIGIN, size: leaves.length, root: merkle.rootOf(leaves.map((one) => merkle.leafHash(one))), extensions: [],
});

/** A log that publishes these leaves; of a growing one the partial bundle may be gone. */
function published(leaves: readonly Bytes[], partial = true): Tiles {
  const files = new Map<string, Bytes>();
  for (let at = 0; at < leaves.length; at += 256) {
    const found = leaves.slice(at, at + 256);
    if (found.length === 256 || partial) files.set(tiles.bundlePath(at / 256, found.length), tiles.bundle(found));
  }
  const fetch = (address: string): Promise<Response> => {
    const data = files.get(address.slice("http://log/".length));
    return Promise.resolve(new Response(data ?? null, { status: data === undefined ? 404 : 200 }));
  };
  return new Tiles(fetch, new Map([[ORIGIN, "http://log"]]));
}

test.each([0, 1, 255, 256, 257])("a log of %i leaves is read whole", async (count) => {
  const leaves = leavesOf(count);
  expect(await published(leaves).entries(headOf(leaves))).toEqual(leaves);
});

test("a partial bundle that is gone is read from the full one", async () => {
  const leaves = leavesOf(300);
  expect(await published(leavesOf(512), false).entries(headOf(leaves))).toEqual(leaves);
});

test("leaves that are not those of the head are not believed", async () => {
  const leaves = leavesOf(3);
  const other = [...leaves.slice(0, 2), ascii("another")];
  await expect(published(other).entries(headOf(leaves))).rejects.toMatchObject({ reason: "log_unreadable" });
});

test("a missing bundle, a log without an address and an endless one are refused", async () => {
  const leaves = leavesOf(3);
  const head = headOf(leaves);
  await expect(published([]).entries(head)).rejects.toMatchObject({ reason: "not_privity" });
  await expect(published(leaves).entries({ ...head, origin: "other" })).rejects.toMatchObject({ reason: "log_unreadable" });
  await expect(published(leaves).entries({ ...head, size: 65_537 })).rejects.toMatchObject({ reason: "log_unreadable" });
});
