/**
 * What an account's purse keeps between two requests, as one document.
 *
 * Trusted: yes, whoever reads it can spend its tokens. Altered: it is refused, or tokens are offered twice, and the ledger
 * refuses them. Lost: its tokens are gone for the day. Rolled back: the ledger refuses what was spent since.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { Malformed, PrivityError } from "@privity/protocol/errors";
import { TOKEN } from "@privity/protocol/token";
import { decode as decodeIssuers, encode as encodeIssuers, type Issuers } from "@privity/tlog/leaves/issuers";
import { TrustError } from "@privity/trust/errors";
import { STOCK } from "@privity/vault/wallet";

/** A token of a day. `rid` in hexadecimal: the request that it went with, "" for none; `at` Unix seconds when it did. */
export interface Held {
  readonly day: number;
  readonly token: Bytes;
  readonly rid: string;
  readonly at: number;
}

/** A drawing under way: the same seed makes the same request and opens the same answer. `key`: its Idempotency-Key. */
export interface Started {
  readonly plan: string;
  readonly day: number;
  readonly count: number;
  readonly seed: Bytes;
  readonly key: Bytes;
}

export interface Pocket {
  /** The newest leaf that was believed. */
  readonly issuers: Issuers | null;
  readonly started: Started | null;
  readonly tokens: readonly Held[];
}

const NOTHING: Pocket = { issuers: null, started: null, tokens: [] };
/** Tokens of three days, and as many again that went with requests. */
const MOST = 6 * STOCK;
const MAX_POCKET = 1_048_576;
const MAX_LEAF = 262_144;
/** Days since 1970-01-01; none of them is over before the year 2200. */
const LAST_DAY = 84_000;
const SEED = 32;
const ID = 16;

/** What `encode` wrote. Raises TrustError `memory_unusable` for anything else: it is never taken for nothing. */
export function decode(kept: Bytes | null): Pocket {
  if (kept === null) return NOTHING;
  try {
    const value = canonical.members(canonical.decode(kept, MAX_POCKET), ["v", "issuers", "started", "tokens"] as const, "wallet");
    canonical.integer(value.v, "v", 1, 1);
    return {
      issuers: value.issuers === null ? null : decodeIssuers(leafOf(value.issuers)),
      started: value.started === null ? null : startedOf(value.started),
      tokens: canonical.entries(value.tokens, "tokens", 0, MOST).map(heldOf),
    };
  } catch (error) {
    throw error instanceof PrivityError ? new TrustError("memory_unusable", "the store of the account's tokens") : error;
  }
}

/** The document. Of too many tokens those that went with requests first are left out: they are never offered again. */
export function encode({ issuers, started, tokens }: Pocket): Bytes {
  const surplus = new Set(tokens.filter(({ rid }) => rid !== "").slice(0, Math.max(0, tokens.length - MOST)));
  return canonical.encode({
    v: 1,
    issuers: issuers && canonical.base64urlEncode(encodeIssuers(issuers)),
    started: started && { ...started, seed: toHex(started.seed), key: toHex(started.key) },
    tokens: tokens.filter((one) => !surplus.has(one)).map((one) => ({ ...one, token: canonical.base64urlEncode(one.token) })),
  });
}

function leafOf(value: Json): Bytes {
  const data = canonical.base64urlDecode(canonical.text(value, "issuers", MAX_LEAF));
  if (data === null) throw new Malformed("member_value", "issuers");
  return data;
}

function startedOf(value: Json): Started {
  const one = canonical.members(value, ["plan", "day", "count", "seed", "key"] as const, "started");
  return {
    plan: canonical.text(one.plan, "plan", 32), day: canonical.integer(one.day, "day", 0, LAST_DAY),
    count: canonical.integer(one.count, "count", 1, STOCK),
    seed: canonical.fromHex(one.seed, "seed", SEED), key: canonical.fromHex(one.key, "key", ID),
  };
}

function heldOf(value: Json): Held {
  const one = canonical.members(value, ["day", "token", "rid", "at"] as const, "token");
  return {
    day: canonical.integer(one.day, "day", 0, LAST_DAY), token: canonical.fromBase64url(one.token, "token", TOKEN),
    rid: one.rid === "" ? "" : toHex(canonical.fromHex(one.rid, "rid", ID)), at: canonical.integer(one.at, "at"),
  };
}
