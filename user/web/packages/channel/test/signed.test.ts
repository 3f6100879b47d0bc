/** A receipt that was asked for: checked before the answer counts as complete, and kept as the person may show it. */

import { type Bytes, concat } from "@privity/protocol/bytes";
import { encodeLine, type Line, LineReader } from "@privity/protocol/lines";
import { checkFile, decodeFile, type ReceiptFile } from "@privity/protocol/receipt";
import { expect, test } from "vitest";

import { Inputs, type VectorFile } from "../../protocol/test/operations/case.ts";
import { Bench, refusal } from "./bench.ts";
import { FakeNode, script } from "./node.ts";
import { readVector } from "./vectors.ts";

const VECTORS = await readVector<VectorFile>("own", "receipt/file.json");

function bytes(id: string, name: string): Bytes {
  const found = VECTORS?.cases.find((one) => one.id === id);
  return new Inputs(found?.input ?? {}, VECTORS?.blobs ?? {}).bytes(name);
}

const FILE = decodeFile(bytes("receipt-a-receipt-that-holds", "file"));
const [RID, BODY, LINES] = ["rid", "body", "lines"].map((name) => bytes("receipt-write", name)) as [Bytes, Bytes, Bytes];
const SAID: readonly Line[] = new LineReader().feed(LINES);
const DONE: Line = { t: "done", reason: "stop" };

/** A node of the vectors' evidence that says `lines`, asked for a receipt. */
async function asked(
  lines: readonly Line[], body = BODY, cuts: (number | null)[] = [],
): Promise<readonly [Bench, Promise<void>]> {
  const node = await FakeNode.make("node", script({ lines, cuts }));
  const judged = node.verified();
  node.verified = () => ({ ...judged, bundle: FILE.bundle });
  const at = new Bench(node);
  return [at, at.ask(at.request("", { rid: RID, body, receipt: true }))];
}

test("a receipt that holds comes with the end of the answer, as it may be kept", async () => {
  const [at, ended] = await asked([...SAID, FILE.signed, DONE]);
  await ended;
  const last = at.events.at(-1) as { readonly kind: string; readonly receipt?: ReceiptFile };
  expect(last.kind).toBe("complete");
  expect(last.receipt).toEqual(FILE);
  expect((await checkFile(FILE)).model).toBe("second");
});

test("an answer whose connection was lost has one over the whole", async () => {
  const long = [...SAID, FILE.signed, DONE];
  const [at, ended] = await asked(long, BODY, [1]);
  await ended;
  expect(at.kinds).toContain("resuming");
  expect(at.events.at(-1)).toEqual({ kind: "complete", receipt: FILE });
});

test.each<readonly [string, string, readonly Line[]]>([
  ["none at all", "missing_member", [...SAID, DONE]],
  ["one about another answer", "member_value", [{ t: "text", d: "Mie." }, ...SAID.slice(1), FILE.signed, DONE]],
  ["one for another end", "member_value", [...SAID, FILE.signed, { t: "done", reason: "length" }]],
  ["one of another key", "not_authentic", [...SAID, { ...FILE.signed, signature: "A".repeat(86) }, DONE]],
])("%s is no end of an answer that was to be signed", async (_what, reason, lines) => {
  const [at, ended] = await asked(lines);
  expect(await refusal(ended)).toBe(reason);
  expect(at.kinds).not.toContain("complete");
});

test("one about another question is no receipt either", async () => {
  const [, ended] = await asked([...SAID, FILE.signed, DONE], concat(BODY, encodeLine(DONE)));
  expect(await refusal(ended)).toBe("member_value");
});
