/**
 * A node's signed word on one answer: written, read, checked, kept as a file.
 *
 * Source: specs/receipt.md. That the key signed says nothing of whose key it is: judging the evidence says that.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import * as binding from "./binding.ts";
import { ascii, type Bytes, concat, equal, toHex } from "./bytes.ts";
import * as canonical from "./canonical.ts";
import { type Json } from "./canonical.ts";
import { Malformed } from "./errors.ts";
import * as evidence from "./evidence.ts";
import * as labels from "./labels.ts";
import { type DoneReason, MAX_RECEIPT, type SignedReceipt } from "./lines.ts";
import { verify } from "./stored/signature.ts";

/** bytes of a body or of an answer in a file */
export const MAX_SHOWN = 33_554_432;
/** bytes */
export const MAX_FILE = 100_663_296;
const TYPE = "ec1-receipt";
const FILE_TYPE = "privity-receipt";
const HASH = 32;
const SIGNATURE = 64;
const MAX_MODELS = 16_384;
const MAX_WEIGHTS = 64;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/;
const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const REASONS: readonly DoneReason[] = ["stop", "length", "tool_calls", "stopped"];

/** Tokens, as the answer's `usage` line told them. */
export interface Usage {
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
}

/** What a node signed. `node` is the hash of its document, `weights` those of the weight files; the others are salted. */
export interface Receipt {
  readonly node: Bytes;
  readonly op: "chat" | "embed";
  readonly model: string;
  readonly weights: readonly Bytes[];
  readonly request: Bytes;
  readonly response: Bytes;
  readonly usage: Usage | null;
  readonly egress: string;
  readonly reason: DoneReason;
}

/** The salt (32 bytes), the request's body, and the answer's application bytes before the receipt's line. */
export interface Shown {
  readonly salt: Bytes;
  readonly request: Bytes;
  readonly response: Bytes;
}

/** A receipt as a person keeps it; `bundle` is the node's evidence, `shown` null proves an answer but not which. */
export interface ReceiptFile {
  readonly signed: SignedReceipt;
  readonly bundle: Bytes;
  readonly shown: Shown | null;
}

/** The salt that belongs to a request id: who holds a receipt without it cannot try out guesses. */
export function saltOf(rid: Bytes): Bytes {
  return sha256(concat(ascii(labels.RECEIPT_SALT), rid));
}

/** What a receipt says of the request's body. */
export function requestHash(salt: Bytes, body: Bytes): Bytes {
  return sha256(concat(ascii(labels.RECEIPT_REQUEST), salt, body));
}

/** What a receipt says of the answer's application bytes before its own line. */
export function responseHash(salt: Bytes, lines: Bytes): Bytes {
  return sha256(concat(ascii(labels.RECEIPT_RESPONSE), salt, lines));
}

/** The bytes that a node signs. */
export function signedBytes(document: string): Bytes {
  return concat(ascii(labels.RECEIPT), ascii(document));
}

/** The text of a receipt. Raises Malformed when `decode` would refuse it. */
export function encode(receipt: Receipt): string {
  const { usage } = receipt;
  const document = new TextDecoder().decode(canonical.encode({
    v: 1,
    typ: TYPE,
    node: toHex(receipt.node),
    op: receipt.op,
    model: { id: receipt.model, sha256: receipt.weights.map(toHex) },
    request: toHex(receipt.request),
    response: toHex(receipt.response),
    usage: usage && { prompt: usage.prompt, cached: usage.cached, completion: usage.completion },
    egress: receipt.egress,
    reason: receipt.reason,
  }));
  decode(document);
  return document;
}

/** What a receipt's signed text says; its signature is not judged. Raises Malformed. */
export function decode(document: string): Receipt {
  const said = canonical.members(
    canonical.decode(new TextEncoder().encode(document), MAX_RECEIPT),
    ["v", "typ", "node", "op", "model", "request", "response", "usage", "egress", "reason"],
    "receipt",
  );
  canonical.integer(said.v, "v", 1, 1);
  canonical.text(said.typ, "typ", TYPE.length, /^ec1-receipt$/);
  const model = canonical.members(said.model, ["id", "sha256"], "model");
  return {
    node: canonical.fromHex(said.node, "node", HASH),
    op: one(said.op, "op", ["chat", "embed"]),
    model: canonical.text(model.id, "id", 128, ID),
    weights: weightsOf(model.sha256),
    request: canonical.fromHex(said.request, "request", HASH),
    response: canonical.fromHex(said.response, "response", HASH),
    usage: said.usage === null ? null : usageOf(said.usage),
    egress: canonical.text(said.egress, "egress", 64, NAME),
    reason: one(said.reason, "reason", REASONS),
  };
}

/**
 * What a receipt says, once the key of the node document signed it and both documents agree with it. `models` is the
 * models document of the same evidence. Raises NotAuthentic, Malformed.
 */
export async function check(signed: SignedReceipt, nodeDocument: Bytes, models: Bytes): Promise<Receipt> {
  const receipt = decode(signed.document);
  const node = binding.decode(nodeDocument);
  const signature = canonical.fromBase64url(signed.signature, "signature", SIGNATURE);
  await verify(node.sig, signature, signedBytes(signed.document));
  if (!equal(receipt.node, sha256(nodeDocument)) || receipt.egress !== node.egress) {
    throw new Malformed("member_value", "node or egress of another node document");
  }
  if (!equal(sha256(models), node.models)) {
    throw new Malformed("member_value", "models is not the document that the node names");
  }
  if (!served(models).includes(subject(receipt.model, receipt.weights))) {
    throw new Malformed("member_value", "model is none of the node's");
  }
  return receipt;
}

/** Raises Malformed `member_value` unless the receipt is about what is shown. */
export function checkShown(receipt: Receipt, { salt, request, response }: Shown): void {
  if (!equal(requestHash(salt, request), receipt.request)) {
    throw new Malformed("member_value", "request is not the hash of what was asked");
  }
  if (!equal(responseHash(salt, response), receipt.response)) {
    throw new Malformed("member_value", "response is not the hash of what was answered");
  }
}

/**
 * What a kept receipt says, once its signature, documents and what is shown agree. The evidence itself is not judged.
 * Raises NotAuthentic, Malformed.
 */
export async function checkFile(file: ReceiptFile): Promise<Receipt> {
  const { items } = evidence.decode(file.bundle);
  const [document, models] = ["node-document", "models"].map((label) => {
    const item = items.get(label);
    if (item === undefined) throw new Malformed("missing_member", `bundle.${label}`);
    return item.data;
  }) as [Bytes, Bytes];
  const receipt = await check(file.signed, document, models);
  if (file.shown !== null) checkShown(receipt, file.shown);
  return receipt;
}

/** The bytes of a receipt file. Raises Malformed when `decodeFile` would refuse them. */
export function encodeFile({ signed, bundle, shown }: ReceiptFile): Bytes {
  const encoded = canonical.encode({
    v: 1,
    typ: FILE_TYPE,
    document: signed.document,
    signature: signed.signature,
    bundle: canonical.base64urlEncode(bundle),
    shown: shown && {
      salt: canonical.base64urlEncode(shown.salt),
      request: canonical.base64urlEncode(shown.request),
      response: canonical.base64urlEncode(shown.response),
    },
  });
  decodeFile(encoded);
  return encoded;
}

/** A receipt file; nothing in it is judged. Raises Malformed. */
export function decodeFile(data: Bytes): ReceiptFile {
  const found = canonical.members(
    canonical.decode(data, MAX_FILE), ["v", "typ", "document", "signature", "bundle", "shown"], "receipt file",
  );
  canonical.integer(found.v, "v", 1, 1);
  canonical.text(found.typ, "typ", FILE_TYPE.length, /^privity-receipt$/);
  const signature = canonical.base64urlEncode(canonical.fromBase64url(found.signature, "signature", SIGNATURE));
  const document = canonical.text(found.document, "document", MAX_RECEIPT);
  decode(document);
  return {
    signed: { t: "receipt", document, signature },
    bundle: octets(found.bundle, "bundle", evidence.MAX_BUNDLE),
    shown: found.shown === null ? null : shownOf(found.shown),
  };
}

function shownOf(value: Json): Shown {
  const shown = canonical.members(value, ["salt", "request", "response"], "shown");
  return {
    salt: canonical.fromBase64url(shown.salt, "salt", HASH),
    request: octets(shown.request, "request", MAX_SHOWN),
    response: octets(shown.response, "response", MAX_SHOWN),
  };
}

function octets(value: Json, what: string, most: number): Bytes {
  if (typeof value !== "string") throw new Malformed("member_type", `${what} is not text`);
  const data = value.length > 2 * most ? null : canonical.base64urlDecode(value);
  if (data === null || data.length > most) throw new Malformed("member_value", what);
  return data;
}

function usageOf(value: Json): Usage {
  const usage = canonical.members(value, ["prompt", "cached", "completion"], "usage");
  return {
    prompt: canonical.integer(usage.prompt, "prompt"),
    cached: canonical.integer(usage.cached, "cached"),
    completion: canonical.integer(usage.completion, "completion"),
  };
}

function one<Word extends string>(value: Json, what: string, allowed: readonly Word[]): Word {
  const written = canonical.text(value, what, 16);
  const found = allowed.find((word) => word === written);
  if (found === undefined) throw new Malformed("member_value", what);
  return found;
}

function weightsOf(value: Json): readonly Bytes[] {
  return canonical.entries(value, "sha256", 1, MAX_WEIGHTS).map((digest) => canonical.fromHex(digest, "sha256", HASH));
}

/** Every model of a models document, whose other members the appraisal reads. */
function served(models: Bytes): readonly string[] {
  const document = canonical.decode(models, MAX_MODELS);
  return canonical.entries(member(document, "models"), "models", 0, 64).map((entry) =>
    subject(canonical.text(member(entry, "id"), "id", 128), weightsOf(member(entry, "sha256"))));
}

function subject(id: string, weights: readonly Bytes[]): string {
  return [id, ...weights.map(toHex)].join(" ");
}

function member(value: Json, name: string): Json {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Malformed("member_type", `what holds ${name} is not an object`);
  }
  const found = (value as canonical.JsonObject)[name];
  if (found === undefined || !Object.hasOwn(value, name)) throw new Malformed("missing_member", name);
  return found;
}
