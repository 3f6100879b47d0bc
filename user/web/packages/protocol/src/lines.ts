/** The response's application bytes: JSON lines of a closed list of kinds. Source: specs/application.md. */

import { type Bytes, concat, uint } from "./bytes.ts";
import { base64urlDecode, entries, integer, type Json, members as membersOf, text as asciiText } from "./canonical.ts";
import { LimitExceeded, Malformed, PrivityError } from "./errors.ts";
import { decode, encode, type Text as JsonText } from "./jsontext.ts";
import { MAX_LINE } from "./limits.ts";

/** Why an answer ended: by itself, at its token limit, to call tools, or because the user said so. */
const DONE_REASONS = ["stop", "length", "tool_calls", "stopped"] as const;
export type DoneReason = (typeof DONE_REASONS)[number];

/** Characters of what a receipt signs. */
export const MAX_RECEIPT = 8192;
/** Tokens and alternatives of one `logprobs` line; alternatives of one token; numbers of a vector. */
const MAX_ENTRIES = 512;
const MAX_TOP = 20;
const MAX_DIMENSIONS = 8192;
/** Millionths of minus the natural logarithm of a probability. */
const MAX_SURPRISAL = 9_999_000_000;
const MAX_TOKEN_BYTES = 768;
const FLOAT = 4;
const SIGNATURE = 64;

/**
 * How likely tokens of the text were. `top` counts each token's alternatives, which follow it in the other two lists;
 * `bytes` is base64url of what each stands for, `surprisal` minus the natural logarithm of its probability, in millionths.
 */
export interface Logprobs {
  readonly t: "logprobs";
  readonly bytes: readonly string[];
  readonly surprisal: readonly number[];
  readonly top: readonly number[];
}

/** What the node signed of this answer, and its signature in base64url; only `done` follows. Read it by `receipt`. */
export interface SignedReceipt {
  readonly t: "receipt";
  readonly document: string;
  readonly signature: string;
}

export interface Done {
  readonly t: "done";
  readonly reason: DoneReason;
}

/** One line of an answer. A tool's `id` and `name` are empty after its first piece; its `arguments` are to be joined. */
export type Line =
  | { readonly t: "text" | "reasoning"; readonly d: string }
  | { readonly t: "tool"; readonly index: number; readonly id: string; readonly name: string; readonly arguments: string }
  | Logprobs
  /** The vector of input `index`, as base64url of little-endian single-precision numbers. */
  | { readonly t: "embedding"; readonly index: number; readonly d: string }
  | { readonly t: "notice"; readonly code: string }
  | { readonly t: "usage"; readonly prompt: number; readonly cached: number; readonly completion: number }
  | SignedReceipt
  | Done;

const CODE = /^[a-z0-9_.]{1,64}$/;
const DEPTH = 2;
const LINE_FEED = 0x0a;

/** The line with its line feed. Raises LimitExceeded `too_large` above 64 KiB, Malformed when the reader would refuse it. */
export function encodeLine(line: Line): Bytes {
  const encoded = concat(encode({ ...line }), uint(LINE_FEED, 1));
  if (encoded.length > MAX_LINE) throw new LimitExceeded("too_large", `line of ${String(encoded.length)} bytes`);
  decodeLine({ ...line });
  return encoded;
}

/**
 * Reads the application bytes of an answer in whatever pieces they arrive, also across a resume.
 *
 * A fault behind established lines is raised by the next call, as in ResponseReader.
 */
export class LineReader {
  #buffer: Bytes = new Uint8Array(0);
  #received = 0;
  #signed = false;
  #done: Done | null = null;
  #fault: PrivityError | null = null;

  /** Application bytes taken so far: the `from` of a resume. */
  get received(): number {
    return this.#received;
  }

  /**
   * The lines that are whole now.
   *
   * Raises Malformed `too_large`, `not_utf8`, `not_json`, `too_deep`, `duplicate_member`, `line_kind`,
   * `missing_member`, `unknown_member`, `member_type`, `member_value`, `order` (bytes after the done line, another
   * line after the receipt).
   */
  feed(data: Uint8Array): readonly Line[] {
    if (this.#fault !== null) throw this.#fault;
    this.#received += data.length;
    this.#buffer = concat(this.#buffer, data);
    const lines: Line[] = [];
    try {
      for (let line = this.#step(); line !== null; line = this.#step()) lines.push(line);
    } catch (fault) {
      if (!(fault instanceof PrivityError)) throw fault;
      this.#fault = fault;
      this.#buffer = new Uint8Array(0);
      if (lines.length === 0) throw fault;
    }
    return lines;
  }

  /** The done line, once END has come. Raises Malformed `truncated` when there was none. */
  finish(): Done {
    if (this.#fault !== null) throw this.#fault;
    if (this.#done === null || this.#buffer.length > 0) throw new Malformed("truncated", "the answer has no done line");
    return this.#done;
  }

  #step(): Line | null {
    if (this.#done !== null && this.#buffer.length > 0) throw new Malformed("order", "bytes after the done line");
    const end = this.#buffer.subarray(0, MAX_LINE).indexOf(LINE_FEED);
    if (end < 0) {
      if (this.#buffer.length >= MAX_LINE) throw new Malformed("too_large", `line of more than ${String(MAX_LINE)} bytes`);
      return null;
    }
    const line = decodeLine(decode(this.#buffer.subarray(0, end), DEPTH));
    this.#buffer = this.#buffer.slice(end + 1);
    // A line behind the receipt would be in the answer, and not in what was signed of it.
    if (this.#signed && line.t !== "done") throw new Malformed("order", "a line between receipt and done");
    this.#signed = line.t === "receipt";
    if (line.t === "done") this.#done = line;
    return line;
  }
}

function decodeLine(value: JsonText): Line {
  // A Float is no member value of any line: the readers below refuse it as they refuse any other wrong type.
  const json = value as Json;
  switch (kindOf(json)) {
    case "text": return { t: "text", d: text(membersOf(json, ["t", "d"], "text").d, "d") };
    case "reasoning": return { t: "reasoning", d: text(membersOf(json, ["t", "d"], "reasoning").d, "d") };
    case "tool": return decodeTool(json);
    case "logprobs": return decodeLogprobs(json);
    case "embedding": return decodeEmbedding(json);
    case "receipt": return decodeReceipt(json);
    case "notice": return { t: "notice", code: code(membersOf(json, ["t", "code"], "notice").code) };
    case "usage": return decodeUsage(json);
    case "done": return { t: "done", reason: reason(membersOf(json, ["t", "reason"], "done").reason) };
    default: throw new Malformed("line_kind", "not one of the kinds of line");
  }
}

function kindOf(value: Json): Json | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, "t") ? (value as Readonly<Record<string, Json>>)["t"] : undefined;
}

function decodeTool(value: Json): Line {
  const found = membersOf(value, ["t", "index", "id", "name", "arguments"], "tool");
  return {
    t: "tool",
    index: integer(found.index, "index"),
    id: text(found.id, "id"),
    name: text(found.name, "name"),
    arguments: text(found.arguments, "arguments"),
  };
}

function decodeUsage(value: Json): Line {
  const found = membersOf(value, ["t", "prompt", "cached", "completion"], "usage");
  return {
    t: "usage",
    prompt: integer(found.prompt, "prompt"),
    cached: integer(found.cached, "cached"),
    completion: integer(found.completion, "completion"),
  };
}

function decodeLogprobs(value: Json): Line {
  const found = membersOf(value, ["t", "bytes", "surprisal", "top"], "logprobs");
  const bytes = entries(found.bytes, "bytes", 0, MAX_ENTRIES).map((entry) => encoded(entry, "bytes", 0, MAX_TOKEN_BYTES));
  const surprisal = entries(found.surprisal, "surprisal", 0, MAX_ENTRIES)
    .map((entry) => integer(entry, "surprisal", 0, MAX_SURPRISAL));
  const top = entries(found.top, "top", 0, MAX_ENTRIES).map((entry) => integer(entry, "top", 0, MAX_TOP));
  const count = top.reduce((sum, entry) => sum + entry, top.length);
  if (count === 0 || bytes.length !== count || surprisal.length !== count) {
    throw new Malformed("member_value", "logprobs: lists of other lengths");
  }
  return { t: "logprobs", bytes, surprisal, top };
}

function decodeEmbedding(value: Json): Line {
  const found = membersOf(value, ["t", "index", "d"], "embedding");
  const d = encoded(found.d, "d", FLOAT, FLOAT * MAX_DIMENSIONS, FLOAT);
  return { t: "embedding", index: integer(found.index, "index"), d };
}

function decodeReceipt(value: Json): Line {
  const found = membersOf(value, ["t", "document", "signature"], "receipt");
  return {
    t: "receipt",
    document: asciiText(found.document, "document", MAX_RECEIPT),
    signature: encoded(found.signature, "signature", SIGNATURE, SIGNATURE),
  };
}

/** Base64url of `least` to `most` bytes, of which there are a multiple of `step`. */
function encoded(value: Json, name: string, least: number, most: number, step = 1): string {
  const written = text(value, name);
  const data = written.length > 2 * most + FLOAT ? null : base64urlDecode(written);
  if (data === null || data.length < least || data.length > most || data.length % step !== 0) {
    throw new Malformed("member_value", name);
  }
  return written;
}

function text(value: Json, name: string): string {
  if (typeof value !== "string") throw new Malformed("member_type", `${name} is not text`);
  return value;
}

function code(value: Json): string {
  const name = text(value, "code");
  if (!CODE.test(name)) throw new Malformed("member_value", "code");
  return name;
}

function reason(value: Json): DoneReason {
  const name = text(value, "reason");
  const known = DONE_REASONS.find((candidate) => candidate === name);
  if (known === undefined) throw new Malformed("member_value", "reason");
  return known;
}
