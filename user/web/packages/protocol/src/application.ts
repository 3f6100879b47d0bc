/** What travels inside a RUN: request header, then body. Lines of the answer: `lines`. Source: specs/application.md. */

import type { ProfileName } from "./binding.ts";
import { type Bytes, concat, readUint, toHex, uint } from "./bytes.ts";
import {
  base64urlDecode, base64urlEncode, boolean, decode, encode, entries, fromBase64url, fromHex, integer, type Json,
  members, text,
} from "./canonical.ts";
import { Malformed } from "./errors.ts";
import { MAX_HEADER, MAX_SEEN, MAX_TOKEN, MAX_TOKENS_IN_HEADER } from "./limits.ts";

/** Codes of the ERROR record. */
export const INNER_ERRORS = {
  1: "token_invalid",
  2: "token_spent",
  3: "token_expired",
  4: "policy",
  5: "overloaded",
  6: "internal",
  7: "model_unavailable",
  8: "view_conflict",
  9: "bad_request",
  10: "resume_gone",
} as const;

const OPERATIONS = ["chat", "embed", "models", "report", "resume", "stop"] as const;
const PROFILE_NAMES: readonly ProfileName[] = ["p0", "p1", "p2"];
const RID = 16;
const LENGTH = 4;
const REQUIRED = ["v", "rid", "op", "tok", "prof", "seen"] as const;
const OPTIONAL = ["resume", "from", "receipt"] as const;

export type Operation = (typeof OPERATIONS)[number];

/** A checkpoint that the client verified: origin of the log, tree size, root hash (32 bytes). */
export interface Seen {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** Header of a request. */
export interface RequestHeader {
  /** 16 random bytes, the same when a client retries; knowing it is the right to resume. */
  readonly rid: Bytes;
  readonly op: Operation;
  readonly prof: ProfileName;
  /** Metering tokens. */
  readonly tok: readonly Bytes[];
  readonly seen: readonly Seen[];
  readonly resume: boolean;
  /** Application bytes of the answer that the client has; only with op "resume". */
  readonly from: number | null;
  readonly receipt: boolean;
}

/** The application bytes of a request. Raises Malformed when `decodeRequest` would refuse them. */
export function encodeRequest(header: RequestHeader, body: Uint8Array): Bytes {
  const encoded = encode({
    v: 1,
    rid: base64urlEncode(header.rid),
    op: header.op,
    tok: header.tok.map(base64urlEncode),
    prof: header.prof,
    seen: header.seen.map(({ origin, size, root }) => ({ origin, size, root: toHex(root) })),
    ...(header.resume ? { resume: true } : {}),
    ...(header.receipt ? { receipt: true } : {}),
    ...(header.from === null ? {} : { from: header.from }),
  });
  const payload = concat(uint(encoded.length, LENGTH), encoded, body);
  decodeRequest(payload);
  return payload;
}

/**
 * Header and body of a request's application bytes.
 *
 * Raises Malformed `header_length`, `too_large`, `too_deep`, `not_canonical`, `missing_member`, `unknown_member`,
 * `member_type`, `member_value`.
 */
export function decodeRequest(payload: Uint8Array): { readonly header: RequestHeader; readonly body: Bytes } {
  const length = readUint(payload, 0, LENGTH);
  if (length > MAX_HEADER) throw new Malformed("too_large", `header of ${String(length)} bytes`);
  const end = LENGTH + length;
  if (payload.length < end) {
    throw new Malformed("header_length", `${String(length)} in a request of ${String(payload.length)} bytes`);
  }
  const header = decodeHeader(decode(payload.subarray(LENGTH, end), MAX_HEADER));
  return { header, body: payload.slice(end) };
}

function decodeHeader(value: Json): RequestHeader {
  const present = OPTIONAL.filter((name) => isObject(value) && Object.hasOwn(value, name));
  const found: Readonly<Record<(typeof REQUIRED)[number], Json> & Partial<Record<(typeof OPTIONAL)[number], Json>>> =
    members(value, [...REQUIRED, ...present], "header");
  integer(found.v, "v", 1, 1);
  const op = choice(found.op, "op", OPERATIONS);
  if ((found.from !== undefined) !== (op === "resume")) {
    throw new Malformed("member_value", "from belongs to op resume, and to no other");
  }
  return {
    rid: fromBase64url(found.rid, "rid", RID),
    op,
    prof: choice(found.prof, "prof", PROFILE_NAMES),
    tok: entries(found.tok, "tok", 0, MAX_TOKENS_IN_HEADER).map(decodeToken),
    seen: entries(found.seen, "seen", 0, MAX_SEEN).map(decodeSeen),
    resume: flag(found.resume, "resume"),
    from: found.from === undefined ? null : integer(found.from, "from"),
    receipt: flag(found.receipt, "receipt"),
  };
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function choice<Name extends string>(value: Json, what: string, allowed: readonly Name[]): Name {
  const written = text(value, what, 16);
  const name = allowed.find((candidate) => candidate === written);
  if (name === undefined) throw new Malformed("member_value", what);
  return name;
}

function flag(value: Json | undefined, name: string): boolean {
  // One spelling: a flag that is not set is absent.
  if (value === undefined) return false;
  if (!boolean(value, name)) throw new Malformed("member_value", `${name} is true or absent`);
  return true;
}

function decodeToken(value: Json): Bytes {
  const token = base64urlDecode(text(value, "tok", MAX_TOKEN));
  if (token === null) throw new Malformed("member_value", "tok");
  return token;
}

function decodeSeen(value: Json): Seen {
  const found = members(value, ["origin", "size", "root"], "seen");
  return {
    origin: text(found.origin, "seen.origin", 256),
    size: integer(found.size, "seen.size"),
    root: fromHex(found.root, "seen.root", 32),
  };
}
