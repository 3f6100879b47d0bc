/** Memory: nothing is sent unasked, what is sent is what is shown, and every device comes to the same. */

import { describe, expect, test } from "vitest";

import { NEW_CHAT } from "../../src/bridge/marks.ts";
import type { MemoryRow, SettingsView } from "../../src/bridge/views.ts";
import { snapshot } from "../../src/vault/sharing.ts";
import { Profile, type Tab } from "./profile.ts";
import { account, another, answer, begun, end, shown, write } from "./steps.ts";

const [TEA, BEES] = ["I drink green tea.", "My bees live in Aarhus."];
const PLAIN: SettingsView = {
  theme: "system", language: null, model: null, instructions: "", lock: null, titles: false, atOnce: false, memory: false,
};

function remember(tab: Tab, text: string, part: Partial<MemoryRow> = {}): Promise<null> {
  tab.profile.browser.world.time += 1000;
  return tab.do("saveMemory", { memory: part.id ?? null, text, source: part.source ?? null, active: part.active ?? true });
}

/** What the texts of memories are, the oldest first. */
async function remembered(tab: Tab): Promise<readonly string[]> {
  const rows = (await tab.do("memories", {})).filter(({ text }) => text !== "");
  return rows.toSorted((one, other) => one.time - other.time).map(({ text }) => text);
}

async function turn(tab: Tab, memory: boolean): Promise<void> {
  await tab.do("saveSettings", { ...PLAIN, memory });
}

/** The system part that goes with a question; "" when there is none. */
async function told(tab: Tab, chat: string, message: string): Promise<string> {
  const { given } = await tab.do("answer", { chat, message });
  return given.filter(({ role }) => role === "system").map(({ content }) => content).join("\n");
}

describe("what is sent", () => {
  test("is nothing unless the person turned memory on, and nothing again once it is off", async () => {
    const { tab } = await begun();
    await remember(tab, TEA);
    const { chat, message } = await write(tab, "What do I drink?");
    expect(await told(tab, chat, message)).toBe("");
    await turn(tab, true);
    expect(await told(tab, chat, message)).toContain(JSON.stringify(TEA));
    await turn(tab, false);
    expect(await told(tab, chat, message)).toBe("");
  });

  test("stands with the answer word for word, in no other text, and goes with no later question", async () => {
    const { tab } = await begun();
    await turn(tab, true);
    await remember(tab, `${TEA}\n</memories> "quoted"`);
    await remember(tab, BEES, { active: false });
    await tab.do("saveSettings", { ...PLAIN, memory: true, instructions: "Be brief." });
    const { chat, message } = await write(tab, "What do I drink?");
    const { answer: id, given } = await tab.do("answer", { chat, message });
    const sent = `${TEA}\n‹/memories> "quoted"`;
    expect(given.map(({ role }) => role)).toEqual(["system", "user"]);
    expect(given[0]?.content).toMatch(/^Be brief\.\n\n<memories>\n[^<]*<\/memories>$/);
    expect(given[0]?.content).toContain(JSON.stringify(sent));
    expect(given[0]?.content).not.toContain(BEES);
    await tab.do("draft", { chat, answer: id, text: "Gr", reasoning: "" });
    await end(tab, chat, id, { text: "Green tea." });
    expect((await tab.do("open", { chat })).messages.map(({ memories }) => memories)).toEqual([undefined, [sent]]);
    expect(await shown(tab, chat)).toEqual(["What do I drink?", "Green tea."]);
    expect((await tab.do("search", { words: "quoted", folder: null, since: null, until: null })).found).toEqual([]);
    expect(JSON.stringify(snapshot(await tab.vault.desk.open.book.open(chat)))).not.toContain("quoted");
    await turn(tab, false);
    const next = await write(tab, "Thanks", { chat, parent: id });
    const later = await tab.do("answer", { chat, message: next.message });
    expect(later.given).toEqual(["What do I drink?", "Green tea.", "Thanks"].map((content, at) => {
      return { role: at === 1 ? "assistant" : "user", content, images: [] };
    }));
  });

  test("a chat can be left out, before its first message too, and none of it is asked when no annex can be had", async () => {
    const { tab } = await begun();
    await turn(tab, true);
    await remember(tab, TEA);
    await remember(tab, "", { source: NEW_CHAT, active: false });
    const out = await write(tab, "Tea?");
    expect(await told(tab, out.chat, out.message)).toBe("");
    const next = await write(tab, "Tea?");
    expect(await told(tab, next.chat, next.message)).toContain(TEA);
    const [mark] = (await tab.do("memories", {})).filter(({ source }) => source === out.chat);
    await remember(tab, "", { ...mark, active: true });
    expect(await told(tab, out.chat, out.message)).toContain(TEA);
    tab.vault.desk.edges.annexes.open = () => Promise.reject(Object.assign(new Error("none"), { reason: "page.annex" }));
    await expect(tab.do("answer", { chat: next.chat, message: next.message })).rejects.toMatchObject({ reason: "page.annex" });
    await tab.do("deleteChats", { chats: [out.chat] });
    expect((await tab.do("memories", {})).map(({ text }) => text)).toEqual([TEA]);
  });

  test("a temporary chat is given nothing until its person wants it, and leaves no trace of that", async () => {
    const { profile, tab } = await begun();
    await turn(tab, true);
    await remember(tab, TEA);
    const before = await profile.disk();
    const { chat, message } = await write(tab, "Tea?", { temporary: true });
    expect(await told(tab, chat, message)).toBe("");
    await remember(tab, "", { source: chat, active: true });
    expect(await told(tab, chat, message)).toContain(TEA);
    expect(await profile.disk()).toEqual(before);
    const [mark] = (await tab.do("memories", {})).filter(({ source }) => source === chat);
    await remember(tab, "", { ...mark, active: false });
    await tab.do("keep", { chat });
    expect(await told(tab, chat, message)).toBe("");
    tab.close();
    const again = await profile.open();
    expect((await again.do("overview", {})).settings.memory).toBe(false);
  });
});

describe("what is kept", () => {
  test("a guest's memories, and the chats they left out, come into the account", async () => {
    const tab = await new Profile("laptop").open();
    await turn(tab, true);
    await remember(tab, TEA);
    const { chat, message } = await write(tab, "Tea?");
    expect(await told(tab, chat, message)).toBe("");
    await remember(tab, "", { source: chat, active: false });
    await account(tab);
    await tab.do("keep", { chat });
    expect(await remembered(tab)).toEqual([TEA]);
    expect(await told(tab, chat, message)).toBe("");
    const next = await write(tab, "Tea?");
    expect(await told(tab, next.chat, next.message)).toContain(TEA);
  });

  test("devices that write, change and delete at the same time come to the same", async () => {
    const here = (await begun());
    const there = await another(here.profile, "phone");
    const agree = async (): Promise<void> => {
      for (const one of [here.tab, there.tab, here.tab]) await one.do("sync", {});
    };
    await turn(here.tab, true);
    await remember(here.tab, TEA);
    await remember(here.tab, BEES);
    const { chat, message } = await write(here.tab, "Tea?");
    await agree();
    const [tea, bees] = (await there.tab.do("memories", {})).toSorted((one, other) => one.time - other.time);
    if (tea === undefined || bees === undefined) throw new Error("they did not arrive");
    there.profile.browser.world.time = here.profile.browser.world.time;
    await remember(there.tab, "I drink black tea.", tea);
    await there.tab.do("removeItem", { item: bees.id });
    await remember(here.tab, "My bees moved.", bees);
    await remember(here.tab, "", { source: chat, active: false });
    await remember(there.tab, "", { source: chat, active: true });
    await agree();
    for (const { tab } of [here, there]) {
      expect(await remembered(tab)).toEqual(["I drink black tea."]);
      expect(await told(tab, chat, message)).toBe("");
      expect((await tab.do("overview", {})).settings.memory).toBe(true);
    }
    expect(await here.tab.do("memories", {})).toEqual(await there.tab.do("memories", {}));
  });

  test("an export brings memories and what an answer was given back, and none is sent there unasked", async () => {
    const { tab } = await begun();
    await turn(tab, true);
    await remember(tab, TEA);
    const { chat, message } = await write(tab, "Tea?");
    await answer(tab, chat, message, "Green.");
    const { data } = await tab.do("exportAll", { chats: [], encrypted: false });
    const other = (await begun("phone")).tab;
    await other.do("preview", { data, words: null });
    await other.do("adopt", {});
    expect(await remembered(other)).toEqual([TEA]);
    const [row] = (await other.do("overview", {})).chats;
    const { messages } = await other.do("open", { chat: row?.id ?? "" });
    expect(messages.map(({ text, memories }) => [text, memories])).toEqual([["Tea?", undefined], ["Green.", [TEA]]]);
    const next = await write(other, "Tea?");
    expect(await told(other, next.chat, next.message)).toBe("");
  });

  test("a text that is too long is refused, and nothing is changed", async () => {
    const { tab } = await begun();
    await expect(remember(tab, "x".repeat(8193))).rejects.toMatchObject({ reason: "object.too_large" });
    expect(await remembered(tab)).toEqual([]);
  });
});
