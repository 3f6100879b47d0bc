/** Blind RSA (RFC 9474, of 4,096 bits) and Privacy Pass tokens of type 2 (RFC 9578): every byte from the random values. */

import { sha256 } from "@noble/hashes/sha2.js";

import * as token from "../src/token.ts";
import { answers, bytes, type Case, same } from "./case.ts";

interface BlindVector {
  readonly name: string;
  readonly n: string;
  readonly inv: string;
  readonly input_msg: string;
  readonly salt: string;
  readonly blinded_msg: string;
  readonly blind_sig: string;
  readonly sig: string;
}

interface TokenVector {
  readonly pkS: string;
  readonly token_challenge: string;
  readonly nonce: string;
  readonly salt: string;
  readonly blind: string;
  readonly token_request: string;
  readonly token_response: string;
  readonly token: string;
}

export function blindRsa(file: unknown): readonly Case[] {
  return (file as readonly BlindVector[]).map((vector) => answers(vector.name, () => { blindOne(vector); }));
}

/** The factor is the inverse of the vector's inverse: blinding with it gives that inverse back. */
function blindOne(vector: BlindVector): void {
  const blinded = bytes(vector.blinded_msg);
  const encoded = token.emsaPss(bytes(vector.input_msg), bytes(vector.salt), blinded.length);
  const n = BigInt(vector.n);
  const factor = token.inverseOf(BigInt(vector.inv), n) ?? 0n;
  const found = token.blind(n, encoded, (size) => token.octets(factor, size));
  same(found.blinded, blinded, "blinded message");
  const signature = (BigInt(`0x${vector.blind_sig}`) * found.inverse) % n;
  same(token.octets(signature, blinded.length), bytes(vector.sig), "signature");
}

export function tokens(file: unknown): readonly Case[] {
  return (file as readonly TokenVector[]).map((vector, index) => answers(`token ${String(index)}`, () => drawOne(vector)));
}

async function drawOne(vector: TokenVector): Promise<void> {
  const key = token.decodeKey(bytes(vector.pkS));
  const challenge = bytes(vector.token_challenge);
  const random = [vector.nonce, vector.salt, vector.blind].map(bytes);
  const [pending, request] = token.begin(key, challenge, () => random.shift() ?? new Uint8Array());
  same(request, bytes(vector.token_request), "request");
  same(token.encode(await pending.finish(bytes(vector.token_response))), bytes(vector.token), "token");
  const read = await token.verify(bytes(vector.token), [key], sha256(challenge));
  same(token.encode(read), bytes(vector.token), "token read");
}
