/** What opens an account is replaced and taken away: the old opens nothing that is written afterwards, nobody is locked out. */

import { toHex } from "@privity/protocol/bytes";
import { base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import * as opener from "@privity/vault/opener";
import * as recovery from "@privity/vault/recovery";
import { describe, expect, test } from "vitest";

import { beginPasskey as signIn, withCode as signInWithCode } from "../src/access.ts";
import { Account } from "../src/account.ts";
import { Ceremony } from "../src/ceremony.ts";
import { withCode, withPasskey } from "../src/entry.ts";
import { newWords, ofPasskey } from "../src/keys.ts";
import { beginPasskey, finishPasskey, openers, removeOpener, removePasskey, revoke } from "../src/management.ts";
import { NewWords } from "../src/words.ts";
import { Browser, Passkey } from "./browser.ts";
import { BOX, CHAT, created, linked, message, prove, saved, texts, typed } from "./steps.ts";

const entering = { label: "Desk", keepUnlocked: true };

async function write(account: Account, text: string): Promise<void> {
  if ((await account.store.row(BOX)) === null) await account.history.addBox(BOX);
  await account.history.add(CHAT, BOX);
  await account.history.add(message(text), BOX);
  await account.sync();
}

function firstAndLast(words: string): readonly [string, string] {
  const all = words.split(" ");
  return [all[0] ?? "", all.at(-1) ?? ""];
}

function kinds(account: Account): readonly number[] {
  return openers(account).map((one) => one.kind).sort();
}

describe("a new recovery code", () => {
  test("takes the place of the old one in one step, and opens what was written before and after", async () => {
    const { account, passkey, service, code } = await saved();
    await write(account, "Before");
    const phone = await linked(account, passkey, new Browser("phone", service));
    await prove(account, passkey);
    const rings = service.accounts.values().next().value?.rings.length ?? 0;
    const ceremony = Ceremony.begin(account);
    await expect(ceremony.finish(["", ""])).rejects.toThrow("ceremony.differs");
    await ceremony.finish(typed(ceremony.shown));
    expect([account.session.trusted.keyring.epoch, kinds(account)]).toEqual([2, [1, 2, 3, 3]]);
    // One revision for both, one that drops the past account key, one that gives what this browser opens with another id.
    expect((service.accounts.values().next().value?.rings.length ?? 0) - rings).toBe(3);
    await write(account, "After");
    const desk = await withCode(new Browser("desk", service), ceremony.shown, entering);
    await desk.sync();
    expect(await texts(desk)).toEqual(["After", "Before"]);
    await expect(withCode(new Browser("thief", service), code, entering)).rejects.toThrow("access.refused");
    await expect(signInWithCode(new Browser("thief", service), recovery.read(code))).rejects.toThrow("access.refused");
    await phone.sync();
    expect(await texts(phone)).toEqual(["After", "Before"]);
  });

  test("needs a fresh proof, and a record that is the one of the code", async () => {
    const { account, service, laptop, passkey, code } = await saved();
    const before = service.rows();
    laptop.world.time += 300_001;
    const stale = Ceremony.begin(account);
    await expect(stale.finish(typed(stale.shown))).rejects.toThrow("access.stale");
    expect(service.rows()).toBe(before);
    await prove(account, passkey);
    service.after = (path, answer) => {
      const [row] = [...service.accounts.values()];
      if (path !== "/v1/keyring" || answer === null || answer instanceof Uint8Array || row?.rings.length !== 4) return answer;
      const kept = row.records.filter((one) => opener.decode(one).kind !== opener.KINDS.recovery);
      return { ...answer, openers: kept.map((one) => base64urlEncode(one)) } satisfies JsonObject;
    };
    const ceremony = Ceremony.begin(account);
    await expect(ceremony.finish(typed(ceremony.shown))).rejects.toThrow("opener.unlisted");
    await expect(withCode(new Browser("desk", service), code, entering)).rejects.toThrow("access.refused");
  });
});

describe("after a rotation", () => {
  const idOf = (account: Account, kind: number): string => {
    return toHex(openers(account).find((one) => one.kind === kind)?.id ?? BOX);
  };

  test("what is used next gets another id: its lock was known to whoever held the key of before", async () => {
    const { account, passkey, service, code } = await saved({ keepUnlocked: false });
    const phone = await linked(account, passkey, new Browser("phone", service));
    const before = [idOf(account, opener.KINDS.passkey), idOf(account, opener.KINDS.recovery)];
    await prove(account, passkey);
    await revoke(account, phone.session.identity.device);
    const [ofPasskeys, ofCode] = [idOf(account, opener.KINDS.passkey), idOf(account, opener.KINDS.recovery)];
    expect([ofPasskeys === before[0], ofCode === before[1]]).toEqual([false, true]);
    for (const name of ["desk", "tablet"]) {
      const desk = await withCode(new Browser(name, service), code, entering);
      await desk.sync();
      expect(idOf(desk, opener.KINDS.recovery)).not.toBe(before[1]);
      expect(openers(desk).filter((one) => one.kind === opener.KINDS.recovery).length).toBe(1);
    }
    const again = new Browser("again", service);
    const challenge = await signIn(again);
    const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
    const used = { assertion, material: await passkey.answer() };
    const came = await withPasskey(again, challenge, used, null, { ...entering, keepUnlocked: false });
    expect(idOf(came, opener.KINDS.passkey)).toBe(ofPasskeys);
  });
});

describe("seven new words", () => {
  test("take the place of the old ones, and this browser opens with them", async () => {
    const { words, cost } = newWords(new Browser("words", (await created()).service).world);
    const old = words.copy();
    const { account, laptop, passkey, service } = await created({ keepUnlocked: false }, { kind: "words", words, cost });
    const ceremony = Ceremony.begin(account);
    await ceremony.finish(typed(ceremony.shown));
    await write(account, "Before");
    const replaced = NewWords.begin(account);
    await expect(replaced.finish(["", ""])).rejects.toThrow("ceremony.differs");
    await replaced.finish(firstAndLast(replaced.shown));
    expect([kinds(account), account.session.trusted.keyring.epoch]).toEqual([[2, 4], 2]);
    await write(account, "After");
    const known = await laptop.known();
    expect(opener.decode(known.opener.record).id).toEqual(account.session.identity.opener.id);
    const desk = new Browser("desk", service);
    const come = async (said: string): Promise<Account> => {
      const challenge = await signIn(desk);
      const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
      return withPasskey(desk, challenge, { assertion, material: null }, said, entering);
    };
    await expect(come(new TextDecoder().decode(old.reveal()))).rejects.toThrow("opener.wrong_key");
    const again = await come(replaced.shown.toUpperCase());
    await again.sync();
    expect(await texts(again)).toEqual(["After", "Before"]);
    await expect(removeOpener(account, account.session.identity.opener.id)).rejects.toThrow("opener.in_use");
  });

  test("can be given to an account that has none, and taken away again", async () => {
    const { account } = await saved();
    const words = NewWords.begin(account);
    await words.finish(firstAndLast(words.shown));
    expect([kinds(account), account.session.trusted.keyring.epoch]).toEqual([[1, 2, 3, 4], 1]);
    const own = openers(account).find((one) => one.kind === opener.KINDS.passphrase);
    await removeOpener(account, own?.id ?? BOX);
    expect([kinds(account), account.session.trusted.keyring.epoch]).toEqual([[1, 2, 3], 2]);
  });
});

describe("what stays", () => {
  test("the last passkey, the code, a device's own opener, and what this browser opens with", async () => {
    const { account, passkey, service } = await saved({ keepUnlocked: false });
    const before = service.rows();
    await expect(removePasskey(account, passkey.id)).rejects.toThrow("passkeys.last");
    for (const { id, kind } of openers(account)) {
      const reason = kind === opener.KINDS.passkey ? "passkeys.last" : "keyring.malformed";
      await expect(removeOpener(account, id)).rejects.toThrow(reason);
    }
    expect(service.rows()).toBe(before);
    const spare = new Passkey("spare");
    const { challenge } = await beginPasskey(account);
    const registration = await spare.registration(challenge.challenge);
    await finishPasskey(account, challenge, registration, ofPasskey(await spare.answer()), "Spare");
    const with2 = service.rows();
    await expect(removePasskey(account, passkey.id)).rejects.toThrow("opener.in_use");
    expect(service.rows()).toBe(with2);
  });

  test("a browser whose passkey's record has another id by now finds it", async () => {
    const { account, laptop, passkey, service } = await saved({ keepUnlocked: false });
    const known = await laptop.known();
    const foreign = { ...known, opener: { ...known.opener, id: BOX } };
    const desk = await linked(account, passkey, new Browser("desk", service));
    await prove(desk, passkey);
    const ceremony = Ceremony.begin(desk);
    await ceremony.finish(typed(ceremony.shown));
    const again = await Account.unlock(laptop, foreign, { material: ofPasskey(await passkey.answer()) });
    await again.sync();
    expect(again.session.trusted.keyring.epoch).toBe(2);
  });
});
