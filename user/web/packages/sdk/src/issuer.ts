/** Under which keys tokens are drawn: those of the newest logged leaf that contradicts none before. Source: specs/leaves.md. */

import { Malformed } from "@privity/protocol/errors";
import { type PublicKey, decodeKey } from "@privity/protocol/token";
import { checkFollows, find, type Issuers } from "@privity/tlog/leaves/issuers";

import { spelled, WalletError } from "./purse.ts";

/** Whose keys, and where they are found. */
export interface Meter {
  /** The deployment of the pinned logs. */
  readonly deploy: string;
  /** The newest leaf of the verified bulletin, null where there is none. */
  listed(): Issuers | null;
}

/**
 * The newest leaf, held against the one that was believed before.
 *
 * Raises WalletError `issuer_refused`: a plan and day has another key than it had, so that somebody was given a key of their
 * own, before or now; neither list is used.
 */
export function held(meter: Meter, before: Issuers | null): Issuers {
  const listed = meter.listed();
  if (listed === null) throw new WalletError("issuer_refused", "the log holds no keys of an issuer");
  try {
    if (before !== null) checkFollows(before, listed);
  } catch (error) {
    throw refusedFor(error);
  }
  return listed;
}

/** The key of a plan and day that is logged and valid. Raises WalletError `issuer_refused`. */
export function keyOf(meter: Meter, issuers: Issuers, plan: string, day: number, now: number): PublicKey {
  try {
    return decodeKey(find(issuers, { deploy: meter.deploy, plan, day: spelled(day), now }).spki);
  } catch (error) {
    throw refusedFor(error);
  }
}

function refusedFor(error: unknown): unknown {
  return error instanceof Malformed ? new WalletError("issuer_refused", error.message) : error;
}
