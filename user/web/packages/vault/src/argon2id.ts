/** Argon2id in script: 64 MiB take about a second, so whoever has a screen to draw runs it elsewhere. Source: RFC 9106. */

import { argon2id } from "@noble/hashes/argon2.js";
import type { Bytes } from "@privity/protocol/bytes";

import type { Cost } from "./passphrase.ts";

/** What Argon2id makes of `words`: version 0x13, one lane, 32 bytes. */
export function inScript(words: Bytes, { memory, passes, salt }: Cost): Bytes {
  return new Uint8Array(argon2id(words, salt, { m: memory, t: passes, p: 1, version: 0x13, dkLen: 32 }));
}
