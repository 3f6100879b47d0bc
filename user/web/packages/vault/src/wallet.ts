/**
 * Which tokens a device may spend, without a writing at each question. Source: specs/wallet.md.
 *
 * A device claims blocks ahead of need. A claim counts once the log holds it, and whoever claimed first keeps the block.
 * What was spent is marked on the device alone, before the token leaves.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";

import { BLOCK, type Claim, type Wallet } from "./contents/wallet.ts";
import { Kind } from "./contents/schema.ts";
import { VaultError } from "./errors.ts";

/** Unspent tokens of its own below which a device claims another block. */
export const LEAST_LEFT = 3;
/** Longest wait before a claim is written, so that its moment says nothing about a question's. */
export const MAX_DELAY_S = 600;
/** Most tokens of one drawing. A plan with no more than these a day is drawn in one, and shared by all devices. */
export const BATCH = 32;
/** Tokens of its own below which a device of a larger plan draws another batch. */
export const LOW = 8;
/** Tokens of a day that one device holds at most. */
export const STOCK = 128;
/** Seconds before its day from which a day's tokens are drawn. */
export const AHEAD_S = 21_600;
export const DAY_S = 86_400;

/** A wallet to write as the next version, and the block that it claims. */
export interface Claimed {
  readonly wallet: Wallet;
  readonly block: number;
}

/**
 * The wallet with one more block of this device, null when all are claimed.
 *
 * `wallet` is the newest in the log; after `log.moved` the claim is made anew on what is the newest then. `entropy` (8
 * random bytes) picks among the free blocks, so that two devices seldom want the same.
 */
export function claim(wallet: Wallet, device: Bytes, entropy: Uint8Array): Claimed | null {
  const free = freeBlocks(wallet);
  const block = free[modulo(entropy, free.length)];
  if (block === undefined) return null;
  return { wallet: { ...wallet, claims: rising([...wallet.claims, [block, device]]) }, block };
}

function freeBlocks({ tokens, claims }: Wallet): readonly number[] {
  const taken = new Set(claims.map(([block]) => block));
  return Array.from({ length: Math.ceil(tokens.length / BLOCK) }, (_, block) => block).filter((block) => !taken.has(block));
}

/** The integer of the first 8 bytes, modulo `size`. */
function modulo(entropy: Uint8Array, size: number): number {
  const value = entropy.subarray(0, 8).reduce((whole, byte) => whole << 8n | BigInt(byte), 0n);
  return size === 0 ? 0 : Number(value % BigInt(size));
}

function rising(claims: readonly Claim[]): readonly Claim[] {
  return [...claims].sort(([one], [other]) => one - other);
}

/**
 * What a device believes of a wallet after a newer version: tokens never change and claims only grow.
 *
 * What contradicts an earlier version is left out, so that a broken device takes nobody's tokens. Raises VaultError
 * `object.malformed` for other tokens under the same id.
 */
export function accept(before: Wallet | null, after: Wallet): Wallet {
  if (before === null) return after;
  const same = before.tokens.length === after.tokens.length
    && before.tokens.every((token, at) => equal(token, after.tokens[at] ?? new Uint8Array(0)));
  if (!same || !equal(before.issuer, after.issuer) || before.day !== after.day) {
    throw new VaultError("object.malformed", "a wallet's tokens do not change");
  }
  return { ...after, claims: rising([...new Map([...after.claims, ...before.claims])]) };
}

/** The tokens that this device may spend. `spent` are marks (`mark`) of what it spent already, in hexadecimal. */
export function spendable(wallet: Wallet, device: Bytes, spent: ReadonlySet<string>): readonly Bytes[] {
  const own = new Set(wallet.claims.filter(([, by]) => equal(by, device)).map(([block]) => block));
  return wallet.tokens.filter((token, at) => own.has(Math.floor(at / BLOCK)) && !spent.has(mark(token)));
}

/**
 * The id of the wallet of `day` to claim from, null when this device has enough or nothing is left. `wallets` by id in
 * hexadecimal.
 */
export function needsClaim(
  wallets: ReadonlyMap<string, Wallet>, device: Bytes, spent: ReadonlySet<string>, day: number,
): string | null {
  const today = [...wallets].filter(([, one]) => one.day === day).sort(([one], [other]) => (one < other ? -1 : 1));
  const left = today.reduce((sum, [, one]) => sum + spendable(one, device, spent).length, 0);
  if (left >= LEAST_LEFT) return null;
  return today.find(([, one]) => freeBlocks(one).length > 0)?.[0] ?? null;
}

/** Whether all devices share one wallet of the day. `daily` is what the plan allows, null for no limit. */
export function isShared(daily: number | null): boolean {
  return daily !== null && daily <= BATCH;
}

/**
 * How many tokens of a day a device asks for, 0 for none. `drawnBefore` is what the account drew of that day already, by the
 * service's count; `stock` what this device may still spend of it.
 */
export function toDraw(daily: number | null, drawnBefore: number, stock: number): number {
  const left = daily === null ? STOCK : Math.max(daily - drawnBefore, 0);
  if (isShared(daily)) return left;
  return stock >= LOW ? 0 : Math.min(BATCH, STOCK - stock, left);
}

/** What the wallet of tokens that were just drawn is to be; one block is claimed as by `claim`, or all are. */
export function drawn(
  fresh: Pick<Wallet, "issuer" | "day" | "tokens">, device: Bytes, entropy: Uint8Array, isOfAll: boolean,
): Wallet {
  const empty: Wallet = { kind: Kind.WALLET, ...fresh, claims: [] };
  if (isOfAll) return claim(empty, device, entropy)?.wallet ?? empty;
  return { ...empty, claims: freeBlocks(empty).map((block) => [block, device]) };
}

/**
 * When tokens of the day after `day` are drawn, in Unix seconds: uniform in what is left of its last six hours, null before
 * these. `entropy` is 8 random bytes.
 */
export function drawMoment(day: number, now: number, entropy: Uint8Array): number | null {
  const closes = (day + 1) * DAY_S;
  return now < closes - AHEAD_S || now >= closes ? null : now + modulo(entropy, closes - now);
}

/** How many seconds to wait before a claim is written, 0 to MAX_DELAY_S. `entropy` is 8 random bytes. */
export function claimDelay(entropy: Uint8Array): number {
  return modulo(entropy, MAX_DELAY_S + 1);
}

/** What is stored on the device, durably and first, when a token is about to be spent. */
export function mark(token: Bytes): string {
  return toHex(sha256(token));
}

/** Whether any device may delete the wallet: the issuer's key ended six hours after its day. */
export function isOver(wallet: Wallet, day: number): boolean {
  return day > wallet.day + 1;
}
