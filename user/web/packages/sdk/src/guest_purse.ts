/** Tokens for whoever has no account: drawn when a request needs them, in memory only. Source: specs/wallet.md. */

import { patient } from "@privity/channel/ground";
import { RID } from "@privity/channel/request";
import { DOCUMENT_SECONDS } from "@privity/channel/sdk";
import { json } from "@privity/history/http";
import { ServiceError } from "@privity/history/service";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { type Issuers } from "@privity/tlog/leaves/issuers";
import { TrustError } from "@privity/trust/errors";

import { drawn } from "./drawing.ts";
import { type Home, homeOf } from "./home.ts";
import { held, keyOf } from "./issuer.ts";
import { type Counting, DAY_S, gone, type Purse } from "./purse.ts";

const PLAN = "free";
/** Tokens of one drawing. */
const BATCH = 5;
const NONE_LEFT: readonly string[] = ["tokens.daily", "tokens.off"];

/** A guest. `hidden`: a relay hides from where the program asks, which drawing would show. */
export interface Guest extends Counting {
  readonly hidden: boolean;
}

/** One program's guest. Tokens are asked of the service itself. */
export class GuestPurse implements Purse {
  readonly #guest: Guest;
  readonly #given = new Map<string, readonly Bytes[]>();
  #before: Issuers | null = null;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** A fresh one: a guest's requests are not remembered. */
  requestId(): Promise<Bytes> {
    return Promise.resolve(this.#guest.ground.entropy(RID));
  }

  async pay(rid: Bytes, count: number): Promise<readonly Bytes[]> {
    const name = toHex(rid);
    let given = this.#given.get(name) ?? [];
    if (given.length < count) {
      const { origin, hidden } = this.#guest;
      if (hidden) throw new TrustError("relay_bypassed", `A guest draws tokens at ${new URL(origin).host}.`);
      const home = await homeOf(this.#guest);
      while (given.length < count) {
        given = [...given, ...await this.#drawn(home, Math.min(BATCH, count - given.length))];
        this.#given.set(name, given);
      }
    }
    return given.slice(0, count);
  }

  refused(rid: Bytes): Promise<void> {
    return this.ended(rid);
  }

  ended(rid: Bytes): Promise<void> {
    this.#given.delete(toHex(rid));
    return Promise.resolve();
  }

  async #drawn({ account, challenge }: Home, count: number): Promise<readonly Bytes[]> {
    const { meter, ground } = this.#guest;
    const now = ground.clock();
    const day = Math.floor(now / DAY_S);
    this.#before = held(meter, this.#before);
    const key = keyOf(meter, this.#before, PLAN, day, now);
    const access = { origin: account, fetch: patient(ground, DOCUMENT_SECONDS), token: () => Promise.resolve(null) };
    try {
      return await drawn({ key, challenge, day, count, entropy: ground.entropy }, (asked) => (
        json(access, "POST", "/v1/tokens/guest", asked)));
    } catch (error) {
      if (!(error instanceof ServiceError) || !NONE_LEFT.includes(error.reason)) throw error;
      throw gone(now, "Guests of one network share a few a day; an account has its own.");
    }
  }
}
