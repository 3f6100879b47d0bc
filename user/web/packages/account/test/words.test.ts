/** Seven words, where the passkey only signs in: Argon2id takes its time, so they are by themselves. */

import * as passphrase from "@privity/vault/passphrase";
import { expect, test } from "vitest";

import { beginPasskey } from "../src/access.ts";
import type { Account } from "../src/account.ts";
import { withPasskey } from "../src/entry.ts";
import { newWords } from "../src/keys.ts";
import { Browser } from "./browser.ts";
import { created } from "./steps.ts";

const entering = { label: "Desk", keepUnlocked: true };

test("with seven words, where the passkey only signs in", async () => {
  const made = newWords(new Browser("words", (await created()).service).world);
  const shown = passphrase.written(made.words);
  const { account, service, passkey } = await created({}, { kind: "words", ...made });
  const desk = new Browser("desk", service);
  const use = async (words: string | null): Promise<Account> => {
    const challenge = await beginPasskey(desk);
    const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
    return withPasskey(desk, challenge, { assertion, material: null }, words, entering);
  };
  await expect(use(null)).rejects.toThrow("passkey.opens_nothing");
  expect((await use(shown)).session.trusted.keyring.devices.length).toBe(2);
});
