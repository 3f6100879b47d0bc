/**
 * The chain key and the session it belongs to. Source: specs/ec1.md, section "Chaining".
 *
 * A chain key opens one RUN and is overwritten. JavaScript cannot promise erasure of copies; single use bounds the damage.
 */

import type { Bytes } from "./bytes.ts";
import { LimitExceeded, StateError } from "./errors.ts";
import { extract, type Prk, SECRET } from "./kdf.ts";
import { CHAIN_RUNS } from "./limits.ts";

/** 32 secret bytes that can be used once. Trusted; if lost, the session is lost and a new HELLO replaces it. */
export class ChainKey {
  #key: Bytes | null;

  /** Takes the array over: nobody else may keep it. */
  constructor(key: Bytes) {
    if (key.length !== SECRET) throw new RangeError("chain key size");
    this.#key = key;
  }

  /** HKDF-Extract(salt, key); the key is overwritten. Raises StateError `consumed` the second time. */
  extract(salt: Bytes): Prk {
    const key = this.#take();
    const prk = extract(salt, key);
    key.fill(0);
    return prk;
  }

  /** Hand the key to a new owner; this object is consumed. Raises StateError `consumed`. */
  move(): ChainKey {
    return new ChainKey(this.#take());
  }

  /** Overwrite the key if it is still here: a session that was dropped. */
  erase(): void {
    this.#key?.fill(0);
    this.#key = null;
  }

  #take(): Bytes {
    const key = this.#key;
    if (key === null) throw new StateError("consumed", "this chain key was used");
    this.#key = null;
    return key;
  }
}

/** What a client holds between two RUNs: the node's handle, its lifetime in seconds, and the place in the chain. */
export interface Session {
  readonly sid: Bytes;
  readonly kid: Bytes;
  readonly chain: ChainKey;
  readonly ttl: number;
  readonly position: number;
}

/** Raises LimitExceeded `chain_exhausted` when a chain has had all its RUNs and a HELLO must begin a new one. */
export function requireRoom(session: Session): void {
  if (session.position >= CHAIN_RUNS) {
    throw new LimitExceeded("chain_exhausted", `${String(CHAIN_RUNS)} runs since the HELLO`);
  }
}
