/**
 * The ceremony of the recovery code, before anything is saved: the code is shown, groups 3 and 7 are typed, the code becomes
 * an opener, and the record that the service then keeps is opened with it. Source: specs/account.md.
 */

import { type Bytes, equal } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import * as opener from "@privity/vault/opener";
import * as recovery from "@privity/vault/recovery";
import type { Kept, Secret } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import { AccountError } from "./errors.ts";
import * as keys from "./keys.ts";
import type { NewOpener } from "./keys.ts";
import { listedRecords, next } from "./revision.ts";
import { rotate, type Where } from "./rotating.ts";

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

  /** A new code, the first one or in place of another. Nothing is written: whoever stops here has what they had. */
  static begin(account: Account): Ceremony {
    return new Ceremony(account, recovery.make(account.place.world.random(recovery.ENTROPY)));
  }

  /**
   * Keep the code as an opener, once a person showed that they have it, in place of the one of before. The letters are
   * wiped. A code of before opens no more: the account has a new key.
   *
   * Raises AccountError `ceremony.differs` (another group: type again), `access.stale`; VaultError; ServiceError.
   */
  async finish(typed: readonly [third: string, seventh: string]): Promise<void> {
    const groups = this.shown.split("-");
    const agrees = TYPED.every((group, at) => tidy(typed[at] ?? "") === groups[group - 1]);
    if (!agrees) throw new AccountError("ceremony.differs");
    const material = await this.#letters.copy().keep();
    const { finder } = await recovery.access(this.#letters);
    if (this.#account.isRecoverable) await this.#replace(material);
    else await this.#add(material);
    await this.#account.withRaw((raw) => this.#proved(raw, finder));
    this.#letters.wipe();
    await this.#account.begin();
  }

  async #add(material: Kept<"recovery">): Promise<void> {
    const { world } = this.#account.place;
    await this.#account.withRaw((raw) => this.#account.change(async (session) => {
      const where = { account: session.identity.account, epoch: session.trusted.keyring.epoch };
      return next(session, { openers: [await this.#made(material, raw, where)] }, world);
    }));
  }

  /** The code of before leaves in the same step: it opens nothing that is written from now on. */
  async #replace(material: Kept<"recovery">): Promise<void> {
    await rotate(this.#account, {
      leaves: ({ kind }) => kind === opener.KINDS.recovery,
      enter: async (raw, where) => ({ made: await this.#made(material, raw, where), material }),
    });
  }

  async #made(material: Kept<"recovery">, raw: Secret<"account key">, where: Where): Promise<NewOpener> {
    const { world } = this.#account.place;
    const { sheet } = await keys.ofCode(this.#letters, world);
    return keys.newOpener(material, raw, where, { label: LABEL, parameters: sheet, credential: null }, world);
  }

  /** The record that the service keeps is opened as it will be opened one day. */
  async #proved(raw: Secret<"account key">, finder: Bytes): Promise<void> {
    const { session, service, place } = this.#account;
    const { openers } = await service.keyrings(session.trusted.keyring.revision);
    const record = listedRecords(session, openers).find(({ parameters }) => isOf(parameters, finder));
    if (record === undefined) throw new VaultError("opener.unlisted", "the code is not listed");
    const material = await this.#letters.copy().keep();
    const found = await opener.openFresh(record, material, session.identity.account, place.world.kem);
    const same = equal(found.raw.reveal(), raw.reveal());
    found.raw.wipe();
    if (!same) throw new VaultError("opener.foreign", "the code opens something else");
  }
}

/** Whether a record is the one of this code. */
export function isOf(parameters: opener.Record["parameters"], finder: Bytes): boolean {
  return parameters !== null && "finder" in parameters && equal(parameters.finder, finder);
}

/** What a person typed of a group; the same is forgiven as in a whole code. */
function tidy(typed: string): string {
  const upper = typed.slice(0, 64).replace(/[\s-]/g, "").toUpperCase();
  return upper.replaceAll("I", "1").replaceAll("L", "1").replaceAll("O", "0");
}
