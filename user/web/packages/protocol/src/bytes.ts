/** Byte strings: joining, integers in network order, hexadecimal and comparison. No cryptography. */

/** Bytes in ordinary memory. WebCrypto refuses views of shared memory, so the type does too. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export function ascii(text: string): Bytes {
  return encoder.encode(text);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

/** An integer below 2^53 as `size` bytes, most significant first. */
export function uint(value: number, size: number): Bytes {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** The integer in `size` bytes at `offset`, exact below 2^53; the caller has checked that they are there. */
export function readUint(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  const end = Math.min(offset + size, bytes.length);
  for (let i = offset; i < end; i += 1) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

/** Whether two public values are equal. Not for secrets: see `equalSecret`. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Whether two values are equal, without a branch that depends on where they differ. */
export function equalSecret(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}

export function allZero(bytes: Uint8Array): boolean {
  let seen = 0;
  // By index: an iterator takes ten times as long, and every record's padding comes here.
  for (let i = bytes.length - 1; i >= 0; i -= 1) seen |= bytes[i] ?? 0;
  return seen === 0;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of lower-case hexadecimal text, null when it is anything else. */
export function fromHex(text: string): Bytes | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
