/** Operations of tokens: keys, challenges, requests, drawing and checking. */

import { sha256 } from "@noble/hashes/sha2.js";

import { type Bytes, toHex } from "../../src/bytes.ts";
import * as token from "../../src/token.ts";
import { type Inputs, operation, type Operation } from "./case.ts";

function keyOf(input: Inputs): token.PublicKey {
  return token.decodeKey(input.bytes("spki"));
}

/** Entropy in the order in which the case lists it; the last entry again and again. */
function listed(input: Inputs): (size: number) => Bytes {
  const left = input.list("entropy").map((each) => input.join(each));
  return (size) => {
    const given = (left.length > 1 ? left.shift() : left[0]) ?? new Uint8Array();
    if (given.length !== size) throw new Error("entropy of another size");
    return given;
  };
}

async function checked(input: Inputs): Promise<unknown> {
  const data = input.bytes("token");
  const read = await token.verify(data, [keyOf(input)], sha256(input.bytes("challenge")));
  if (toHex(token.encode(read)) !== toHex(data)) throw new Error("written otherwise than it was read");
  const nullifier = token.nullifier(read);
  return { nullifier: toHex(nullifier), mark: toHex(token.requestMark(nullifier, input.bytes("rid"))) };
}

async function drawn(input: Inputs): Promise<unknown> {
  const [pending, request] = token.begin(keyOf(input), input.bytes("challenge"), listed(input));
  return { request: toHex(request), token: toHex(token.encode(await pending.finish(input.bytes("response")))) };
}

export const tokenOperations: Readonly<Record<string, Operation>> = {
  token_key: operation((input) => ({ key_id: toHex(keyOf(input).keyId) })),
  token_challenge: operation((input) => {
    const [issuer, origin] = input.list("names") as readonly string[];
    return { challenge: toHex(token.challenge(issuer ?? "", origin ?? "", input.bytes("context"))) };
  }),
  token_request: operation((input) => ({ blinded: toHex(token.decodeRequest(input.bytes("request"), keyOf(input))) })),
  verify_token: operation(checked),
  draw_token: operation(drawn),
};
