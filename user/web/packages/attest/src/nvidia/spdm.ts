/**
 * The evidence of an NVIDIA device: an SPDM 1.1 GET_MEASUREMENTS request and its MEASUREMENTS response.
 *
 * Source: DMTF DSP0274 version 1.1 (messages, measurement blocks), NVIDIA attestation SDK (opaque fields, 96-byte
 * signature over both messages). Little-endian.
 */

import { allZero, type Bytes, toHex } from "@privity/protocol/bytes";

import { LittleEndian } from "../little_endian.ts";

export const REQUEST_BYTES = 37;
/** Bytes of opaque data, by DSP0274. */
export const MAX_OPAQUE = 1024;
export const SIGNATURE_BYTES = 96;
export const NONCE_BYTES = 32;
/** Types of opaque fields that are read here. */
export const FIELD = {
  driver: 3, vbios: 6, nvdec0: 11, chipSku: 15, project: 17, projectSku: 18, firmware: 20, feature: 36,
} as const;
const HEADER = 8;
const DMTF = 1;
const DMTF_HEADER = 3;
/** Version, GET_MEASUREMENTS, signed, all of them. */
const ASKED = [0x11, 0xe0, 0x01, 0xff] as const;
const ANSWERED = 0x60;
const MAX_SLOT = 7;

/** The bytes are not such evidence; `code` is the appraisal reason of stage 2. */
export class SpdmError extends Error {
  readonly code: "malformed" | "trailing_data" | "unsupported_version";

  constructor(code: SpdmError["code"]) {
    super(code);
    this.code = code;
  }
}

/** Parsed, unverified evidence: measurements by index (from 1), opaque fields by type, 32 bytes of request nonce. */
export interface Report {
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly nonce: Bytes;
  readonly measurements: ReadonlyMap<number, Bytes>;
  readonly opaque: ReadonlyMap<number, Bytes>;
}

/** Whether a switch made this: only GPUs name a driver. */
export function madeBySwitch(report: Report): boolean {
  return !report.opaque.has(FIELD.driver);
}

/** The driver's version, undefined for a switch. */
export function driverOf({ opaque }: Report): string | undefined {
  const value = opaque.get(FIELD.driver);
  return value && text(value);
}

/** The version of the VBIOS: five numbers of which a GPU stores four from behind, a switch text. */
export function vbiosOf(report: Report): string | undefined {
  const value = report.opaque.get(FIELD.vbios);
  if (value === undefined || madeBySwitch(report)) return value && text(value);
  if (value.length !== 8 || !allZero(value.slice(5))) return toHex(value);
  return [3, 2, 1, 0, 4].map((at) => toHex(value.slice(at, at + 1)).toUpperCase()).join(".");
}

/**
 * The report in `data`, every byte consumed but for one zero byte that some devices append.
 *
 * Raises SpdmError.
 */
export function decode(data: Bytes): Report {
  if (data.length < REQUEST_BYTES + HEADER) throw new SpdmError("malformed");
  if (data[0] !== ASKED[0] || data[REQUEST_BYTES] !== ASKED[0]) throw new SpdmError("unsupported_version");
  const asked = ASKED.every((byte, at) => data[at] === byte) && (data[REQUEST_BYTES - 1] ?? 0) <= MAX_SLOT;
  if (!asked || data[REQUEST_BYTES + 1] !== ANSWERED) throw new SpdmError("malformed");
  const reader = readerOf(data);
  reader.take(REQUEST_BYTES + 4);
  const count = reader.number(1);
  const record = reader.take(reader.number(3));
  reader.take(NONCE_BYTES);
  const opaque = reader.take(reader.number(2));
  const end = reader.position;
  const signature = reader.take(SIGNATURE_BYTES);
  const tail = data.slice(reader.position);
  if (tail.length > 1 || !allZero(tail)) throw new SpdmError("trailing_data");
  return {
    signed: data.slice(0, end),
    signature,
    nonce: data.slice(4, 4 + NONCE_BYTES),
    measurements: measurements(record, count),
    opaque: fields(opaque),
  };
}

/** Printable text without the zero bytes behind it, or hexadecimal: never anything in between. */
export function text(value: Bytes): string {
  const trimmed = value.slice(0, value.findLastIndex((byte) => byte !== 0) + 1);
  const printable = trimmed.length > 0 && trimmed.every((byte) => byte >= 0x21 && byte <= 0x7e);
  return printable ? String.fromCharCode(...trimmed) : toHex(value);
}

function readerOf(data: Bytes): LittleEndian {
  return new LittleEndian(data, () => new SpdmError("malformed"));
}

function measurements(record: Bytes, count: number): ReadonlyMap<number, Bytes> {
  const found = new Map<number, Bytes>();
  const reader = readerOf(record);
  while (reader.position < record.length) {
    const index = reader.number(1);
    const specification = reader.number(1);
    const block = readerOf(reader.take(reader.number(2)));
    if (block.data.length < DMTF_HEADER || specification !== DMTF || index === 0 || found.has(index)) {
      throw new SpdmError("malformed");
    }
    block.take(1);
    const value = block.take(block.number(2));
    block.finish();
    found.set(index, value);
  }
  if (found.size !== count) throw new SpdmError("malformed");
  return found;
}

function fields(opaque: Bytes): ReadonlyMap<number, Bytes> {
  if (opaque.length > MAX_OPAQUE) throw new SpdmError("malformed");
  const found = new Map<number, Bytes>();
  const reader = readerOf(opaque);
  while (reader.position < opaque.length) {
    const kind = reader.number(2);
    const size = reader.number(2);
    if (found.has(kind)) throw new SpdmError("malformed");
    found.set(kind, reader.take(size));
  }
  return found;
}
