/** Leaving: a device that revokes itself, an account that is erased against a signed promise. */

import { ServiceError } from "@privity/history/service";
import { base64urlEncode, type JsonObject } from "@privity/protocol/canonical";
import { describe, expect, test } from "vitest";

import { withCode } from "../src/entry.ts";
import { erase, leave } from "../src/leaving.ts";
import { devices, finishRotation, openers } from "../src/management.ts";
import { Browser } from "./browser.ts";
import { BOX, CHAT, linked, message, prove, saved, texts } from "./steps.ts";

const entering = { label: "Desk", keepUnlocked: true };

describe("forgetting this device", () => {
  test("sends what waits, revokes itself, and keeps nothing; the others go on under another key", async () => {
    const { account, passkey, service } = await saved();
    await account.history.addBox(BOX);
    await account.history.add(CHAT, BOX);
    await account.sync();
    const browser = new Browser("phone", service);
    const phone = await linked(account, passkey, browser);
    await phone.history.add(message("The last words"), BOX);
    expect(await phone.unsent()).toBeGreaterThan(0);
    await prove(phone, passkey);
    await leave(phone);
    expect([(await browser.devices.all()).length, browser.stores.size]).toEqual([0, 0]);
    await account.sync();
    await finishRotation(account);
    expect(await texts(account)).toEqual(["The last words"]);
    expect(devices(account).map(({ label, active }) => [label, active]).sort()).toEqual([["Laptop", true], ["Phone", false]]);
    expect([account.session.trusted.keyring.epoch, openers(account).length]).toEqual([2, 3]);
    const admitted = new Set([...service.tokens.values()].flatMap(({ device }) => device ?? []));
    expect([...admitted]).toEqual([base64urlEncode(account.session.identity.device)]);
  });

  test("the last device may leave: the code opens, on a device that it introduces", async () => {
    const { account, service, code } = await saved();
    await account.history.addBox(BOX);
    await account.history.add(CHAT, BOX);
    await account.history.add(message("Hello"), BOX);
    await leave(account);
    const desk = await withCode(new Browser("desk", service), code, entering);
    await desk.sync();
    expect(await texts(desk)).toEqual(["Hello"]);
    expect(devices(desk).map(({ active }) => active).sort()).toEqual([false, true]);
  });

  test("without a proof or without the service nothing is erased here", async () => {
    const { account, laptop, passkey, service } = await saved();
    const rows = service.rows();
    laptop.world.time += 300_001;
    await expect(leave(account)).rejects.toThrow("access.stale");
    await prove(account, passkey);
    service.before = (method, path) => {
      if (method === "PUT" && path === "/v1/keyring") throw new Error("network");
    };
    await expect(leave(account)).rejects.toThrow(ServiceError);
    expect(service.rows().length).toBeGreaterThanOrEqual(rows.length);
    expect([(await laptop.devices.all()).length, laptop.stores.size]).toEqual([1, 1]);
  });
});

describe("erasing the account", () => {
  test("needs a fresh proof; the promise is verified and outlives everything else here", async () => {
    const { account, laptop, passkey, service } = await saved();
    await account.sync();
    laptop.world.time += 300_001;
    await expect(erase(account)).rejects.toThrow("access.stale");
    expect(service.accounts.size).toBe(1);
    await prove(account, passkey);
    const { n } = await account.position();
    const erased = await erase(account);
    expect([erased.n, erased.ids, erased.promise?.backupDays]).toEqual([n, [], 30]);
    expect([service.accounts.size, (await laptop.devices.all()).length, laptop.stores.size]).toEqual([0, 0, 0]);
    expect(await laptop.devices.erasures()).toEqual([erased]);
  });

  test.each(["another erasure's", "an unsigned"])("%s receipt is no promise", async (what) => {
    const { account, service, laptop } = await saved();
    await account.history.addBox(BOX);
    await account.sync();
    await account.history.remove([BOX]);
    await account.sync();
    const promise = (await account.history.erasures())[0]?.promise ?? null;
    if (promise === null) throw new Error("no promise");
    service.after = (path, answer) => {
      if (path !== "/v1/account" || answer === null || answer instanceof Uint8Array) return answer;
      const receipt = what === "an unsigned" ? answer["receipt"] ?? null : base64urlEncode(promise.receipt);
      return { ...answer, receipt, signature: base64urlEncode(promise.signature) } satisfies JsonObject;
    };
    expect((await erase(account)).promise).toBeNull();
    expect((await laptop.devices.erasures()).length).toBe(1);
  });
});
