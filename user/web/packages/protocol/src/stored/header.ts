/** The clear header of a sealed object, and the sizes that a body can have. Source: specs/object.md. */

import { type Bytes, concat, equal, readUint, toHex, uint } from "../bytes.ts";
import { Malformed } from "../errors.ts";

/** Magic, format 1, suite 1 (AES-256-GCM under a derived key). */
export const OPENING: Bytes = Uint8Array.of(0x50, 0x56, 1, 1);
export const HEADER = 52;
export const OVERHEAD = HEADER + 16;
export const MAX_FRAME = 2 ** 20;
export const MAX_BODY = MAX_FRAME + OVERHEAD;
export const LEAST_BODY = 512 + OVERHEAD;

/** Generation of the key, nonce, and the commitment to key and place. */
export interface Header {
  readonly generation: number;
  readonly nonce: Bytes;
  readonly commit: Bytes;
}

/** The 52 bytes. */
export function encode(header: Header): Bytes {
  return concat(OPENING, uint(header.generation, 4), header.nonce, header.commit);
}

/** Read the header of a whole body. Raises Malformed `size`, `header`. */
export function decode(body: Bytes): Header {
  if (body.length < LEAST_BODY || body.length > MAX_BODY) {
    throw new Malformed("size", `${String(body.length)} bytes, expected ${String(LEAST_BODY)} to ${String(MAX_BODY)}`);
  }
  const opening = body.subarray(0, OPENING.length);
  if (!equal(opening, OPENING)) throw new Malformed("header", `begins with ${toHex(opening)}`);
  return { generation: readUint(body, 4, 4), nonce: body.slice(8, 20), commit: body.slice(20, HEADER) };
}
