/** Takes exactly N bytes of a little-endian format, or raises the error of the format's own reader. */

import { type Bytes } from "@privity/protocol/bytes";

/** Reads from the front; `refuse` makes the error for a read beyond the end. */
export class LittleEndian {
  readonly data: Bytes;
  position = 0;
  readonly #refuse: () => Error;

  constructor(data: Bytes, refuse: () => Error) {
    this.data = data;
    this.#refuse = refuse;
  }

  /** The next `size` bytes. */
  take(size: number): Bytes {
    const end = this.position + size;
    if (end > this.data.length) throw this.#refuse();
    const part = this.data.slice(this.position, end);
    this.position = end;
    return part;
  }

  /** The next integer of `size` bytes, at most 4. */
  number(size: number): number {
    return this.take(size).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** Raises if anything is left. */
  finish(): void {
    if (this.position !== this.data.length) throw this.#refuse();
  }
}

/** The numbers of the bits that are set in a little-endian integer. */
export function bitsOf(bytes: Bytes): readonly number[] {
  const numbers = Array.from({ length: 8 * bytes.length }, (_, bit) => bit);
  return numbers.filter((bit) => (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1);
}

/** Little-endian bytes as an integer, at most 4 of them. */
export function integerOf(bytes: Bytes): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
