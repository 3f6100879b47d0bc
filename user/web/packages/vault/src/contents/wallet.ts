/** Kind 8: the tokens of one issuer's day, and which device may spend which. Source: specs/contents.md. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { U32 } from "@privity/protocol/stored/members";

import { HASH, ID, Kind, number, octets, rising, row, rows, Schema } from "./schema.ts";

/** Tokens that a device claims at once. */
export const BLOCK = 5;
export const MAX_TOKENS = 2560;
export const MAX_TOKEN = 1024;
export const MAX_BLOCKS = Math.ceil(MAX_TOKENS / BLOCK);

/** The device may spend the tokens 5 × block to 5 × block + 4. */
export type Claim = readonly [block: number, device: Bytes];

/** Tokens under one issuer key (SHA-256), for one day since 1970-01-01. */
export interface Wallet {
  readonly kind: typeof Kind.WALLET;
  readonly issuer: Bytes;
  readonly day: number;
  readonly tokens: readonly Bytes[];
  readonly claims: readonly Claim[];
}

function check({ tokens, claims }: Wallet): void {
  if (new Set(tokens.map(toHex)).size !== tokens.length) throw new Malformed("member_value", "tokens: one twice");
  const last = claims.at(-1);
  if (last !== undefined && last[0] * BLOCK >= tokens.length) {
    throw new Malformed("member_value", `claims: no block ${String(last[0])}`);
  }
}

export const WALLET = new Schema<Wallet>(Kind.WALLET, {
  issuer: HASH,
  day: number(U32),
  tokens: rows(octets(1, MAX_TOKEN), MAX_TOKENS, 1),
  claims: rising(rows(row<Claim>(number(MAX_BLOCKS - 1), ID), MAX_BLOCKS)),
}, check);
