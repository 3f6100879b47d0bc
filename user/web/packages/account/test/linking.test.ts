/** Two browsers: linked by a link's text and six digits, through a service that lies; devices and passkeys taken away. */

import type { Bytes } from "@privity/protocol/bytes";
import { base64urlDecode, base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import { writeCode } from "@privity/vault/pairing/code";
import { describe, expect, test } from "vitest";

import { withDevice } from "../src/access.ts";
import { Account } from "../src/account.ts";
import { ofPasskey } from "../src/keys.ts";
import { CodeOffer, Held, Matched, Offer, scan, Typing } from "../src/linking.ts";
import { beginPasskey, devices, finishPasskey, finishRotation, removePasskey, revoke } from "../src/management.ts";
import { Browser, draw, Passkey } from "./browser.ts";
import { BOX, CHAT, linked, message, prove, saved, texts, there } from "./steps.ts";

function other(digits: string): string {
  return digits.startsWith("0") ? `1${digits.slice(1)}` : `0${digits.slice(1)}`;
}

describe("linking", () => {
  test("both write, both see the same", async () => {
    const { account, passkey, service } = await saved();
    await account.history.addBox(BOX);
    await account.history.add(CHAT, BOX);
    await account.history.add(message("From the laptop"), BOX);
    const phone = await linked(account, passkey, new Browser("phone", service));
    await phone.history.add(message("From the phone"), BOX);
    await phone.sync();
    await account.sync();
    expect(await texts(phone)).toEqual(["From the laptop", "From the phone"]);
    expect(await texts(account)).toEqual(await texts(phone));
    expect(await account.position()).toEqual(await phone.position());
    expect(devices(phone).map((one) => [one.label, one.here]).sort()).toEqual([["Laptop", false], ["Phone", true]]);
  });

  test("a swapped card is refused before anything is answered", async () => {
    const { account, service } = await saved();
    const offer = await Offer.make(new Browser("phone", service));
    const mine = [...service.pairings.values()][0];
    await Offer.make(new Browser("thief", service));
    const thiefs = [...service.pairings.values()][1];
    mine?.steps.set("card", thiefs?.steps.get("card") ?? draw("no card"));
    await expect(scan(account, offer.link)).rejects.toThrow("pairing.card_changed");
    expect(mine?.steps.size).toBe(1);
  });

  test("a link to another service is not followed", async () => {
    const { account, service } = await saved();
    const { link } = await Offer.make(new Browser("phone", service));
    const asked = service.seen.length;
    await expect(scan(account, link.replace("8080", "8081"))).rejects.toThrow("pairing.foreign");
    expect(service.seen.length).toBe(asked);
  });

  test("three wrong codes burn the channel", async () => {
    const { account, service } = await saved();
    const offer = await Offer.make(new Browser("phone", service));
    const asked = await scan(account, offer.link);
    const shown = there(await offer.answered());
    let typing = there(await asked.revealed());
    for (const left of [2, 1]) {
      const still = await typing.type(other(shown.digits));
      if (still instanceof Matched) throw new Error("wrong digits matched");
      expect(still.left).toBe(left);
      typing = still;
    }
    const [before] = [service.rows()];
    await expect(typing.type(other(shown.digits))).rejects.toThrow("pairing.burnt");
    await expect(shown.granted()).rejects.toThrow("pairing.burnt");
    expect(service.rows()).toBe(before);
  });

  test("nothing is given away without a fresh proof", async () => {
    const { account, laptop, service } = await saved();
    const offer = await Offer.make(new Browser("phone", service));
    const asked = await scan(account, offer.link);
    const shown = there(await offer.answered());
    const matched = await there(await asked.revealed()).type(shown.digits);
    if (matched instanceof Typing) throw new Error("right digits did not match");
    laptop.world.time += 300_001;
    const before = service.rows();
    await expect(matched.grant("Phone")).rejects.toThrow("access.stale");
    expect(service.rows()).toBe(before);
    expect(await shown.granted()).toBeNull();
  });

});

describe("linking without a camera", () => {
  test("a code is typed instead of the link, and the digits protect", async () => {
    const { account, passkey, service } = await saved();
    const offer = await CodeOffer.make(new Browser("phone", service));
    expect(offer.code).toMatch(/^([0-9A-Z]{4}-){6}[0-9A-Z]{4}$/);
    const asked = await scan(account, offer.code.toLowerCase().replaceAll("-", " "));
    const shown = there(await offer.answered());
    const matched = await there(await asked.revealed()).type(shown.digits);
    if (matched instanceof Typing) throw new Error("right digits did not match");
    await prove(account, passkey);
    await matched.grant("Phone");
    expect(devices(there(await shown.granted())).map((one) => one.label).sort()).toEqual(["Laptop", "Phone"]);
  });

  test("a code that was mistyped is not asked for, and a swapped card has other digits", async () => {
    const { account, service } = await saved();
    const offer = await CodeOffer.make(new Browser("phone", service));
    const asked = service.seen.length;
    const mistyped = (offer.code.endsWith("0") ? "1" : "0") + offer.code.slice(1);
    for (const wrong of [mistyped, offer.code.slice(1), "", "https://host.example/link"]) {
      await expect(scan(account, wrong)).rejects.toThrow("pairing.malformed");
    }
    expect(service.seen.length).toBe(asked);
    const mine = [...service.pairings.values()][0];
    await CodeOffer.make(new Browser("thief", service));
    const [own, thiefs] = [mine?.steps.get("card"), [...service.pairings.values()][1]?.steps.get("card")];
    mine?.steps.set("card", thiefs ?? draw("no card"));
    const answered = await scan(account, offer.code);
    mine?.steps.set("card", own ?? draw("no card"));
    const shown = there(await offer.answered());
    await expect(answered.revealed()).rejects.toThrow("pairing.commitment");
    expect(shown.digits).toMatch(/^[0-9]{6}$/);
  });

  test("who offered a link takes no grant of somebody who knows the channel alone", async () => {
    const { account, passkey, service } = await saved();
    const offer = await Offer.make(new Browser("phone", service));
    const [channel] = [...service.pairings.keys()];
    const asked = await scan(account, writeCode(base64urlDecode(channel ?? "") ?? draw("", 16)));
    const shown = there(await offer.answered());
    const matched = await there(await asked.revealed()).type(shown.digits);
    if (matched instanceof Typing) throw new Error("right digits did not match");
    await prove(account, passkey);
    await matched.grant("Phone");
    await expect(shown.granted()).rejects.toThrow("pairing.foreign");
  });
});

describe("a new device", () => {
  test("reads up to the head that was granted, or believes nothing", async () => {
    const { account, passkey, service } = await saved();
    await account.history.addBox(BOX);
    await account.sync();
    const phone = new Browser("phone", service);
    const [row] = [...service.accounts.values()];
    service.before = (method, path) => {
      if (method === "GET" && path.endsWith("/grant")) row?.log.pop();
    };
    await expect(linked(account, passkey, phone)).rejects.toThrow("log.rolled_back");
    expect((await phone.devices.all()).length).toBe(0);
  });

  test("another page than the granted one shows, though it is signed", async () => {
    const { account } = await saved();
    await account.sync();
    const held = new Held({ n: 1, head: draw("another head") });
    await expect(held.over(account.service).pages(0)).rejects.toThrow("log.forked");
    expect(() => held.check(0)).toThrow("log.rolled_back");
  });

  test("an older keyring than the granted one shows", async () => {
    const { account, passkey, service } = await saved();
    const phone = new Browser("phone", service);
    const [row] = [...service.accounts.values()];
    service.after = (path, answer) => {
      const before = row?.rings.at(-2);
      const granted = [...service.pairings.values()].some((one) => one.steps.has("grant"));
      if (path !== "/v1/keyring" || !granted || before === undefined) return answer;
      if (answer === null || answer instanceof Uint8Array) return answer;
      const older = (answer["keyrings"] as readonly JsonObject[]).slice(0, -1);
      const newest = { ...older.at(-1), private: base64urlEncode(before.private) };
      return { ...answer, newest: older.length, keyrings: [...older.slice(0, -1), newest] };
    };
    await expect(linked(account, passkey, phone)).rejects.toThrow("keyring.rolled_back");
    expect((await phone.devices.all()).length).toBe(0);
  });
});

describe("taking away", () => {
  test("a revoked device reads nothing new, the others go on", async () => {
    const { account, passkey, service, laptop } = await saved();
    await account.history.addBox(BOX);
    await account.history.add(CHAT, BOX);
    const browser = new Browser("phone", service);
    const phone = await linked(account, passkey, browser);
    const tablet = await linked(account, passkey, new Browser("tablet", service));
    await prove(account, passkey);
    await revoke(account, phone.session.identity.device);
    await account.history.add(message("After"), BOX);
    await account.sync();
    const { trusted, names } = account.session;
    expect([trusted.keyring.epoch, names.past.size, trusted.keyring.openers.length]).toEqual([2, 0, 4]);
    await tablet.sync();
    expect(await texts(tablet)).toEqual(["After"]);
    service.tokens.clear();
    await expect(phone.sync()).rejects.toThrow("access.refused");
    const again = await Account.unlock(laptop, await laptop.known());
    await again.sync();
    await finishRotation(again);
    expect(await texts(again)).toEqual(["After"]);
    expect([...service.accounts.values()].flatMap((one) => one.records).length).toBe(4);
  });

  test("needs a fresh proof, and a device does not revoke itself", async () => {
    const { account, passkey, service, laptop } = await saved();
    const phone = await linked(account, passkey, new Browser("phone", service));
    laptop.world.time += 300_001;
    await expect(revoke(account, phone.session.identity.device)).rejects.toThrow("access.stale");
    await prove(account, passkey);
    await expect(revoke(account, account.session.identity.device)).rejects.toThrow("keyring.malformed");
  });

  test("a record that the keyring does not list is not sealed again", async () => {
    const { account, passkey, service } = await saved();
    const phone = await linked(account, passkey, new Browser("phone", service));
    await prove(account, passkey);
    const [row] = [...service.accounts.values()];
    const foreign = (record: Bytes): Bytes => record.map((byte, at) => (at === record.length - 1 ? byte ^ 1 : byte));
    if (row !== undefined) row.records = row.records.map(foreign);
    await expect(revoke(account, phone.session.identity.device)).rejects.toThrow("opener.unlisted");
  });

  test("a passkey more opens, and taken away it does not", async () => {
    const { account, passkey } = await saved();
    const spare = new Passkey("spare");
    await prove(account, passkey);
    const { challenge, exclude } = await beginPasskey(account);
    expect(exclude).toEqual([passkey.id]);
    const registration = await spare.registration(challenge.challenge);
    await finishPasskey(account, challenge, registration, ofPasskey(await spare.answer()), "Spare");
    expect(account.session.trusted.keyring.openers.map((one) => one.kind).sort()).toEqual([1, 1, 2, 3]);
    await prove(account, spare);
    await removePasskey(account, spare.id);
    await expect(prove(account, spare)).rejects.toThrow("access.refused");
    expect(account.session.trusted.keyring.openers.map((one) => one.kind).sort()).toEqual([1, 2, 3]);
    expect(account.session.trusted.keyring.epoch).toBe(2);
  });

  test("a proof of another account proves nothing here", async () => {
    const { account } = await saved();
    const text = base64urlEncode(draw("token"));
    const stranger = { account: draw("another", 16), text, scope: "open" as const, ends: 0, freshUntil: 0 };
    expect(() => account.tokens.prove(stranger)).toThrow("keyring.foreign");
    expect((await withDevice(account.place, account.session.identity)).scope).toBe("full");
  });
});
