/** The wallets that this device sees, as it may believe them, and what of them is its own. Source: specs/wallet.md. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, fromHex, toHex, uint } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { BLOCK, type Wallet, WALLET } from "@privity/vault/contents/wallet";
import { reading, VaultError } from "@privity/vault/errors";
import { accept, isOver, mark, spendable } from "@privity/vault/wallet";

import type { Facts, Own } from "../../bridge/tokens.ts";
import { DAY_MS, type Keys } from "./keys.ts";
import type { Accepted } from "./state.ts";

/** Milliseconds after which a request that came to no end has none any more: an answer takes ten minutes, a lease three. */
const ABANDONED = 900_000;

/** One wallet: `logged` as it is believed, null before it is in the log; `waits` when a version of ours is on its way. */
export interface Held {
  readonly id: string;
  readonly logged: Wallet | null;
  readonly waits: boolean;
  readonly day: number;
  readonly issuer: string;
  readonly size: number;
}

export function written(wallet: Wallet): Bytes {
  return cbor.encode(WALLET.write(wallet));
}

function decoded(data: Bytes): Wallet {
  return reading("object.malformed", () => WALLET.read(cbor.decode(data)));
}

/** What can be believed; a wallet that contradicts what it said before is left out. */
export function heldOf(wallets: Facts["wallets"], before: Readonly<Record<string, Accepted>>): readonly Held[] {
  return wallets.flatMap(({ id, content, logged, waits }) => {
    try {
      const found = logged ? accepted(decoded(content), before[id]) : decoded(content);
      return [{
        id, logged: logged ? found : null, waits, day: found.day, issuer: toHex(found.issuer), size: found.tokens.length,
      }];
    } catch (error) {
      if (error instanceof VaultError) return [];
      throw error;
    }
  });
}

function accepted(wallet: Wallet, known: Accepted | undefined): Wallet {
  if (known === undefined) return accept(null, wallet);
  if (digestOf(wallet) !== known.of) throw new VaultError("object.malformed", "a wallet's tokens do not change");
  const claims = known.claims.map(([block, device]) => [block, fromHex(device) ?? new Uint8Array(0)] as const);
  return accept({ ...wallet, claims }, wallet);
}

function digestOf({ issuer, day, tokens }: Wallet): string {
  return toHex(sha256(concat(issuer, uint(day, 4), ...tokens.map((one) => sha256(one)))));
}

/** What to remember of wallets, so that a claim that counted is never taken back. */
export function remembered(all: readonly Held[]): Readonly<Record<string, Accepted>> {
  return Object.fromEntries(all.flatMap(({ id, logged }) => {
    if (logged === null) return [];
    return [[id, { of: digestOf(logged), claims: logged.claims.map(([block, device]) => [block, toHex(device)] as const) }]];
  }));
}

/** A mark's name on the device: `DAY/SHA-256`. */
export function nameOf(day: number, token: Bytes): string {
  return `${String(day)}/${mark(token)}`;
}

/** Tokens of this device, marked or not, of keys that are logged and valid: no other may leave. */
export function ownOf(
  all: readonly Held[], device: Bytes, keys: Keys, unfinished: ReadonlyMap<string, string>,
): readonly Own[] {
  return all.flatMap(({ logged, issuer }) => {
    if (logged === null || keys.named(issuer, logged.day) === null) return [];
    return spendable(logged, device, new Set()).map((token) => {
      const name = nameOf(logged.day, token);
      return { name, issuer, token, rid: unfinished.get(name) ?? "" };
    });
  });
}

/** Tokens of today's requests that came to no end in time, as many as are wanted: from name to request. */
export function unfinishedOf({ paid, now, wanted }: Facts): ReadonlyMap<string, string> {
  const today = `${String(Math.floor(now / DAY_MS))}/`;
  return new Map(paid.flatMap((row) => {
    const [rid = "", at, ...names] = row.split(",");
    const wanting = wanted === 0 || names.length === wanted;
    const over = Number(at) < now - ABANDONED && wanting && names.every((name) => name.startsWith(today));
    return over ? names.map((name) => [name, rid] as const) : [];
  }));
}

/** Tokens in blocks that nobody claimed, and in those of other devices. */
export function countOf({ logged }: Held, device: Bytes): { readonly free: number; readonly others: number } {
  if (logged === null) return { free: 0, others: 0 };
  const sizeOf = (block: number): number => Math.min(BLOCK, logged.tokens.length - block * BLOCK);
  const total = (claims: Wallet["claims"]): number => claims.reduce((sum, [block]) => sum + sizeOf(block), 0);
  const foreign = logged.claims.filter(([, by]) => toHex(by) !== toHex(device));
  return { free: logged.tokens.length - total(logged.claims), others: total(foreign) };
}

/** Ids of wallets that any device may delete. */
export function overOf(all: readonly Held[], day: number): readonly string[] {
  return all.flatMap(({ id, logged }) => (logged !== null && isOver(logged, day) ? [id] : []));
}
