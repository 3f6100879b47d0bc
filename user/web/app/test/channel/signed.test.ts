/** A signed receipt as the history keeps it: without the evidence, and believed only once it was checked under it. */

import { type Bytes } from "@privity/protocol/bytes";
import { decodeFile } from "@privity/protocol/receipt";
import { encode as encodeSaved } from "@privity/trust/saved_evidence";
import { expect, test } from "vitest";

import { readVector } from "../../../packages/channel/test/vectors.ts";
import { Inputs, type VectorFile } from "../../../packages/protocol/test/operations/case.ts";
import { keptOf, MAX_KEPT, signedView } from "../../src/channel/signed.ts";

const VECTORS = await readVector<VectorFile>("own", "receipt/file.json");
const HOLDS = VECTORS?.cases.find(({ id }) => id === "receipt-a-receipt-that-holds");
const WHOLE = new Inputs(HOLDS?.input ?? {}, VECTORS?.blobs ?? {}).bytes("file");
const FILE = decodeFile(WHOLE);

function withLogs(bundle: Bytes): Bytes {
  return encodeSaved({ server: "https://chat.example", time: 1, bundle, bulletin: Uint8Array.of(1), paths: new Map() });
}

test("what is kept and the evidence kept beside it are the receipt again, with the logs' bulletin or without", async () => {
  const kept = keptOf(FILE);
  expect(kept.length).toBeLessThan(WHOLE.length);
  for (const evidence of [FILE.bundle, withLogs(FILE.bundle)]) {
    expect(await signedView(kept, evidence)).toEqual({ model: "second", shown: true, data: WHOLE });
  }
});

test("a conversation that is too long for the history is left out, and the signature stays", async () => {
  const shown = { salt: new Uint8Array(32), request: new Uint8Array(MAX_KEPT), response: new Uint8Array() };
  const kept = keptOf({ ...FILE, shown });
  expect(kept.length).toBeLessThanOrEqual(MAX_KEPT);
  expect(await signedView(kept, FILE.bundle)).toMatchObject({ model: "second", shown: false });
});

test("what does not hold under the evidence is no receipt, whoever wrote it", async () => {
  const kept = keptOf(FILE);
  const shown = FILE.shown ?? { salt: new Uint8Array(32), request: new Uint8Array(), response: new Uint8Array() };
  const other = keptOf({ ...FILE, shown: { ...shown, request: new TextEncoder().encode('{"messages":[]}') } });
  expect(await signedView(other, FILE.bundle)).toBeNull();
  expect(await signedView(kept, new Uint8Array(20))).toBeNull();
  expect(await signedView(new Uint8Array(20), FILE.bundle)).toBeNull();
  expect(await signedView(kept, new TextEncoder().encode("{}"))).toBeNull();
});
