/**
 * The ceremony of the recovery code, before anything is saved: the code is shown, groups 3 and 7 are typed, the code becomes
 * an opener, and the record that the service then keeps is opened with it. Source: specs/account.md.
 */

import { equal } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import * as opener from "@privity/vault/opener";
import * as recovery from "@privity/vault/recovery";
import type { Secret } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import { AccountError } from "./errors.ts";
import * as keys from "./keys.ts";
import { listedRecords, next } from "./revision.ts";

/** The groups that are typed, counted from 1. */
export const TYPED = [3, 7] as const;
export const LABEL = "Recovery code";

export class Ceremony {
  /** The code in groups of four, for the screen and the sheet. */
  readonly shown: string;
  readonly #account: Account;
  readonly #letters: Secret<"recovery">;

  private constructor(account: Account, letters: Secret<"recovery">) {
    this.#account = account;
    this.#letters = letters;
    this.shown = recovery.written(letters);
  }

  /** A new code. Nothing is written: whoever stops here has no code. */
  static begin(account: Account): Ceremony {
    return new Ceremony(account, recovery.make(account.place.world.random(recovery.ENTROPY)));
  }

  /**
   * Keep the code as an opener, once a person showed that they have it. The letters are wiped.
   *
   * Raises AccountError `ceremony.differs` (another group: type again), `access.stale`; VaultError; ServiceError.
   */
  async finish(typed: readonly [third: string, seventh: string]): Promise<void> {
    const groups = this.shown.split("-");
    const agrees = TYPED.every((group, at) => tidy(typed[at] ?? "") === groups[group - 1]);
    if (!agrees) throw new AccountError("ceremony.differs");
    const { world } = this.#account.place;
    const { account } = this.#account.session.identity;
    const { sheet } = await keys.ofCode(this.#letters, world);
    const material = await this.#letters.copy().keep();
    await this.#account.withRaw(async (raw) => {
      await this.#account.change(async (session) => {
        const where = { account, epoch: session.trusted.keyring.epoch };
        const made = await keys.newOpener(material, raw, where, { label: LABEL, parameters: sheet, credential: null }, world);
        return next(session, { openers: [made] }, world);
      });
      await this.#proved(raw);
    });
    this.#letters.wipe();
    await this.#account.begin();
  }

  /** The record that the service keeps is opened as it will be opened one day. */
  async #proved(raw: Secret<"account key">): Promise<void> {
    const { session, service, place } = this.#account;
    const { openers } = await service.keyrings(session.trusted.keyring.revision);
    const record = listedRecords(session, openers).find((one) => one.kind === opener.KINDS.recovery);
    if (record === undefined) throw new VaultError("opener.unlisted", "the code is not listed");
    const material = await this.#letters.copy().keep();
    const found = await opener.openFresh(record, material, session.identity.account, place.world.kem);
    const same = equal(found.raw.reveal(), raw.reveal());
    found.raw.wipe();
    if (!same) throw new VaultError("opener.foreign", "the code opens something else");
  }
}

/** What a person typed of a group; the same is forgiven as in a whole code. */
function tidy(typed: string): string {
  const upper = typed.slice(0, 64).replace(/[\s-]/g, "").toUpperCase();
  return upper.replaceAll("I", "1").replaceAll("L", "1").replaceAll("O", "0");
}
