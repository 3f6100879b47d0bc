/** Ed25519 as pages and keyrings are signed: WebCrypto where it has the curve, else noble. Source: RFC 8032. */

import { ed25519 } from "@noble/curves/ed25519.js";

import type { Bytes } from "../bytes.ts";
import { NotAuthentic } from "../errors.ts";

/** Raises NotAuthentic unless `key` (32 bytes) signed `message`. */
export async function verify(key: Bytes, signature: Bytes, message: Bytes): Promise<void> {
  const native = await imported(key);
  const good = native === null
    ? inScript(() => ed25519.verify(signature, message, key, { zip215: false }))
    : await crypto.subtle.verify("Ed25519", native, signature, message);
  if (!good) throw new NotAuthentic();
}

/** The key in WebCrypto, null where it lacks the curve or refuses the point: noble knows which. */
async function imported(key: Bytes): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}

/** What the library says; a length or point that it refuses verifies nothing. */
function inScript(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
