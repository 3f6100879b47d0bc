/** What pays for a request where a server counts: an account's tokens, or what a guest may draw. Source: specs/wallet.md. */

import { type Memories } from "@privity/channel/appraisal";
import { type Ground } from "@privity/channel/ground";
import { type Access } from "@privity/history/http";
import { type Bytes } from "@privity/protocol/bytes";

import { type Meter } from "./issuer.ts";

export type WalletReason = "issuer_refused" | "tokens_gone";

/** Nothing was sent. `tokens_gone`: none is left for today. `issuer_refused`: a key of tokens that is not to be drawn under. */
export class WalletError extends Error {
  readonly reason: WalletReason;
  readonly detail: string;

  constructor(reason: WalletReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.name = "WalletError";
    this.reason = reason;
    this.detail = detail;
  }
}

/** Where tokens come from. A request is known by its id, which stays the same however often it is sent. */
export interface Purse {
  /** The id for a new request: a fresh one, or that of one that came to no end and whose tokens go with it. */
  requestId(): Promise<Bytes>;
  /**
   * So many tokens for a request, the same ones each time. They count as spent from now on.
   *
   * Raises WalletError, and what reaching the service raises: nothing was sent.
   */
  pay(rid: Bytes, count: number): Promise<readonly Bytes[]>;
  /** A node did not take the request's tokens: the next ones are others. */
  refused(rid: Bytes): Promise<void>;
  /** The request's answer came to its end. */
  ended(rid: Bytes): Promise<void>;
}

/** A server that counts: its origin, whose keys its tokens have, and what asking it stands on. */
export interface Counting {
  readonly origin: string;
  readonly ground: Ground;
  readonly meter: Meter;
}

/**
 * An account that pays. `access` asks its service with a token of scope full, as `Tokens.way` of @privity/account does.
 *
 * `store` keeps the account's tokens durably: whoever reads it can spend them, and whoever loses it loses them for the day. It
 * belongs to this account at this server, and to nothing else.
 */
export interface Payer {
  readonly access: Access;
  readonly store: Memories;
}

export const DAY_S = 86_400;

/** A day since 1970-01-01, as leaves and routes spell it. */
export function spelled(day: number): string {
  // eslint-disable-next-line no-restricted-globals -- written out, not asked what time it is
  return new Date(day * DAY_S * 1000).toISOString().slice(0, 10);
}

/** The refusal when no token of the day is left. `now` in Unix seconds. */
export function gone(now: number, why = ""): WalletError {
  const reset = `The next ones are there from ${spelled(Math.floor(now / DAY_S) + 1)} 00:00 UTC.`;
  return new WalletError("tokens_gone", why === "" ? reset : `${reset} ${why}`);
}
