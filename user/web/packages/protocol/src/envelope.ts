/** The outer headers of EC1: all that a relay reads, and no key. Source: specs/envelope.md. */

import { allZero, ascii, type Bytes, concat, equal, readUint, toHex, uint } from "./bytes.ts";
import { Malformed } from "./errors.ts";
import { MAGIC } from "./labels.ts";
import { HELLO_HEADER, KID, RECORD_SIZES, RESPONSE_HEADER, RUN_HEADER, SID, SUITE } from "./limits.ts";

export const MEDIA_TYPE = "application/vnd.privity.ec1";

const HELLO = concat(ascii(MAGIC), uint(0x01, 1));
const RUN = concat(ascii(MAGIC), uint(0x02, 1));
const HELLO_ANSWER = concat(ascii(MAGIC), uint(0x81, 1));
const RUN_ANSWER = concat(ascii(MAGIC), uint(0x82, 1));
const RESERVED = new Uint8Array(2);

/** Header of a HELLO: the suite, and which node key it is for. */
export interface HelloHeader {
  readonly suite: number;
  readonly kid: Bytes;
}

/** Header of a RUN: the suite, the node key, and the single-use session handle. */
export interface RunHeader extends HelloHeader {
  readonly sid: Bytes;
}

export function encodeHelloHeader(header: HelloHeader): Bytes {
  return concat(HELLO, uint(header.suite, 2), exactly(header.kid, KID, "kid"), RESERVED);
}

export function encodeRunHeader(header: RunHeader): Bytes {
  const kid = exactly(header.kid, KID, "kid");
  return concat(RUN, uint(header.suite, 2), kid, RESERVED, exactly(header.sid, SID, "sid"));
}

/** Read 16 bytes. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`. */
export function parseHelloHeader(header: Uint8Array): HelloHeader {
  exactly(header, HELLO_HEADER, "HELLO header");
  const suite = opening(header, HELLO);
  requireZero(header.subarray(14, 16));
  return { suite, kid: header.slice(6, 14) };
}

/** Read 32 bytes. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`. */
export function parseRunHeader(header: Uint8Array): RunHeader {
  exactly(header, RUN_HEADER, "RUN header");
  const suite = opening(header, RUN);
  requireZero(header.subarray(14, 16));
  return { suite, kid: header.slice(6, 14), sid: header.slice(16, 32) };
}

export function helloResponseHeader(): Bytes {
  return concat(HELLO_ANSWER, uint(SUITE, 2), RESERVED);
}

/** The 8 bytes that open a RUN response. Raises Malformed `record_size` for a size not in the list. */
export function runResponseHeader(recordSize: number): Bytes {
  return concat(RUN_ANSWER, uint(SUITE, 2), uint(listed(recordSize), 2));
}

/** Read 8 bytes; return the suite. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`. */
export function parseHelloResponseHeader(header: Uint8Array): number {
  exactly(header, RESPONSE_HEADER, "HELLO response header");
  const suite = opening(header, HELLO_ANSWER);
  requireZero(header.subarray(6, 8));
  return suite;
}

/** Read 8 bytes; return the record size. Raises Malformed `size`, `header`, `suite`, `record_size`. */
export function parseRunResponseHeader(header: Uint8Array): number {
  exactly(header, RESPONSE_HEADER, "RUN response header");
  opening(header, RUN_ANSWER);
  return listed(readUint(header, 6, 2));
}

/** `data` when it is `size` bytes: a short slice is silent. Raises Malformed `size`. */
export function exactly<T extends Uint8Array>(data: T, size: number, name: string): T {
  if (data.length !== size) {
    throw new Malformed("size", `${name}: ${String(data.length)} bytes, expected ${String(size)}`);
  }
  return data;
}

function listed(recordSize: number): number {
  if (!RECORD_SIZES.includes(recordSize)) throw new Malformed("record_size", String(recordSize));
  return recordSize;
}

function opening(header: Uint8Array, expected: Uint8Array): number {
  const begins = header.subarray(0, 4);
  if (!equal(begins, expected)) {
    throw new Malformed("header", `begins with ${toHex(begins)}, expected ${toHex(expected)}`);
  }
  const suite = readUint(header, 4, 2);
  if (suite !== SUITE) throw new Malformed("suite", `suite ${String(suite)}, expected ${String(SUITE)}`);
  return suite;
}

function requireZero(reserved: Uint8Array): void {
  if (!allZero(reserved)) throw new Malformed("reserved_nonzero", "header");
}
