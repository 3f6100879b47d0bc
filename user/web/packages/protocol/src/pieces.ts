/** The unread bytes of a stream that arrives in any pieces. */

import { type Bytes, concat } from "./bytes.ts";
import { StateError } from "./errors.ts";

export class Pieces {
  #bytes: Bytes = new Uint8Array(0);
  #position = 0;
  #busy = false;

  /** Bytes that arrived and were not taken. */
  get length(): number {
    return this.#bytes.length - this.#position;
  }

  /**
   * Append bytes and begin to take; the returned function ends that. Raises StateError `order` when the previous
   * taker has not ended: two at once would read each other's bytes.
   */
  enter(data: Uint8Array): () => void {
    if (this.#busy) throw new StateError("order", "the previous feed has not returned");
    this.#busy = true;
    this.#bytes = concat(this.#bytes.subarray(this.#position), data);
    this.#position = 0;
    return () => {
      this.#busy = false;
    };
  }

  /** Exactly `size` bytes, or null while fewer are here. */
  take(size: number): Bytes | null {
    if (this.length < size) return null;
    const taken = this.#bytes.slice(this.#position, this.#position + size);
    this.#position += size;
    return taken;
  }
}
