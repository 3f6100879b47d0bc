/**
 * X25519 for X-Wing: WebCrypto where it has the curve, which is several times faster than script, else noble.
 *
 * Source: RFC 7748. A point of small order gives zero, as the X-Wing draft has it; see `agree`.
 */

import { type Bytes, concat, fromHex } from "./bytes.ts";
import { x25519 } from "./in_script.ts";

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410); WebCrypto takes private keys only so. */
const PKCS8_HEAD = fromHex("302e020100300506032b656e04220420") ?? new Uint8Array(0);

/** A private scalar, and its import into WebCrypto once that is asked for. */
export class Scalar {
  readonly publicKey: Bytes;
  readonly #bytes: Bytes;
  #imported: Promise<CryptoKey> | null = null;

  /** Takes a copy of 32 random bytes. */
  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
    this.publicKey = new Uint8Array(x25519.getPublicKey(this.#bytes));
  }

  /** The shared secret with a point of 32 bytes. */
  async agree(point: Uint8Array): Promise<Bytes> {
    try {
      this.#imported ??= crypto.subtle.importKey("pkcs8", concat(PKCS8_HEAD, this.#bytes), "X25519", false, ["deriveBits"]);
      const theirs = await crypto.subtle.importKey("raw", new Uint8Array(point), "X25519", false, []);
      return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, await this.#imported, 256));
    } catch {
      // WebCrypto lacks the curve, or refuses the point: noble knows which, and a zero never stands in for a failure.
      return agreeInScript(this.#bytes, point);
    }
  }
}

function agreeInScript(scalar: Uint8Array, point: Uint8Array): Bytes {
  // X-Wing does not reject points of small order: X25519 is then zero, and ML-KEM and the hashed public values carry
  // the security. The library throws there; an error would let a stranger tell keys and languages apart.
  try {
    return new Uint8Array(x25519.getSharedSecret(scalar, point));
  } catch {
    return new Uint8Array(32);
  }
}
