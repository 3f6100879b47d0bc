/**
 * A channel as letters that a person types where nothing can be scanned: 26 of it, two to check. Source: specs/pairing.md.
 *
 * It holds no secret and no hash of the card: only the six digits protect what is linked with it.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, fromHex, readUint, toHex } from "@privity/protocol/bytes";

import { VaultError } from "../errors.ts";
import { ALPHABET, GROUP, MAX_TYPED } from "../recovery.ts";
import { isAscii, isLonger, split } from "../typed.ts";

const LETTERS = 26;
const CHECK = 2;
const BITS = 5n;

/** The code of a channel, in groups of four. */
export function writeCode(channel: Bytes): string {
  const value = BigInt(`0x${toHex(channel)}`);
  const letters = Array.from({ length: LETTERS }, (_, at) => letterOf(Number(value >> BITS * BigInt(LETTERS - 1 - at) & 31n)));
  return `${letters.join("")}${checkOf(channel)}`.replace(new RegExp(`.{${String(GROUP)}}(?=.)`, "g"), "$&-");
}

/** The channel of a code; case, spaces, hyphens and I, L, O are forgiven. Raises VaultError `pairing.malformed`. */
export function readCode(typed: string): Bytes {
  if (isLonger(typed, MAX_TYPED) || !isAscii(typed)) throw malformed("too long, or a letter that no code has");
  const upper = split(typed.replaceAll("-", "")).join("").toUpperCase();
  const plain = upper.replaceAll("I", "1").replaceAll("L", "1").replaceAll("O", "0");
  const values = Array.from(plain, (letter) => ALPHABET.indexOf(letter));
  if (values.length !== LETTERS + CHECK || values.includes(-1)) throw malformed("not a code");
  const value = values.slice(0, LETTERS).reduce((whole, one) => whole << BITS | BigInt(one), 0n);
  const channel = fromHex(value.toString(16).padStart(32, "0"));
  if (channel?.length !== 16) throw malformed("more bits than a channel has");
  if (checkOf(channel) !== plain.slice(LETTERS)) throw malformed("the last two letters do not fit the others");
  return channel;
}

function checkOf(channel: Bytes): string {
  const bits = readUint(sha256(channel), 0, 2) >> 6;
  return letterOf(bits >> 5) + letterOf(bits & 31);
}

function letterOf(value: number): string {
  return ALPHABET.charAt(value);
}

function malformed(detail: string): VaultError {
  return new VaultError("pairing.malformed", detail);
}
