/**
 * SHA-2 by the browser, for hashes that are long or seldom asked for.
 *
 * SHA-384 and SHA-512 in script would be two kilobytes of every worker that appraises; SHA-256 in script is there anyway.
 */

import { type Bytes, concat } from "@privity/protocol/bytes";

export type Sha2 = "SHA-256" | "SHA-384" | "SHA-512";

/** The hash of `parts`, one after the other. */
export async function digest(name: Sha2, ...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(name, concat(...parts)));
}
