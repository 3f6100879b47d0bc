/** Operations of what travels inside a RUN: request header, strict JSON, answer lines. */

import { ed25519 } from "@noble/curves/ed25519.js";

import { decodeRequest, type RequestHeader } from "../../src/application.ts";
import { type Bytes, equal, toHex } from "../../src/bytes.ts";
import { base64urlEncode } from "../../src/canonical.ts";
import { decode as decodeJson, Float, type Text } from "../../src/jsontext.ts";
import { encodeLine, LineReader } from "../../src/lines.ts";
import * as receipt from "../../src/receipt.ts";
import { cuts, type Inputs, operation, type Operation, type Outcome, type Plain, reasonOf } from "./case.ts";

function describeHeader(header: RequestHeader): Plain {
  return {
    v: 1,
    rid: base64urlEncode(header.rid),
    op: header.op,
    tok: header.tok.map(base64urlEncode),
    prof: header.prof,
    seen: header.seen.map(({ origin, size, root }) => ({ origin, size, root: toHex(root) })),
    ...(header.resume ? { resume: true } : {}),
    ...(header.receipt ? { receipt: true } : {}),
    ...(header.from === null ? {} : { from: header.from }),
  };
}

function describeJson(value: Text): Plain {
  if (value instanceof Float) return value.value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as readonly Text[]).map(describeJson);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, describeJson(entry)]));
}

function readLines(pieces: readonly Bytes[]): Outcome {
  const reader = new LineReader();
  const lines: Plain[] = [];
  try {
    for (const piece of pieces) {
      for (const line of reader.feed(piece)) {
        // What was read can be written, and reads the same again.
        const again = new LineReader().feed(encodeLine(line));
        if (JSON.stringify(again) !== JSON.stringify([line])) throw new Error("a line does not survive writing");
        lines.push(Object.fromEntries(Object.entries(line)));
      }
    }
    reader.finish();
  } catch (error) {
    return { error: reasonOf(error), lines };
  }
  return { ok: { lines } };
}

async function checkReceipt(data: Bytes): Promise<unknown> {
  const file = receipt.decodeFile(data);
  if (!equal(receipt.encodeFile(file), data)) throw new Error("encoding what was decoded gives other bytes");
  const { node, op, model, weights, usage, egress, reason } = await receipt.checkFile(file);
  return { node: toHex(node), op, model, weights: weights.map(toHex), usage, egress, reason };
}

function writeReceipt(input: Inputs): unknown {
  const salt = receipt.saltOf(input.bytes("rid"));
  const document = receipt.encode({
    node: input.bytes("node"), op: "chat", model: "second", weights: [input.bytes("weights")],
    request: receipt.requestHash(salt, input.bytes("body")), response: receipt.responseHash(salt, input.bytes("lines")),
    usage: { prompt: 9, cached: 2, completion: 3 }, egress: "none", reason: "stop",
  });
  const signature = ed25519.sign(receipt.signedBytes(document), input.bytes("seed"));
  return { document, signature: base64urlEncode(signature) };
}

export const wordOperations: Readonly<Record<string, Operation>> = {
  decode_request: operation((input) => {
    const { header, body } = decodeRequest(input.bytes("payload"));
    return { header: describeHeader(header), body: toHex(body) };
  }),
  decode_json: operation((input) => ({ value: describeJson(decodeJson(input.bytes("text"), input.number("max_depth"))) })),
  check_receipt: operation((input) => checkReceipt(input.bytes("file"))),
  write_receipt: operation(writeReceipt),
  read_lines: (input) => {
    const [whole, ...others] = cuts(input.bytes("data"), 3).map((pieces) => JSON.stringify(readLines(pieces)));
    if (others.some((other) => other !== whole)) throw new Error("the outcome depends on the cut");
    return Promise.resolve(JSON.parse(whole ?? "null") as Outcome);
  },
};
