/**
 * The DCAP quote, read strictly: header, body, and the signature data with the quoting enclave's report in it.
 *
 * Sources: Intel "TDX DCAP Quoting Library API" appendix 3 (quote versions 4 and 5), Intel "SGX DCAP Quoting Library
 * API" appendix A (version 3). Integers are little-endian. What follows the signature data may be zeros only.
 */

import { allZero, type Bytes, toHex } from "@privity/protocol/bytes";

import { LittleEndian } from "../little_endian.ts";
import { SGX_SIZE, type SgxReport, sgxReport, TD10_SIZE, TD15_SIZE, type TdBody, tdBody } from "./body.ts";

/** Intel's quoting enclaves */
const VENDOR = "939a7233f79c4ca9940a0db3957f0607";
const ECDSA_P256 = 2;
const SGX = 0x00;
const TDX = 0x81;
const PCK_CHAIN = 5;
const QE_REPORT = 6;
/** Body types of version 5 and their sizes. */
const BODIES: ReadonlyMap<number, number> = new Map([[2, TD10_SIZE], [3, TD15_SIZE]]);

export type QuoteReason = "malformed" | "trailing_data" | "unsupported_version" | "unsupported_algorithm";

/** The bytes are no quote that this reader knows; `code` is the appraisal's reason; the only error here. */
export class QuoteError extends Error {
  readonly code: QuoteReason;

  constructor(code: QuoteReason) {
    super(code);
    this.code = code;
  }
}

/**
 * A parsed, unverified quote.
 *
 * `signed` are header and body, `signature` (r and s) and `key` (x and y) the attestation key's, `qeReport` the 384
 * bytes that the platform's key signed with `qeSignature`, `chain` the PEM text of its certificates.
 */
export interface Quote {
  readonly version: number;
  readonly signed: Bytes;
  readonly body: TdBody | SgxReport;
  readonly signature: Bytes;
  readonly key: Bytes;
  readonly qeReport: Bytes;
  readonly qe: SgxReport;
  readonly qeSignature: Bytes;
  readonly qeAuthentication: Bytes;
  readonly chain: Bytes;
  readonly trailing: number;
}

function reader(data: Bytes): LittleEndian {
  return new LittleEndian(data, () => new QuoteError("malformed"));
}

/** The quote in `data`. Raises QuoteError. */
export function decode(data: Bytes): Quote {
  const reading = reader(data);
  const version = reading.number(2);
  if (version < 3 || version > 5) throw new QuoteError("unsupported_version");
  const body = readBody(reading, version);
  const signed = data.slice(0, reading.position);
  const inner = reader(reading.take(reading.number(4)));
  const signature = inner.take(64);
  const key = inner.take(64);
  let certified = inner;
  if (version !== 3) {
    if (inner.number(2) !== QE_REPORT) throw new QuoteError("unsupported_version");
    certified = reader(inner.take(inner.number(4)));
    inner.finish();
  }
  const qeReport = certified.take(SGX_SIZE);
  const qeSignature = certified.take(64);
  const qeAuthentication = certified.take(certified.number(2));
  if (certified.number(2) !== PCK_CHAIN) throw new QuoteError("unsupported_version");
  const chain = certified.take(certified.number(4));
  certified.finish();
  const trailing = data.subarray(reading.position);
  if (!allZero(trailing)) throw new QuoteError("trailing_data");
  return {
    version, signed, body, signature, key, qeReport, qe: sgxReport(qeReport), qeSignature, qeAuthentication, chain,
    trailing: trailing.length,
  };
}

/** Reads the rest of the header and the body; the reader then stands behind what the attestation key signed. */
function readBody(reading: LittleEndian, version: number): TdBody | SgxReport {
  const keyType = reading.number(2);
  const tee = reading.number(4);
  if (keyType !== ECDSA_P256) throw new QuoteError("unsupported_algorithm");
  reading.take(4); // SVNs of quoting and provisioning enclave in version 3, reserved since
  if (toHex(reading.take(16)) !== VENDOR || (tee !== SGX && tee !== TDX)) throw new QuoteError("malformed");
  reading.take(20);
  if ((version === 3) !== (tee === SGX)) throw new QuoteError("unsupported_version");
  if (tee === SGX) return sgxReport(reading.take(SGX_SIZE));
  let size = TD10_SIZE;
  if (version === 5) {
    const due = BODIES.get(reading.number(2));
    size = reading.number(4);
    if (due === undefined) throw new QuoteError("unsupported_version");
    if (size !== due) throw new QuoteError("malformed");
  }
  return tdBody(reading.take(size));
}
