/**
 * Drawing tokens. From a seed that is durable before the request leaves, whoever crashed makes the same request again, and opens
 * the same answer. Source: specs/token.md, specs/issuance.md.
 */

import { list, malformed, octets } from "@privity/history/http";
import { type Bytes } from "@privity/protocol/bytes";
import { base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import { Malformed, NotAuthentic } from "@privity/protocol/errors";
import { begin, encode, MODULUS, type PublicKey } from "@privity/protocol/token";
import { type Entropy } from "@privity/protocol/xwing";

import { spelled, WalletError } from "./purse.ts";

/** So many tokens of a day (since 1970-01-01) that the logged key is to sign. The same `entropy` makes the same request. */
export interface Draw {
  readonly key: PublicKey;
  readonly challenge: Bytes;
  readonly day: number;
  readonly count: number;
  readonly entropy: Entropy;
}

/** Sends `day` and `requests`, and gives what the service answers. Raises ServiceError. */
export type Post = (asked: JsonObject) => Promise<JsonObject>;

/** All that was asked for, or none. Raises ServiceError, and WalletError `issuer_refused` for what the key did not sign. */
export async function drawn({ key, challenge, day, count, entropy }: Draw, post: Post): Promise<readonly Bytes[]> {
  const begun = Array.from({ length: count }, () => begin(key, challenge, entropy));
  const answer = await post({ day: spelled(day), requests: begun.map(([, request]) => base64urlEncode(request)) });
  const signatures = list(answer["signatures"]).map((one) => octets(one, MODULUS));
  if (signatures.length !== count) throw malformed();
  const made: Bytes[] = [];
  try {
    for (const [at, [pending]] of begun.entries()) made.push(encode(await pending.finish(signatures[at] ?? new Uint8Array(0))));
  } catch (error) {
    if (!(error instanceof NotAuthentic) && !(error instanceof Malformed)) throw error;
    throw new WalletError("issuer_refused", "the key in the log did not sign what the service answered");
  }
  return made;
}
