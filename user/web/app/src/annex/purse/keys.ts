/** Which keys of an issuer count: those of the newest logged leaf, as long as it contradicts none that was believed before. */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { checkFollows, find, type IssuerKey, type Issuers } from "@privity/tlog/leaves/issuers";

import type { Meter } from "../../bridge/tokens.ts";

export const DAY_MS = 86_400_000;

/** A day since 1970-01-01 as leaves and routes spell it. */
export function spelled(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export class Keys {
  readonly #meter: Meter;
  readonly #now: number;
  readonly #names: ReadonlyMap<string, IssuerKey>;

  /**
   * The keys of `meter` at `now` (Unix milliseconds), after `before` was believed.
   *
   * Raises Malformed `member_value` where one has another key than it had: somebody is given keys of their own.
   */
  constructor(before: Issuers | null, meter: Meter, now: number) {
    if (before !== null && before.deploy === meter.issuers.deploy) checkFollows(before, meter.issuers);
    this.#meter = meter;
    this.#now = now;
    this.#names = new Map(meter.issuers.keys.map((one) => [toHex(sha256(one.spki)), one]));
  }

  /** The key of a plan and day that is logged and valid now, null when there is none. */
  of(plan: string, day: number): IssuerKey | null {
    const { deploy, issuers } = this.#meter;
    try {
      return find(issuers, { deploy, plan, day: spelled(day), now: this.#now / 1000 });
    } catch (error) {
      if (error instanceof Malformed) return null;
      throw error;
    }
  }

  /** The key by its id in hexadecimal, null unless it is logged for this day and valid now. */
  named(id: string, day: number): IssuerKey | null {
    const found = this.#names.get(id);
    return found?.day === spelled(day) ? this.of(found.plan, day) : null;
  }
}
