/** The bytes of a page: one signed append to an account's log. Source: specs/page.md. */

import { ascii, type Bytes, concat, toHex } from "../bytes.ts";
import type { Value } from "../cbor.ts";
import { Malformed } from "../errors.ts";
import { sha256 } from "../kdf.ts";
import { LEAST_BODY, MAX_BODY } from "./header.ts";
import * as labels from "./labels.ts";
import * as m from "./members.ts";
import * as ed25519 from "./signature.ts";

export const MAX_PAGE = 65_536;
export const MAX_ENTRIES = 256;
const MEMBERS = 10;

/** What an entry does to the id that it names. */
export const Op = { PUT: 0, DELETE: 1, BOX_ACTIVE: 2, BOX_ARCHIVED: 3, DELETE_BOX: 4 } as const;
export type Op = (typeof Op)[keyof typeof Op];

export const DELETIONS: ReadonlySet<Op> = new Set([Op.DELETE, Op.DELETE_BOX]);
export const BOXES: ReadonlySet<Op> = new Set([Op.BOX_ACTIVE, Op.BOX_ARCHIVED, Op.DELETE_BOX]);

/** The sealed bytes that an entry writes: SHA-256, and their number. */
export interface Body {
  readonly hash: Bytes;
  readonly size: number;
}

/** One change: the version it makes; a masked box id for PUT alone; a body unless it deletes. */
export interface Entry {
  readonly op: Op;
  readonly object: Bytes;
  readonly version: number;
  readonly lane: Bytes | null;
  readonly body: Body | null;
}

/** A page of an account's log; `day` counts from 1970-01-01. */
export interface Page {
  readonly account: Bytes;
  readonly n: number;
  readonly parent: Bytes;
  readonly device: Bytes;
  readonly deviceSeq: number;
  readonly devicePrev: Bytes | null;
  readonly keyring: Bytes;
  readonly day: number;
  readonly entries: readonly Entry[];
}

/** The parent of page 1. */
export function genesis(account: Bytes): Promise<Bytes> {
  return sha256(ascii(labels.LOG), account);
}

/** The head after the page with these bytes. */
export function head(data: Bytes): Promise<Bytes> {
  return sha256(ascii(labels.PAGE), data);
}

/** What the device signs of a page. */
export async function signedBytes(data: Bytes): Promise<Bytes> {
  return concat(ascii(labels.PAGE_SIGNATURE), await head(data));
}

/** Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the page. */
export async function verify(data: Bytes, signature: Bytes, key: Bytes): Promise<void> {
  await ed25519.verify(key, signature, await signedBytes(data));
}

/** Read a page. Raises Malformed: as `members.decode`, `member_type`, `member_value`. */
export function decode(data: Bytes): Page {
  const members = m.decode(data, MEMBERS, MAX_PAGE);
  m.version(m.at(members, 0));
  const deviceSeq = m.number(m.at(members, 5), "device_seq", 1, m.COUNT);
  const before = m.at(members, 6);
  if ((before === null) !== (deviceSeq === 1)) {
    throw new Malformed("member_value", "device_prev is null in a device's first page and only there");
  }
  const entries = m.rows(m.at(members, 9), "entries", 6, MAX_ENTRIES, 1).map(readEntry);
  if (new Set(entries.map((one) => toHex(one.object))).size !== entries.length) {
    throw new Malformed("member_value", "entries: an id twice");
  }
  return {
    account: m.octets(m.at(members, 1), "account", 16),
    n: m.number(m.at(members, 2), "n", 1, m.COUNT),
    parent: m.octets(m.at(members, 3), "parent", 32),
    device: m.octets(m.at(members, 4), "device", 16),
    deviceSeq,
    devicePrev: before === null ? null : m.octets(before, "device_prev", 32),
    keyring: m.octets(m.at(members, 7), "keyring", 32),
    day: m.number(m.at(members, 8), "day"),
    entries,
  };
}

function readEntry(row: readonly Value[]): Entry {
  const op = m.number(m.at(row, 0), "op", 0, Op.DELETE_BOX) as Op;
  const [lane, hash, size] = [m.at(row, 3), m.at(row, 4), m.at(row, 5)];
  checkPresence(op, lane, hash, size);
  return {
    lane: lane === null ? null : m.octets(lane, "lane", 16),
    body: hash === null ? null : {
      hash: m.octets(hash, "body hash", 32), size: m.number(size, "body size", LEAST_BODY, MAX_BODY),
    },
    op,
    object: m.octets(m.at(row, 1), "object", 16),
    version: m.number(m.at(row, 2), "version", 1),
  };
}

function checkPresence(op: Op, lane: Value, hash: Value, size: Value): void {
  if ((lane === null) !== (op !== Op.PUT)) {
    throw new Malformed("member_value", "a lane belongs to a put and to nothing else");
  }
  const deletes = DELETIONS.has(op);
  if ((hash === null) !== deletes || (size === null) !== deletes) {
    throw new Malformed("member_value", "a body belongs to every entry that does not delete");
  }
}

/** The bytes of a page. Raises Malformed as `decode` does, so that nothing is written that nobody reads. */
export function encode(page: Page): Bytes {
  const data = m.encode([
    1, page.account, page.n, page.parent, page.device, page.deviceSeq, page.devicePrev, page.keyring, page.day,
    page.entries.map(written),
  ]);
  decode(data);
  return data;
}

function written(one: Entry): Value {
  return [one.op, one.object, one.version, one.lane, one.body?.hash ?? null, one.body?.size ?? null];
}
