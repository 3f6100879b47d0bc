/**
 * The PRF extension of WebAuthn Level 3: one constant question, and its answer as a key that cannot be read again.
 *
 * Source: specs/passkey.md, specs/opener.md (kind 1).
 */

import { type Bytes, concat, equal } from "@privity/protocol/bytes";

import { PasskeyError } from "./errors.ts";

/** SHA-256 of `privity/1/prf`. A constant of the client: a server that chose it could ask for another account's answer. */
export const SALT: Bytes = Uint8Array.of(
  0x18, 0xfa, 0x56, 0x92, 0xab, 0x09, 0x46, 0x29, 0xdd, 0xc3, 0x57, 0xde, 0xa7, 0x16, 0x63, 0xb7,
  0xef, 0xad, 0xfd, 0x2b, 0xf4, 0x42, 0x28, 0xc1, 0x9a, 0xd2, 0xd4, 0x9d, 0x32, 0x7f, 0x27, 0xa7,
);
/** Bytes of an answer. */
const ANSWER = 32;

/**
 * What a passkey answered: `key` is a non-extractable HKDF key, `mark` its salted hash, by which two answers are compared.
 */
export interface Material {
  readonly key: CryptoKey;
  readonly mark: Bytes;
}

/** The extension's input, at create and at get alike: an empty `prf` fails on some platforms. */
export function question(): AuthenticationExtensionsPRFInputs {
  return { eval: { first: SALT } };
}

/**
 * The answer among a credential's extension outputs as a key, or null when there is none. Its buffer is zeroed.
 *
 * `marking` are 32 random bytes that this page made once. Raises PasskeyError `passkey.failed`.
 */
export async function take(outputs: AuthenticationExtensionsClientOutputs, marking: Bytes): Promise<Material | null> {
  const first = outputs.prf?.results?.first;
  if (first === undefined) return null;
  const answer = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first);
  try {
    if (answer.length !== ANSWER) throw new PasskeyError("passkey.failed", "length of the answer");
    const key = await crypto.subtle.importKey("raw", answer, "HKDF", false, ["deriveBits", "deriveKey"]);
    return { key, mark: new Uint8Array(await crypto.subtle.digest("SHA-256", concat(marking, answer))) };
  } finally {
    answer.fill(0);
  }
}

/** The material, if two ceremonies answered the same. Raises PasskeyError `opener.unstable`. */
export function agreed(first: Material, second: Material): Material {
  if (!equal(first.mark, second.mark)) throw new PasskeyError("opener.unstable");
  return second;
}
