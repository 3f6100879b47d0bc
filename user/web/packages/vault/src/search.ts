/**
 * The local search index, sealed at rest in segments. Source: specs/search.md.
 *
 * It is a copy of what the objects hold and never leaves the device: a segment that does not open is made anew.
 */

import { ascii, type Bytes, concat } from "@privity/protocol/bytes";

import { VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import { type AccountKey, type Kept, Secret } from "./secret.ts";

/** Bytes of a segment's name. */
export const MAX_NAME = 64;
/** Bytes of a nonce. */
export const NONCE = 12;

/** The key of the index; after a rotation it is another one, and the index is made anew. */
export async function keyOf(key: AccountKey, account: Bytes): Promise<Kept<"search key">> {
  return Secret.take("search key", await key.derive(account, ascii(labels.INDEX))).keep();
}

/**
 * A segment, such as the words of one month. `nonce` is 12 random bytes, fresh at every writing.
 *
 * Raises VaultError `object.malformed` for a name that is empty or longer than 64 bytes.
 */
export async function seal(key: Kept<"search key">, name: string, data: Bytes, nonce: Bytes): Promise<Bytes> {
  if (nonce.length !== NONCE) throw new VaultError("object.malformed", "nonce");
  const cipher = await cipherOf(key, name);
  return concat(nonce, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, cipher, data)));
}

/** What a segment of this name holds. Raises VaultError `object.malformed`, `object.damaged`. */
export async function openSegment(key: Kept<"search key">, name: string, sealed: Bytes): Promise<Bytes> {
  if (sealed.length < NONCE + 16) throw new VaultError("object.malformed", `a segment of ${String(sealed.length)} bytes`);
  const cipher = await cipherOf(key, name);
  try {
    const parameters = { name: "AES-GCM", iv: sealed.slice(0, NONCE) };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, cipher, sealed.slice(NONCE)));
  } catch {
    throw new VaultError("object.damaged", "another key or segment, or changed");
  }
}

async function cipherOf(key: Kept<"search key">, name: string): Promise<CryptoKey> {
  const encoded = ascii(name);
  if (encoded.length < 1 || encoded.length > MAX_NAME) throw new VaultError("object.malformed", "the name of a segment");
  return key.cipher(encoded, ascii(labels.INDEX));
}
