/** From guest to an account and back; two browsers of one person; what lies on the disk. */

import { describe, expect, test } from "vitest";

import { Profile } from "./profile.ts";
import { account, another, answer, begun, everything, shown, unproven, use, write } from "./steps.ts";

describe("an account that is made", () => {
  test("saves nothing before its code was typed, then everything", async () => {
    const profile = new Profile("laptop");
    const tab = await profile.open();
    const early = await write(tab, "Before");
    const code = await unproven(tab);
    const between = await write(tab, "Between");
    expect((await tab.do("open", { chat: between.chat })).row.temporary).toBe(true);
    await expect(tab.do("typed", { third: "AAAA", seventh: "BBBB" })).rejects.toMatchObject({ reason: "ceremony.differs" });
    const groups = code.split("-");
    expect(await tab.do("typed", { third: groups[2] ?? "", seventh: groups[6] ?? "" })).toEqual({ state: "open" });
    const later = await write(tab, "After");
    expect((await tab.do("open", { chat: later.chat })).row.temporary).toBe(false);
    expect((await tab.do("open", { chat: early.chat })).row.temporary).toBe(true);
  });

  test("that is left before its code was typed leaves a guest, and nothing at the service", async () => {
    const profile = new Profile("laptop");
    const tab = await profile.open();
    const { chat } = await write(tab, "Before");
    await unproven(tab);
    expect(await tab.do("abandon", {})).toEqual({ state: "guest" });
    expect(profile.service.accounts.size).toBe(0);
    expect(await shown(tab, chat)).toEqual(["Before"]);
  });

});

describe("an account in a browser", () => {
  test("is locked, and after a restart unlocked by its passkey", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Kept");
    await answer(tab, chat, message, "Yes");
    await tab.do("lock", {});
    await expect(tab.do("open", { chat })).rejects.toMatchObject({ reason: "chat.unknown" });
    tab.close();
    const next = await profile.open();
    expect(await next.do("open", { chat }).catch((error: unknown) => error)).toMatchObject({ reason: "chat.unknown" });
    expect(await use(next, "unlock")).toEqual({ state: "open" });
    expect(await shown(next, chat)).toEqual(["Kept", "Yes"]);
  });

  test("what was typed last is there after a lock, whatever its length", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "One");
    const long = "long 😀 ".repeat(60_000);
    const typed = [tab.do("compose", { chat, text: "a" }), tab.do("compose", { chat, text: "ab" })];
    void tab.do("compose", { chat: null, text: long });
    await tab.do("lock", {});
    await Promise.all(typed);
    expect(await tab.do("composed", { chat })).toBe("");
    tab.close();
    const next = await profile.open();
    await use(next, "unlock");
    expect(await next.do("composed", { chat })).toBe("ab");
    expect((await next.do("composed", { chat: null })) === long).toBe(true);
    await write(next, long, { chat: null });
    expect(await next.do("composed", { chat: null })).toBe("");
  });

  test("opens itself where the person chose that, unless they locked it", async () => {
    const { profile, tab } = await begun("laptop", true);
    const { chat } = await write(tab, "Kept");
    tab.close();
    const second = await profile.open();
    expect(await shown(second, chat)).toEqual(["Kept"]);
    await second.do("lock", {});
    second.close();
    const third = await profile.open();
    await expect(third.do("open", { chat })).rejects.toMatchObject({ reason: "chat.unknown" });
    expect(await third.do("unlock", {})).toEqual({ state: "open" });
    expect(await shown(third, chat)).toEqual(["Kept"]);
  });

  test("is the same on another browser", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "One");
    await answer(tab, chat, message, "Two");
    await tab.do("sync", {});
    const phone = await another(profile, "phone");
    expect(await everything(phone.tab)).toEqual(await everything(tab));
    const last = (await phone.tab.do("open", { chat })).messages.at(-1)?.id ?? "";
    await write(phone.tab, "Three", { chat, parent: last });
    await phone.tab.do("sync", {});
    await tab.do("sync", {});
    expect(await shown(tab, chat)).toEqual(["One", "Two", "Three"]);
  });

});

describe("an account and its code", () => {
  test("the recovery code enters a browser that knows nothing, and unlocks one that does", async () => {
    const profile = new Profile("laptop");
    const tab = await profile.open();
    const code = await account(tab);
    const { chat } = await write(tab, "Kept");
    await tab.do("sync", {});
    const phone = await new Profile("phone", profile.service).open();
    expect(await phone.do("code", { typed: code.toLowerCase(), label: "Phone" })).toEqual({ state: "open" });
    expect(await shown(phone, chat)).toEqual(["Kept"]);
    tab.close();
    const again = await profile.open();
    expect(await again.do("code", { typed: code, label: "" })).toEqual({ state: "open" });
    expect(await shown(again, chat)).toEqual(["Kept"]);
  });

  test("is erased, and the service's promise is told", async () => {
    const { profile, tab } = await begun();
    await write(tab, "Gone");
    await tab.do("sync", {});
    profile.jump(600_000);
    await expect(tab.do("deleteAccount", {})).rejects.toMatchObject({ reason: "access.stale" });
    await write(tab, "Still written");
    await use(tab, "prove");
    expect(await tab.do("deleteAccount", {})).toEqual({ state: "guest" });
    expect(profile.service.accounts.size).toBe(0);
    expect(tab.news.findLast((one) => one.kind === "erased")?.receipt).toMatchObject({ what: "account", backupDays: 30 });
    expect(await profile.disk()).toEqual([[], []]);
  });

  test("is left by a browser, which the others list as gone", async () => {
    const { profile, tab } = await begun();
    const phone = await another(profile, "phone");
    await write(phone.tab, "From the phone");
    await use(phone.tab, "prove");
    expect(await phone.tab.do("forget", {})).toEqual({ state: "guest" });
    await tab.do("sync", {});
    expect((await tab.do("devices", {})).devices.map(({ active }) => active).sort()).toEqual([false, true]);
    expect([...await everything(tab)]).toEqual([["From the phone", ["From the phone"]]]);
    await write(tab, "Later");
    await tab.do("sync", {});
  });

  test("is forgotten by this browser: nothing of it lies on the disk", async () => {
    const { profile, tab } = await begun();
    await write(tab, "Gone");
    expect(await tab.do("forget", {})).toEqual({ state: "guest" });
    expect(await profile.disk()).toEqual([[], []]);
    expect(await profile.browser.devices.all()).toEqual([]);
  });
});
