/** What pays for a request where a server counts: what a guest may draw. Source: specs/wallet.md. */

import { type Bytes } from "@privity/protocol/bytes";

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
  /**
   * So many tokens for a request, the same ones each time. They count as spent from now on.
   *
   * Raises WalletError, and what reaching the service raises: nothing was sent.
   */
  pay(rid: Bytes, count: number): Promise<readonly Bytes[]>;
  /** A node did not take the request's tokens: the next ones are others. */
  refused(rid: Bytes): void;
  /** The request's answer came to its end. */
  ended(rid: Bytes): void;
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
