/**
 * Seven new words, for a passkey that only signs in: shown, the first and the last typed, then an opener; the words of before
 * are taken away. Source: specs/account.md, section "Replacing the words".
 */

import { equal } from "@privity/protocol/bytes";
import * as opener from "@privity/vault/opener";
import * as passphrase from "@privity/vault/passphrase";
import type { Cost } from "@privity/vault/passphrase";
import type { Secret } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import { AccountError } from "./errors.ts";
import * as keys from "./keys.ts";
import { next } from "./revision.ts";
import { rotate, stored } from "./rotating.ts";

export class NewWords {
  /** The words with one space between them, for the screen. */
  readonly shown: string;
  readonly #account: Account;
  readonly #words: Secret<"words">;
  readonly #cost: Cost;

  private constructor(account: Account, { words, cost }: ReturnType<typeof keys.newWords>) {
    this.#account = account;
    this.#words = words;
    this.#cost = cost;
    this.shown = passphrase.written(words);
  }

  /** New words. Nothing is written: whoever stops here opens with what opened before. */
  static begin(account: Account): NewWords {
    return new NewWords(account, keys.newWords(account.place.world));
  }

  /**
   * Keep the words as an opener, once a person showed that they have them, and take away those of before. Takes a second.
   *
   * Raises AccountError `ceremony.differs` (type again), `access.stale`; VaultError; ServiceError. If it stops half-way the
   * words of before open as well: repeat it.
   */
  async finish(typed: readonly [first: string, last: string]): Promise<void> {
    const words = this.shown.split(" ");
    const agrees = [words[0], words.at(-1)].every((word, at) => typed[at]?.trim().toLowerCase() === word);
    if (!agrees) throw new AccountError("ceremony.differs");
    const { tokens, place: { world, argon2id } } = this.#account;
    tokens.fresh();
    const material = await (await passphrase.stretch(this.#words, this.#cost, argon2id)).keep();
    const described = { label: "", parameters: this.#cost, credential: null };
    const before = this.#account.session.trusted.keyring.openers.filter((one) => one.kind === opener.KINDS.passphrase);
    const made = await this.#account.withRaw(async (raw) => {
      const { identity: { account }, trusted } = this.#account.session;
      const one = await keys.newOpener(material, raw, { account, epoch: trusted.keyring.epoch }, described, world);
      await this.#account.change((session) => next(session, { openers: [one] }, world));
      return one;
    });
    if (this.#account.session.identity.opener.material.kind === "passphrase") {
      await this.#account.openWith(stored(made.record), material);
    }
    this.#words.wipe();
    if (before.length > 0) await rotate(this.#account, { leaves: ({ id }) => before.some((one) => equal(one.id, id)) });
  }
}
