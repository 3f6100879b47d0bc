/**
 * A token: drawn blind, checked with public keys only.
 *
 * Source: specs/token.md; RFC 9577, RFC 9578 (type 2), RFC 9474 (RSABSSA-SHA384-PSS-Deterministic).
 */

import { sha256, sha384 } from "@noble/hashes/sha2.js";

import { ascii, type Bytes, concat, equal, fromHex, toHex, uint } from "./bytes.ts";
import { base64urlEncode } from "./canonical.ts";
import { Malformed, NotAuthentic } from "./errors.ts";
import type { Entropy } from "./xwing.ts";

/** bytes; also of a blinded message, a blinded signature and an authenticator */
export const MODULUS = 256;
export const SALT = 48;
export const NONCE = 32;
export const TOKEN = 354;
export const REQUEST = 3 + MODULUS;
const MAX_NAME = 255;
const HASH = 48;
const DRAWS = 128;
const EXPONENT = 65_537n;
const EXPONENT_BYTES = Uint8Array.of(1, 0, 1);
const TYPE = Uint8Array.of(0, 2);
const SHA384 = "0609608648016503040202";
const PARAMETERS = `3030a00d300b${SHA384}a11a301806092a864886f70d010108300b${SHA384}a203020130`;
const BEFORE = constant(`30820152303d06092a864886f70d01010a${PARAMETERS}0382010f003082010a0282010100`);
const AFTER = constant("0203010001");
const SPKI = BEFORE.length + MODULUS + AFTER.length;
const PSS = { name: "RSA-PSS", hash: "SHA-384" } as const;

/** An issuer's key of one plan and day; tokens name it by `keyId`. */
export interface PublicKey {
  readonly n: bigint;
  readonly spki: Bytes;
  readonly keyId: Bytes;
}

/** A token that was read; `challenge` is the SHA-256 of what it answers. */
export interface Token {
  readonly nonce: Bytes;
  readonly challenge: Bytes;
  readonly keyId: Bytes;
  readonly authenticator: Bytes;
}

function constant(digits: string): Bytes {
  return fromHex(digits) ?? new Uint8Array();
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

/** A number below 2^(8 size) as `size` bytes, most significant first. */
export function octets(value: bigint, size: number): Bytes {
  return constant(value.toString(16).padStart(2 * size, "0"));
}

/** The key in a SubjectPublicKeyInfo. Raises Malformed `key`: there is one spelling. */
export function decodeKey(spki: Bytes): PublicKey {
  const middle = spki.slice(BEFORE.length, BEFORE.length + MODULUS);
  const framed = spki.length === SPKI && equal(spki.subarray(0, BEFORE.length), BEFORE)
    && equal(spki.subarray(-AFTER.length), AFTER);
  if (!framed || (middle[0] ?? 0) < 0x80 || ((middle[MODULUS - 1] ?? 0) & 1) === 0) {
    throw new Malformed("key", "not the SubjectPublicKeyInfo of an issuer");
  }
  return { n: integer(middle), spki, keyId: sha256(spki) };
}

function name(text: string): Bytes {
  if (text.length > MAX_NAME || !/^[!-~]*$/.test(text)) throw new Malformed("member_value", "a host in a challenge");
  return concat(uint(text.length, 2), ascii(text));
}

/** The challenge that tokens of a deployment answer. Raises Malformed `member_value`. */
export function challenge(issuer: string, origin: string, context: Uint8Array = new Uint8Array()): Bytes {
  if ((context.length !== 0 && context.length !== 32) || issuer === "") {
    throw new Malformed("member_value", "a challenge's context has 0 or 32 bytes, and its issuer a name");
  }
  return concat(TYPE, name(issuer), uint(context.length, 1), context, name(origin));
}

/** The 98 bytes that the issuer signed without seeing them. */
export function signedBytes(token: Token): Bytes {
  return concat(TYPE, token.nonce, token.challenge, token.keyId);
}

export function encode(token: Token): Bytes {
  return concat(signedBytes(token), token.authenticator);
}

/** Read a token. Raises Malformed `size`, `header`. */
export function decode(data: Bytes): Token {
  if (data.length !== TOKEN) throw new Malformed("size", `a token has ${String(TOKEN)} bytes`);
  if (!equal(data.subarray(0, 2), TYPE)) throw new Malformed("header", "another type of token");
  return {
    nonce: data.slice(2, 34), challenge: data.slice(34, 66), keyId: data.slice(66, 98), authenticator: data.slice(98),
  };
}

/** The blinded message in a request. Raises Malformed `size`, `header`, `unknown_key`. */
export function decodeRequest(data: Bytes, key: PublicKey): Bytes {
  if (data.length !== REQUEST) throw new Malformed("size", `a token request has ${String(REQUEST)} bytes`);
  if (!equal(data.subarray(0, 2), TYPE)) throw new Malformed("header", "another type of token");
  if (data[2] !== key.keyId[key.keyId.length - 1]) throw new Malformed("unknown_key", "a request for another key");
  return data.slice(3);
}

/** Raises NotAuthentic unless `key` signed the token. */
export async function check(token: Token, key: PublicKey): Promise<void> {
  // As JWK: browsers refuse a SubjectPublicKeyInfo whose algorithm is id-RSASSA-PSS.
  const jwk = { kty: "RSA", n: base64urlEncode(octets(key.n, MODULUS)), e: base64urlEncode(EXPONENT_BYTES) };
  const publicKey = await crypto.subtle.importKey("jwk", jwk, PSS, false, ["verify"]);
  const checked = { name: PSS.name, saltLength: SALT };
  if (!(await crypto.subtle.verify(checked, publicKey, token.authenticator, signedBytes(token)))) throw new NotAuthentic();
}

/**
 * The token in `data`, signed by one of `keys` for the challenge with this SHA-256.
 *
 * Raises Malformed `size`, `header`, `unknown_key`, `member_value`, and NotAuthentic.
 */
export async function verify(data: Bytes, keys: readonly PublicKey[], challengeDigest: Uint8Array): Promise<Token> {
  const token = decode(data);
  const key = keys.find((each) => equal(each.keyId, token.keyId));
  if (key === undefined) throw new Malformed("unknown_key", "no issuer key of this token is at hand");
  if (!equal(token.challenge, challengeDigest)) throw new Malformed("member_value", "a token for another challenge");
  await check(token, key);
  return token;
}

/** The 16 bytes by which the ledger knows a token, and which no issuer has seen. */
export function nullifier(token: Token): Bytes {
  return sha256(concat(ascii("ec1 token v1\0"), token.keyId, token.nonce)).slice(0, 16);
}

/** The 16 bytes that tell the ledger that a token comes with the same request again. */
export function requestMark(spent: Bytes, rid: Bytes): Bytes {
  return sha256(concat(ascii("ec1 token request v1\0"), spent, rid)).slice(0, 16);
}

/** What the device keeps until the answer comes: without it the answer is worth nothing. */
export class Pending {
  readonly #key: PublicKey;
  readonly #unsigned: Token;
  readonly #inverse: bigint;

  constructor(key: PublicKey, unsigned: Token, inverse: bigint) {
    this.#key = key;
    this.#unsigned = unsigned;
    this.#inverse = inverse;
  }

  /** The token. Raises Malformed `size`, and NotAuthentic unless the key from the log signed. */
  async finish(blindedSignature: Uint8Array): Promise<Token> {
    if (blindedSignature.length !== MODULUS) throw new Malformed("size", "a blinded signature has 256 bytes");
    const signature = integer(blindedSignature);
    if (signature >= this.#key.n) throw new NotAuthentic();
    const authenticator = octets((signature * this.#inverse) % this.#key.n, MODULUS);
    const made = { ...this.#unsigned, authenticator };
    await check(made, this.#key);
    return made;
  }
}

/** What to keep, and the 259 bytes to send. Raises Malformed `key`. */
export function begin(key: PublicKey, answered: Bytes, entropy: Entropy): readonly [Pending, Bytes] {
  const unsigned = {
    nonce: entropy(NONCE), challenge: sha256(answered), keyId: key.keyId, authenticator: new Uint8Array(),
  };
  const encoded = emsaPss(signedBytes(unsigned), entropy(SALT));
  const { inverse, blinded } = blind(key.n, encoded, entropy);
  return [new Pending(key, unsigned, inverse), concat(TYPE, key.keyId.subarray(-1), blinded)];
}

export interface Blinded {
  readonly inverse: bigint;
  readonly blinded: Bytes;
}

/** The inverse of the blinding factor, and the blinded message. Raises Malformed `key`. */
export function blind(n: bigint, encoded: Uint8Array, entropy: Entropy): Blinded {
  const message = integer(encoded);
  if (inverseOf(message, n) === null) throw new Malformed("key", "the modulus shares a factor with the message");
  const r = factor(n, encoded.length, entropy);
  const inverse = inverseOf(r, n);
  if (inverse === null) throw new Malformed("key", "the modulus shares a factor with the blinding factor");
  return { inverse, blinded: octets((message * power(r, n)) % n, encoded.length) };
}

function factor(n: bigint, size: number, entropy: Entropy): bigint {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const r = integer(entropy(size));
    if (r > 0n && r < n) return r;
  }
  throw new Malformed("key", "no blinding factor below the modulus");
}

/** value^65537 mod n */
function power(value: bigint, n: bigint): bigint {
  let result = value;
  for (let bits = EXPONENT; bits > 1n; bits >>= 1n) result = (result * result) % n;
  return (result * value) % n;
}

/** The inverse modulo n, null where there is none. */
export function inverseOf(value: bigint, n: bigint): bigint | null {
  let [left, right, before, after] = [n, value % n, 0n, 1n];
  while (right !== 0n) {
    const quotient = left / right;
    [left, right] = [right, left - quotient * right];
    [before, after] = [after, before - quotient * after];
  }
  return left === 1n ? ((before % n) + n) % n : null;
}

/** EMSA-PSS-ENCODE with SHA-384 for a modulus of `size` whole bytes. */
export function emsaPss(message: Uint8Array, salt: Uint8Array, size: number = MODULUS): Bytes {
  const hashed = sha384(concat(new Uint8Array(8), sha384(message), salt));
  const block = concat(new Uint8Array(size - salt.length - HASH - 2), Uint8Array.of(1), salt);
  const mask = mgf1(hashed, block.length);
  const masked = block.map((byte, index) => byte ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return concat(masked, hashed, Uint8Array.of(0xbc));
}

function mgf1(seed: Uint8Array, size: number): Bytes {
  const blocks = Array.from({ length: Math.ceil(size / HASH) }, (_, number) => sha384(concat(seed, uint(number, 4))));
  return concat(...blocks).slice(0, size);
}
