/** The one spelling of numbers and base64 in C2SP's texts: a reader accepts only what it would print. */

import { type Bytes } from "@privity/protocol/bytes";

import { type LogReason, TlogError } from "./errors.ts";
import { MAX_SIZE } from "./limits.ts";

/** Bytes of SHA-256. */
export const HASH = 32;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Arguments that a call may safely have. */
const CHUNK = 4096;

/** A decimal without leading zeros, at most `MAX_SIZE`. Raises TlogError `reason`. */
export function decimal(text: string, reason: LogReason): number {
  const value = DECIMAL.test(text) ? Number(text) : Infinity;
  if (value > MAX_SIZE) throw new TlogError(reason, "number");
  return value;
}

/** Padded standard base64 (RFC 4648 section 4), of `size` bytes if given. Raises TlogError `reason`. */
export function fromBase64(text: string, reason: LogReason, size?: number): Bytes {
  if (!BASE64.test(text) || text.length % 4 !== 0) throw new TlogError(reason, "base64");
  const binary = atob(text);
  const data = new Uint8Array(binary.length);
  for (let i = 0; i < data.length; i += 1) data[i] = binary.charCodeAt(i);
  if (btoa(binary) !== text || (size !== undefined && size !== data.length)) throw new TlogError(reason, "base64");
  return data;
}

/** The one base64 text of `data`. */
export function toBase64(data: Uint8Array): string {
  return btoa(octets(data));
}

/** One character for each byte, of the same number. */
export function octets(data: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < data.length; at += CHUNK) parts.push(String.fromCharCode(...data.subarray(at, at + CHUNK)));
  return parts.join("");
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of UTF-8, null when it is not. A byte order mark is a character like any other. */
export function fromUtf8(data: Uint8Array): string | null {
  try {
    return strict.decode(data);
  } catch {
    return null;
  }
}
