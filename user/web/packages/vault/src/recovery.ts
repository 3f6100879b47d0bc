/** The recovery code: 32 letters that alone find, sign in and open an account. Source: specs/opener.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, concat, readUint } from "@privity/protocol/bytes";

import { VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import { Secret } from "./secret.ts";
import { isAscii, isLonger, split } from "./typed.ts";

/** Crockford's base 32: no I, L, O or U. */
export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const LETTERS = 32;
export const CHECK = 2;
export const GROUP = 4;
/** Random bytes of a code. */
export const ENTROPY = 20;
/** Characters that are looked at: a code with spaces everywhere has 67. */
export const MAX_TYPED = 256;
const NO_SALT = new Uint8Array(0);

/** What the service needs of a code: which record, and the seed of the key that signs its challenge. */
export interface Access {
  readonly finder: Bytes;
  readonly signingSeed: Secret<"signing seed">;
}

/** The letters of 20 random bytes. Raises VaultError `recovery.malformed` for another number. */
export function make(entropy: Uint8Array): Secret<"recovery"> {
  if (entropy.length !== ENTROPY) {
    throw new VaultError("recovery.malformed", `${String(entropy.length)} random bytes, expected ${String(ENTROPY)}`);
  }
  const letters: string[] = [];
  // Five bytes are eight letters, and 40 bits are exact.
  for (let at = 0; at < ENTROPY; at += 5) {
    const group = readUint(entropy, at, 5);
    for (let place = 7; place >= 0; place -= 1) letters.push(letterOf(Math.floor(group / 32 ** place) % 32));
  }
  return new Secret("recovery", ascii(letters.join("")));
}

/** The code as shown and printed: 34 letters in groups of four. */
export function written(letters: Secret<"recovery">): string {
  const plain = new TextDecoder().decode(letters.reveal());
  return `${plain}${checkOf(plain)}`.replace(/.{4}(?=.)/g, "$&-");
}

/**
 * Read what a person typed; case, spaces, hyphens and I, L, O are forgiven.
 *
 * Raises VaultError: `recovery.malformed`, `recovery.mistyped` (the check letters do not fit).
 */
export function read(typed: string): Secret<"recovery"> {
  if (isLonger(typed, MAX_TYPED) || !isAscii(typed)) {
    throw new VaultError("recovery.malformed", "too long, or a letter that no code has");
  }
  const upper = split(typed.replaceAll("-", "")).join("").toUpperCase();
  const plain = upper.replaceAll("I", "1").replaceAll("L", "1").replaceAll("O", "0");
  if (plain.length !== LETTERS + CHECK) {
    throw new VaultError("recovery.malformed", `${String(plain.length)} letters, expected ${String(LETTERS + CHECK)}`);
  }
  if (Array.from(plain).some((letter) => !ALPHABET.includes(letter))) {
    throw new VaultError("recovery.malformed", "a letter that no code has");
  }
  const letters = plain.slice(0, LETTERS);
  if (plain.slice(LETTERS) !== checkOf(letters)) {
    throw new VaultError("recovery.mistyped", "the last two letters do not fit the others");
  }
  return new Secret("recovery", ascii(letters));
}

/** Finder (16 bytes) and signing seed; no account id is needed, so the code alone signs in. */
export async function access(letters: Secret<"recovery">): Promise<Access> {
  const finder = await letters.derive(NO_SALT, ascii(labels.RECOVERY_FIND), 16);
  const seed = await letters.derive(NO_SALT, ascii(labels.RECOVERY_SIGN));
  return { finder, signingSeed: Secret.take("signing seed", seed) };
}

function checkOf(letters: string): string {
  const bits = readUint(sha256(concat(ascii(labels.RECOVERY_CHECK), ascii(letters))), 0, 2) >> 6;
  return letterOf(bits >> 5) + letterOf(bits & 31);
}

function letterOf(value: number): string {
  return ALPHABET.charAt(value);
}
