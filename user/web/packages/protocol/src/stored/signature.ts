/** Ed25519 as pages and keyrings are signed. Source: RFC 8032. */

import type { Bytes } from "../bytes.ts";
import { NotAuthentic } from "../errors.ts";
import { VerifyingKey } from "../verifying.ts";

/** Raises NotAuthentic unless `key` (32 bytes) signed `message`. */
export async function verify(key: Bytes, signature: Bytes, message: Bytes): Promise<void> {
  if (!(await new VerifyingKey("Ed25519", key).verify(message, signature))) throw new NotAuthentic();
}
