/** When this browser agrees with the service, which tab does it, and what becomes of it offline. */

import { describe, expect, test } from "vitest";

import { LONGEST } from "@privity/history/pace";

import type { AccountState } from "../../src/bridge/views.ts";
import { settled } from "./profile.ts";
import type { Service } from "./service.ts";
import { another, answer, begun, end, shown, use, write } from "./steps.ts";
import type { Tab } from "./profile.ts";

async function sync(tab: Tab): Promise<Awaited<ReturnType<typeof overview>>["sync"]> {
  return (await overview(tab)).sync;
}

function overview(tab: Tab): ReturnType<Tab["vault"]["handlers"]["overview"]> {
  return tab.do("overview", {});
}

function posts({ profile }: Tab): number {
  return profile.service.seen.filter(({ method, path }) => method === "POST" && path === "/v1/pages").length;
}

/** Who the tab says that this browser is, unasked. */
function stateOf({ news }: Tab): AccountState | null {
  return news.findLast((one) => one.kind === "state")?.state ?? null;
}

describe("what was written leaves", () => {
  test("on a clock of its own, never with the question", async () => {
    const { profile, tab } = await begun();
    await settled();
    await profile.pass(LONGEST);
    const before = posts(tab);
    const { chat, message } = await write(tab, "Private");
    await answer(tab, chat, message, "Yes");
    await settled();
    expect(posts(tab)).toBe(before);
    expect((await sync(tab)).unsent).toBeGreaterThan(0);
    await profile.pass(LONGEST);
    expect(posts(tab)).toBe(before + 1);
    expect(await sync(tab)).toMatchObject({ unsent: 0, offline: false, halted: null });
  });

  test("at once when the person chose that", async () => {
    const { profile, tab } = await begun();
    await profile.pass(LONGEST);
    await tab.do("saveSettings", {
      theme: "system", language: null, model: null, instructions: "", lock: null, titles: false, atOnce: true, memory: false,
    });
    await write(tab, "Now");
    await settled();
    await settled();
    expect((await sync(tab)).unsent).toBe(0);
  });

  test("when the network is back; until then all is here and can be read", async () => {
    const { profile, tab } = await begun();
    await profile.pass(LONGEST);
    profile.service.down = true;
    const { chat } = await write(tab, "On a train");
    await profile.pass(LONGEST);
    expect(await sync(tab)).toMatchObject({ offline: true, halted: null });
    expect((await sync(tab)).unsent).toBeGreaterThan(0);
    expect(await shown(tab, chat)).toEqual(["On a train"]);
    await expect(tab.do("sync", {})).rejects.toMatchObject({ reason: "service.unreachable" });
    profile.service.down = false;
    tab.vault.online();
    await settled();
    expect((await sync(tab)).offline).toBe(false);
    await profile.pass(LONGEST);
    expect((await sync(tab)).unsent).toBe(0);
  });

  test("a server that takes its time delays no writing", async () => {
    const { profile, tab } = await begun();
    let go = (): void => undefined;
    profile.service.slow = new Promise<void>((resolve) => { go = resolve; });
    const syncing = tab.do("sync", {});
    await settled();
    const { chat } = await write(tab, "Meanwhile");
    expect(await shown(tab, chat)).toEqual(["Meanwhile"]);
    go();
    await syncing;
    expect((await sync(tab)).unsent).toBe(0);
  });
});

describe("a service that contradicts what this browser has seen", () => {
  test("stops writing, not reading; a person mends it, and nothing is gone", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Before");
    await tab.do("sync", {});
    await answer(tab, chat, message, "An answer");
    await tab.do("sync", {});
    const [row] = profile.service.accounts.values();
    row?.log.pop();
    await expect(tab.do("sync", {})).rejects.toMatchObject({ reason: "log.rolled_back" });
    expect((await sync(tab)).halted).toBe("log.rolled_back");
    expect(await shown(tab, chat)).toEqual(["Before", "An answer"]);
    await tab.do("compose", { chat, text: "Typed meanwhile" });
    await expect(write(tab, "Typed meanwhile", { chat, parent: message })).rejects.toMatchObject({ reason: "log.rolled_back" });
    expect(await tab.do("composed", { chat })).toBe("Typed meanwhile");
    await tab.do("repair", {});
    expect(await sync(tab)).toMatchObject({ halted: null, unsent: 0 });
    await write(tab, "Typed meanwhile", { chat, parent: message });
    await tab.do("sync", {});
    const phone = await another(profile, "phone");
    expect(await shown(phone.tab, chat)).toEqual(["Before", "Typed meanwhile"]);
    expect((await phone.tab.do("open", { chat })).messages[1]?.siblings).toHaveLength(2);
  });

  test("an item that it lost is named, the rest is shown, and it can be hidden", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Kept");
    await answer(tab, chat, message, "Lost ".repeat(2000));
    await tab.do("sync", {});
    const [row] = profile.service.accounts.values();
    for (const [hash, body] of row?.bodies ?? []) if (body.length > 8000) row?.bodies.delete(hash);
    const phone = await another(profile, "phone");
    const view = await phone.tab.do("open", { chat });
    expect(view.messages.map(({ text }) => text)).toEqual(["Kept"]);
    expect(view.row.faults).toMatchObject([{ reason: "object.missing" }]);
    await phone.tab.do("hide", { chat, object: view.row.faults[0]?.id ?? "" });
    expect((await phone.tab.do("open", { chat })).row.faults).toEqual([]);
  });

  test("an item that it lost comes back from a device that has it", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Kept");
    await answer(tab, chat, message, "Lost ".repeat(2000));
    await tab.do("sync", {});
    const [row] = profile.service.accounts.values();
    for (const [hash, body] of row?.bodies ?? []) if (body.length > 8000) row?.bodies.delete(hash);
    const phone = await another(profile, "phone");
    expect(await shown(phone.tab, chat)).toEqual(["Kept"]);
    for (const one of [phone.tab, tab, phone.tab]) await one.do("sync", {});
    expect(await shown(phone.tab, chat)).toHaveLength(2);
    expect((await phone.tab.do("open", { chat })).row.faults).toEqual([]);
  });
});

/** The first page is posted, and its answer comes when `go` is called, or never. */
function held(service: Service, lost: boolean): { readonly posted: () => boolean; readonly go: () => void } {
  const { strict } = service;
  const { fetch } = strict;
  let [posted, go] = [false, (): void => undefined];
  const gate = new Promise<void>((resolve) => { go = resolve; });
  const slowly: typeof fetch = async (address, options) => {
    const first = options.method === "POST" && address.endsWith("/v1/pages") && !posted;
    posted ||= first;
    const answer = await fetch(address, options);
    if (first) await gate;
    if (first && lost) throw new TypeError("Failed to fetch");
    return answer;
  };
  Object.assign(strict, { fetch: slowly });
  return { posted: () => posted, go: () => go() };
}

test.each([false, true])("what is deleted while it is on its way stays deleted (its answer lost: %s)", async (lost) => {
  const { profile, tab } = await begun();
  await settled();
  await tab.do("sync", {});
  const { chat } = await write(tab, "Doomed");
  const { posted, go } = held(profile.service, lost);
  const syncing = tab.do("sync", {}).catch(() => null);
  while (!posted()) await settled();
  await tab.do("deleteChats", { chats: [chat] });
  await expect(tab.do("open", { chat })).rejects.toMatchObject({ reason: "chat.unknown" });
  go();
  await syncing;
  await tab.do("sync", {});
  expect(await overview(tab)).toMatchObject({ chats: [], sync: { unsent: 0 } });
  const phone = await another(profile, "phone");
  expect((await overview(phone.tab)).chats).toEqual([]);
});

describe("what another device wrote", () => {
  test("is here as soon as the service says that the log has grown, and nothing is sent for it", async () => {
    const { profile, tab } = await begun();
    const phone = await another(profile, "phone");
    await settled();
    const { chat } = await write(tab, "Waits here");
    const before = posts(tab);
    const theirs = await write(phone.tab, "From the phone");
    await phone.tab.do("sync", {});
    const own = posts(tab) - before;
    profile.service.grown(99);
    await settled();
    await settled();
    expect(await shown(tab, theirs.chat)).toEqual(["From the phone"]);
    expect(posts(tab) - before).toBe(own);
    expect((await sync(tab)).unsent).toBeGreaterThan(0);
    expect(tab.news.some((one) => one.kind === "changed")).toBe(true);
    expect(await shown(tab, chat)).toEqual(["Waits here"]);
  });

  test("a title that both gave: one counts, the other is offered, and can be taken", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "One");
    await tab.do("sync", {});
    const phone = await another(profile, "phone");
    phone.profile.browser.world.time = profile.browser.world.time + 5000;
    await phone.tab.do("setTitle", { chat, title: "Later" });
    await tab.do("setTitle", { chat, title: "Earlier" });
    for (const one of [phone.tab, tab]) await one.do("sync", {});
    const { offers, chats } = await overview(tab);
    expect(chats[0]?.title).toBe("Later");
    expect(offers).toMatchObject([{ chat, field: "title", text: "Earlier" }]);
    await tab.do("answerOffer", { key: offers[0]?.key ?? "", take: true });
    const after = await overview(tab);
    expect(after.chats[0]?.title).toBe("Earlier");
    expect(after.offers).toEqual([]);
  });
});

describe("tabs of one browser", () => {
  test("a new one is opened by the one that is unlocked; what one writes the other shows", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "In the first tab");
    const second = await profile.open();
    expect(await shown(second, chat)).toEqual(["In the first tab"]);
    await write(second, "In the second", { chat, parent: message });
    await settled();
    expect(await shown(tab, chat)).toEqual(["In the first tab", "In the second"]);
    expect(tab.news.filter((one) => one.kind === "changed").length).toBeGreaterThan(0);
  });

  test("one of them synchronises; when it is closed, another one does", async () => {
    const { profile, tab } = await begun();
    const second = await profile.open();
    expect([...profile.held()]).toContain("privity-writer");
    await write(second, "By the second");
    await settled();
    await profile.pass(LONGEST);
    expect((await sync(second)).unsent).toBe(0);
    tab.close();
    await settled();
    await write(second, "Alone");
    await profile.pass(LONGEST);
    expect((await sync(second)).unsent).toBe(0);
  });

  test("an answer that one is writing is not cut off by another; after a crash it is", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Long");
    const { answer: id } = await tab.do("answer", { chat, message });
    await tab.do("draft", { chat, answer: id, text: "As far as", reasoning: "" });
    const second = await profile.open();
    expect((await second.do("open", { chat })).messages[1]).toMatchObject({ text: "As far as", state: "streaming" });
    await end(tab, chat, id, { text: "As far as it goes." });
    await settled();
    expect((await second.do("open", { chat })).messages[1]).toMatchObject({ text: "As far as it goes.", state: "complete" });
    profile.jump(1000);
    const next = await tab.do("answer", { chat, message });
    await tab.do("draft", { chat, answer: next.answer, text: "Half", reasoning: "Hm" });
    tab.close();
    const third = await profile.open();
    expect((await third.do("open", { chat })).messages[1]).toMatchObject({ id: next.answer, text: "Half", state: "cut" });
  });

  test("lock together, and forget together", async () => {
    const { profile, tab } = await begun();
    const second = await profile.open();
    const { chat } = await write(tab, "Kept");
    await tab.do("lock", {});
    await settled();
    expect(stateOf(second)).toEqual({ state: "locked", opens: ["passkey", "code"] });
    await expect(second.do("open", { chat })).rejects.toMatchObject({ reason: "chat.unknown" });
    for (const one of [tab, second]) one.close();
    const [third, fourth] = [await profile.open(), await profile.open()];
    await use(third, "unlock");
    await third.do("forget", {});
    await settled();
    expect(stateOf(fourth)).toEqual({ state: "guest" });
    expect(await profile.disk()).toEqual([[], []]);
  });
});
