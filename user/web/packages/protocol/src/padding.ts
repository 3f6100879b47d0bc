/** Padding of requests: Padmé over whole records. Source: specs/padding.md. */

import { LimitExceeded } from "./errors.ts";
import { MAX_REQUEST_RECORDS, REQUEST_CAPACITY } from "./limits.ts";

/**
 * The padded length (same unit): at most 12 % more, and O(log log length) bits of the length remain visible.
 *
 * Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019.
 */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = bitLength(length) - 1;
  const step = 2 ** (exponent - bitLength(exponent));
  return Math.ceil(length / step) * step;
}

function bitLength(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits += 1;
  return bits;
}

/** Records of a request with `length` application bytes. Raises LimitExceeded `too_large` beyond what a node accepts. */
export function requestRecords(length: number): number {
  const records = padme(Math.max(2, Math.ceil(length / REQUEST_CAPACITY)));
  if (records > MAX_REQUEST_RECORDS) {
    const asked = `${String(length)} bytes need ${String(records)} records`;
    throw new LimitExceeded("too_large", `${asked}, at most ${String(MAX_REQUEST_RECORDS)}`);
  }
  return records;
}
