/**
 * A device's signing key: non-extractable Ed25519, or a seed under a non-extractable AES key where WebCrypto lacks the
 * curve. Source: RFC 8032; specs/keyring.md, specs/page.md.
 */

import { type Bytes, concat, fromHex } from "@privity/protocol/bytes";
import { ed25519 } from "@privity/protocol/in_script";
import { publicOf } from "@privity/protocol/modern";

import { VaultError } from "./errors.ts";
import type { Secret } from "./secret.ts";

/** What signs pages and keyrings. */
export interface Signer {
  readonly publicKey: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}

/** A key of WebCrypto that only signs. */
export interface Native {
  readonly kind: "native";
  readonly publicKey: Bytes;
  readonly key: CryptoKey;
}

/** A seed under a key of WebCrypto that only seals and opens. */
export interface Sealed {
  readonly kind: "sealed";
  readonly publicKey: Bytes;
  readonly wrapping: CryptoKey;
  readonly nonce: Bytes;
  readonly sealed: Bytes;
}

/** A key as IndexedDB keeps it: every member survives a structured clone, and no seed is among them. */
export type Stored = Native | Sealed;

/** What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = fromHex("302e020100300506032b657004220420") ?? new Uint8Array(0);

/** 32 bytes of an AES key and 12 of a nonce, for a browser without the curve. */
export const WRAPPING_ENTROPY = 44;

/** Keep a seed, which is wiped; `entropy` is 44 random bytes. Raises VaultError `opener.malformed` for another number. */
export async function keep(seed: Secret<"signing seed">, entropy: Uint8Array): Promise<Stored> {
  if (entropy.length !== WRAPPING_ENTROPY) {
    throw new VaultError("opener.malformed", `${String(entropy.length)} random bytes, expected ${String(WRAPPING_ENTROPY)}`);
  }
  const bytes = seed.reveal();
  seed.wipe();
  const key = await imported(bytes);
  const publicKey = await publicKeyOf(bytes, key);
  const stored: Stored = key === null ? await wrapped(bytes, publicKey, entropy) : { kind: "native", publicKey, key };
  bytes.fill(0);
  return stored;
}

async function wrapped(bytes: Bytes, publicKey: Bytes, entropy: Uint8Array): Promise<Stored> {
  const [secret, nonce] = [entropy.slice(0, 32), entropy.slice(32)];
  const wrapping = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: publicKey }, wrapping, bytes);
  return { kind: "sealed", publicKey, wrapping, nonce, sealed: new Uint8Array(sealed) };
}

/** The key in WebCrypto, null where it lacks the curve. */
async function imported(bytes: Bytes): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("pkcs8", concat(PKCS8_HEAD, bytes), "Ed25519", false, ["sign"]);
  } catch {
    return null;
  }
}

/** In script where the browser has the curve and cannot tell a private key's public one. */
async function publicKeyOf(bytes: Bytes, key: CryptoKey | null): Promise<Bytes> {
  const native = key === null ? null : await publicOf(key, "raw", "verify").catch(() => null);
  return native ?? new Uint8Array(ed25519.getPublicKey(bytes));
}

/** What signs with a stored key. A sealed seed is open during one signature. */
export function signer(stored: Stored): Signer {
  const { publicKey } = stored;
  return { publicKey, sign: (message) => (stored.kind === "native" ? natively(stored.key, message) : sealed(stored, message)) };
}

async function natively(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, message));
}

/** The browser may have learned the curve since the seed was sealed. */
async function sealed({ publicKey, wrapping, nonce, sealed: box }: Sealed, message: Bytes): Promise<Bytes> {
  const parameters = { name: "AES-GCM", iv: nonce, additionalData: publicKey };
  const seed = new Uint8Array(await crypto.subtle.decrypt(parameters, wrapping, box));
  const key = await imported(seed);
  const signature = key === null ? new Uint8Array(ed25519.sign(message, seed)) : await natively(key, message);
  seed.fill(0);
  return signature;
}
