/** Devices: linked by a link and six digits, renamed, revoked; passkeys added and taken away. */

import { describe, expect, test } from "vitest";

import { Passkey } from "../../../packages/account/test/browser.ts";
import { Profile, type Tab } from "./profile.ts";
import { another, begun, shown, use, write } from "./steps.ts";

async function linked(tab: Tab, name: string): Promise<{ readonly profile: Profile; readonly tab: Tab }> {
  const profile = new Profile(name, tab.profile.service);
  const phone = await profile.open();
  const link = await phone.do("offer", {});
  expect(await phone.do("answered", {})).toBeNull();
  await tab.do("scan", { link });
  const digits = await phone.do("answered", {});
  expect(await phone.do("granted", {})).toBeNull();
  expect(await tab.do("revealed", {})).toBe(3);
  expect(await tab.do("digits", { digits: digits === "000000" ? "000001" : "000000" })).toEqual({ matched: false, left: 2 });
  expect(await tab.do("digits", { digits: digits ?? "" })).toMatchObject({ matched: true });
  await use(tab, "prove");
  await tab.do("grant", { label: "Phone" });
  expect(await phone.do("granted", {})).toEqual({ state: "open" });
  return { profile, tab: phone };
}

/** Another passkey that opens. */
async function add(tab: Tab, passkey: Passkey): Promise<void> {
  const { challenge } = await tab.do("addPasskey", {});
  const registration = await passkey.registration(challenge);
  await tab.do("addedPasskey", { ...registration, material: await passkey.answer(), passkeyLabel: "Second" });
}

describe("devices", () => {
  test("a linked one shows everything, opens itself, and is told of on the other", async () => {
    const { tab } = await begun();
    const { chat } = await write(tab, "Kept");
    const phone = await linked(tab, "phone");
    expect(await shown(phone.tab, chat)).toEqual(["Kept"]);
    const { devices, openers } = await tab.do("devices", {});
    expect(devices.map(({ label, active, here, addedBy }) => [label, active, here, addedBy]).sort()).toEqual([
      ["Laptop", true, true, null], ["Phone", true, false, "Laptop"],
    ]);
    expect(devices.every(({ added }) => added > 0)).toBe(true);
    expect(openers.map(({ kind, label }) => [kind, label]).sort()).toEqual([
      ["code", "Recovery code"], ["device", "Phone"], ["passkey", "Key"],
    ]);
    const [first] = devices.filter(({ here }) => !here);
    await tab.do("rename", { device: first?.id ?? "", label: "Old phone" });
    expect((await tab.do("devices", {})).devices.map(({ label }) => label).sort()).toEqual(["Laptop", "Old phone"]);
    phone.tab.close();
    const again = await phone.profile.open();
    expect(await shown(again, chat)).toEqual(["Kept"]);
  });

  test("a revoked one reads nothing that is written afterwards", async () => {
    const { tab } = await begun();
    const phone = await linked(tab, "phone");
    const { devices } = await tab.do("devices", {});
    await use(tab, "prove");
    await tab.do("revoke", { device: devices.find(({ here }) => !here)?.id ?? "" });
    await write(tab, "After");
    await tab.do("sync", {});
    await expect(phone.tab.do("sync", {})).rejects.toThrow(/access.refused|opener.unlisted/);
    expect((await phone.tab.do("overview", {})).chats).toEqual([]);
    expect((await tab.do("devices", {})).devices.map(({ active }) => active).sort()).toEqual([false, true]);
  });

  test("one that was linked between two questions of a synchronisation is no contradiction", async () => {
    const { tab } = await begun();
    await tab.do("sync", {});
    const phone = await linked(tab, "phone");
    const third = await another(tab.profile, "third");
    const { strict } = tab.profile.service;
    const { fetch } = strict;
    let once = true;
    const between: typeof fetch = async (address, options) => {
      if (once && address.includes("/v1/pages?")) {
        once = false;
        const { devices } = await phone.tab.do("devices", {});
        await phone.tab.do("rename", { device: devices[0]?.id ?? "", label: "Renamed" });
        await write(phone.tab, "Under the newer keyring");
        await phone.tab.do("sync", {});
      }
      return fetch(address, options);
    };
    Object.assign(strict, { fetch: between });
    await third.tab.do("sync", {});
    expect((await third.tab.do("overview", {})).sync.halted).toBeNull();
    expect((await third.tab.do("overview", {})).chats).toHaveLength(1);
  });

  test("what takes away asks for a proof that is fresh", async () => {
    const { profile, tab } = await begun();
    await linked(tab, "phone");
    profile.jump(600_000);
    const { devices } = await tab.do("devices", {});
    const device = devices.find(({ here }) => !here)?.id ?? "";
    await expect(tab.do("revoke", { device })).rejects.toMatchObject({ reason: "access.stale" });
  });

});

describe("what opens the account", () => {
  test("a second passkey opens, and is taken away again; the recovery code is never", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "Kept");
    const second = new Passkey("second");
    await use(tab, "prove");
    await add(tab, second);
    await tab.do("sync", {});
    const other = new Profile("desk", profile.service, second);
    const desk = await other.open();
    await use(desk, "enter");
    expect(await shown(desk, chat)).toEqual(["Kept"]);
    const { openers } = await tab.do("devices", {});
    const idOf = (kind: string, label: string): string => {
      return openers.find((one) => one.kind === kind && one.label === label)?.id ?? "";
    };
    await use(tab, "prove");
    const code = idOf("code", "Recovery code");
    await expect(tab.do("removeOpener", { opener: code })).rejects.toMatchObject({ reason: "opener.needed" });
    await tab.do("removeOpener", { opener: idOf("passkey", "Second") });
    expect((await tab.do("devices", {})).openers.map(({ label }) => label).sort()).toEqual(["Key", "Recovery code"]);
    await write(tab, "Still written");
    await tab.do("sync", {});
  });

  test("another passkey of the account unlocks a browser that was opened with the first", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "Kept");
    const second = new Passkey("second");
    await use(tab, "prove");
    await add(tab, second);
    const handle = (await profile.browser.known()).account;
    tab.close();
    const again = await profile.open();
    const asked = await again.do("proof", {});
    expect(await again.do("proved", {
      ...await second.assertion(asked.challenge, handle), material: await second.answer(), purpose: "unlock", words: null,
      label: "", keepUnlocked: false,
    })).toEqual({ state: "open" });
    expect(await shown(again, chat)).toEqual(["Kept"]);
  });

  test("a new recovery code replaces the old one", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "Kept");
    await use(tab, "prove");
    const code = await tab.do("ceremony", {});
    const groups = code.split("-");
    expect(await tab.do("typed", { third: groups[2] ?? "", seventh: groups[6] ?? "" })).toEqual({ state: "open" });
    await write(tab, "And written");
    await tab.do("sync", {});
    const phone = await new Profile("phone", profile.service).open();
    expect(await phone.do("code", { typed: code, label: "Phone" })).toEqual({ state: "open" });
    expect(await shown(phone, chat)).toEqual(["Kept"]);
  });
});
