/**
 * Seven generated words, stretched by Argon2id: the opener of last resort. Source: specs/opener.md.
 *
 * The words are two syllables each, made by rule: 64 first syllables, 32 second ones (docs/decisions/0010).
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";

import { VaultError } from "./errors.ts";
import { Secret } from "./secret.ts";
import { isAscii, isLonger, split } from "./typed.ts";

export const WORDS = 7;
/** Random bytes: 7 words of 11 bits take 77 of their 80 bits. */
export const ENTROPY = 10;
export const MAX_TYPED = 256;
const VOWELS = "aeio";
const syllables = (consonants: string): readonly string[] => {
  return Array.from(consonants).flatMap((one) => Array.from(VOWELS, (vowel) => one + vowel));
};
const SECOND = syllables("bdklmnrt");
export const LIST: readonly string[] = syllables("bdfghjklmnprstvz").flatMap((first) => SECOND.map((second) => first + second));
const KNOWN: ReadonlySet<string> = new Set(LIST);
export const LEAST_MEMORY = 64 * 1024;
export const MOST_MEMORY = 256 * 1024;
export const LEAST_PASSES = 3;
export const MOST_PASSES = 10;
/** Bytes of a salt. */
export const SALT = 16;

/** Parameters of Argon2id: memory in KiB, passes, and a salt. One lane, always. */
export interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly salt: Bytes;
}

/** Argon2id, version 0x13, one lane, 32 bytes (RFC 9106). */
export type Argon2id = (words: Bytes, cost: Cost) => Promise<Bytes>;

/** Raises VaultError `opener.parameters`: a service chooses no guessable cost, and none that never ends. */
export function checkCost({ memory, passes, salt }: Cost): void {
  if (!within(memory, LEAST_MEMORY, MOST_MEMORY)) throw new VaultError("opener.parameters", `${String(memory)} KiB`);
  if (!within(passes, LEAST_PASSES, MOST_PASSES)) throw new VaultError("opener.parameters", `${String(passes)} passes`);
  if (salt.length !== SALT) throw new VaultError("opener.parameters", `a salt of ${String(salt.length)} bytes`);
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** The words of 10 random bytes. Raises VaultError `passphrase.malformed` for another number. */
export function make(entropy: Uint8Array): Secret<"words"> {
  if (entropy.length !== ENTROPY) {
    throw new VaultError("passphrase.malformed", `${String(entropy.length)} random bytes, expected ${String(ENTROPY)}`);
  }
  const value = entropy.reduce((whole, byte) => whole << 8n | BigInt(byte), 0n);
  const words = Array.from({ length: WORDS }, (_, at) => LIST[Number(value >> BigInt(11 * at) & 2047n)] ?? "");
  return new Secret("words", ascii(words.join(" ")));
}

/** Read what a person typed; case and spaces are forgiven. Raises VaultError `passphrase.malformed`. */
export function read(typed: string): Secret<"words"> {
  if (isLonger(typed, MAX_TYPED) || !isAscii(typed)) {
    throw new VaultError("passphrase.malformed", "too long, or a letter that no word has");
  }
  const words = split(typed.toLowerCase());
  if (words.length !== WORDS) {
    throw new VaultError("passphrase.malformed", `${String(words.length)} words, expected ${String(WORDS)}`);
  }
  if (words.some((word) => !KNOWN.has(word))) {
    throw new VaultError("passphrase.malformed", "a word that is not in the list");
  }
  return new Secret("words", ascii(words.join(" ")));
}

/** The words as shown. */
export function written(words: Secret<"words">): string {
  return new TextDecoder().decode(words.reveal());
}

/** What Argon2id makes of the words. Raises VaultError `opener.parameters` before any work. */
export async function stretch(words: Secret<"words">, cost: Cost, argon2id: Argon2id): Promise<Secret<"passphrase">> {
  checkCost(cost);
  return Secret.take("passphrase", await argon2id(words.reveal(), cost));
}
