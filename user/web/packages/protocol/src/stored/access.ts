/** What is signed to sign in without a passkey, bound to one challenge of one origin. Source: specs/access.md. */

import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, type Bytes, concat } from "../bytes.ts";
import { Malformed } from "../errors.ts";
import * as labels from "./labels.ts";
import * as ed25519 from "./signature.ts";

const ORIGIN = /^(?:https:\/\/[a-z0-9.-]+(?::[0-9]{1,5})?|http:\/\/localhost(?::[0-9]{1,5})?)$/;

/** The service that a client talks to, and its challenge of 32 bytes. */
export interface Challenged {
  readonly origin: string;
  readonly challenge: Bytes;
}

/** What a device signs: ids of 16 bytes. Raises Malformed `member_value`. */
export function deviceBytes(account: Bytes, device: Bytes, { origin, challenge }: Challenged): Bytes {
  return concat(ascii(labels.ACCESS_DEVICE), hashOf(origin), exactly(account, 16), exactly(device, 16), exactly(challenge, 32));
}

/** What a recovery code's key signs: a finder of 16 bytes. Raises Malformed `member_value`. */
export function recoveryBytes(finder: Bytes, { origin, challenge }: Challenged): Bytes {
  return concat(ascii(labels.ACCESS_RECOVERY), hashOf(origin), exactly(finder, 16), exactly(challenge, 32));
}

/** Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the message. */
export async function verify(message: Bytes, signature: Bytes, key: Bytes): Promise<void> {
  await ed25519.verify(key, signature, message);
}

function hashOf(origin: string): Bytes {
  if (!ORIGIN.test(origin)) throw new Malformed("member_value", "origin");
  return sha256(ascii(origin));
}

function exactly(data: Bytes, size: number): Bytes {
  if (data.length !== size) throw new Malformed("member_value", `${String(data.length)} bytes, expected ${String(size)}`);
  return data;
}
