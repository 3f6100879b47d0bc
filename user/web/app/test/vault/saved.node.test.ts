/** What a person does with chats that are saved, and that another device sees it. */

import { equal } from "@privity/protocol/bytes";
import { describe, expect, test } from "vitest";

import { flat } from "./flat.ts";
import { settled } from "./profile.ts";
import { another, answer, begun, shown, use, write } from "./steps.ts";

const RECORD = new TextEncoder().encode(JSON.stringify({ outcome: "accepted" }));

interface Two {
  readonly here: Awaited<ReturnType<typeof begun>>;
  readonly there: Awaited<ReturnType<typeof another>>;
}

async function both(): Promise<Two> {
  const here = await begun();
  return { here, there: await another(here.profile, "phone") };
}

describe("saved chats", () => {
  test("title, pin, folder, model, instructions and archive are the same on another device", async () => {
    const { here, there } = await both();
    const { tab } = here;
    const { chat } = await write(tab, "**Tides** in Dover?");
    const folder = await tab.do("addFolder", { title: "Sea" });
    await tab.do("setTitle", { chat, title: "  Tides " });
    await tab.do("setPinned", { chat, pinned: true });
    await tab.do("setFolder", { chat, folder });
    await tab.do("setModel", { chat, model: "small", effort: "high" });
    await tab.do("setInstructions", { chat, text: "In metres." });
    await tab.do("setArchived", { chat, archived: true });
    await tab.do("savePrompt", { prompt: null, title: "Ask", text: "Why {what}?", shortcut: "why" });
    await tab.do("saveSettings", {
      theme: "dark", language: "de", model: "small", instructions: "Kurz.", lock: 300, titles: true, atOnce: true, memory: true,
    });
    for (const one of [tab, there.tab]) await one.do("sync", {});
    const [mine, theirs] = [await tab.do("overview", {}), await there.tab.do("overview", {})];
    expect(theirs.chats).toEqual(mine.chats);
    expect(mine.chats).toMatchObject([{ title: "Tides", pinned: true, archived: true, folder, temporary: false }]);
    expect(theirs.folders).toEqual(mine.folders);
    expect(theirs.prompts).toEqual(mine.prompts);
    expect(theirs.settings).toEqual(mine.settings);
    expect(await there.tab.do("open", { chat })).toEqual(await tab.do("open", { chat }));
    await there.tab.do("removeItem", { item: folder });
    expect((await there.tab.do("open", { chat })).folder).toBeNull();
  });

  test("evidence of an answer is kept once for an enclave, and shown on another device", async () => {
    const { here, there } = await both();
    const { chat, message } = await write(here.tab, "One");
    const kept = {
      proof: "verified", document: new Uint8Array(32).fill(7), bundle: new Uint8Array(300_000).fill(1), appraisal: RECORD,
      receipt: new Uint8Array(10).fill(2),
    };
    const first = await answer(here.tab, chat, message, "Two", kept);
    const next = await write(here.tab, "Three", { chat, parent: first });
    await answer(here.tab, chat, next.message, "Four", kept);
    for (const one of [here.tab, there.tab]) await one.do("sync", {});
    const [row] = here.profile.service.accounts.values();
    expect([...row?.bodies.values() ?? []].filter((one) => one.length > 300_000)).toHaveLength(1);
    const view = await there.tab.do("open", { chat });
    expect(view.messages.map(({ proof }) => proof)).toEqual(["none", "verified", "none", "verified"]);
    const found = await there.tab.do("evidence", { evidence: view.messages[3]?.evidence ?? "" });
    expect(equal(found.bundle, kept.bundle)).toBe(true);
    expect(found).toMatchObject({ appraisal: RECORD, receipt: kept.receipt });
  });

});

describe("files and deletion", () => {
  test("files are saved with their message, and given to the model on another device", async () => {
    const { here, there } = await both();
    const data = new Uint8Array(300_000).map((_, at) => at % 251);
    const text = "häß ".repeat(60_000);
    const file = await here.tab.do("attach", { fileName: "report.pdf", type: "application/pdf", data, text });
    const { chat, message } = await write(here.tab, "Read this", { attachments: [file] });
    const edited = await write(here.tab, "Read this again", { chat, parent: null, attachments: [file] });
    for (const one of [here.tab, there.tab]) await one.do("sync", {});
    const found = (await there.tab.do("open", { chat })).messages[0];
    expect(found?.attachments).toEqual([
      { id: file, name: "report.pdf", type: "application/pdf", size: 300_000, characters: 240_000 },
    ]);
    const whole = await there.tab.do("attachment", { attachment: file });
    expect(whole).toMatchObject({ fileName: "report.pdf", type: "application/pdf" });
    expect(equal(whole.data, data)).toBe(true);
    const { given } = await there.tab.do("answer", { chat, message: edited.message });
    expect(given[0]?.content === `<file name="report.pdf">\n${text}\n</file>\n\nRead this again`).toBe(true);
    expect((await there.tab.do("answer", { chat, message })).given[0]?.content.includes(text)).toBe(true);
  });

  test("deleted chats are gone on another device, and their keys with them", async () => {
    const { here, there } = await both();
    const [one, other] = [await write(here.tab, "One"), await write(here.tab, "Other")];
    for (const tab of [here.tab, there.tab]) await tab.do("sync", {});
    await there.tab.do("deleteChats", { chats: [one.chat] });
    for (const tab of [there.tab, here.tab]) await tab.do("sync", {});
    await expect(here.tab.do("open", { chat: one.chat })).rejects.toMatchObject({ reason: "chat.unknown" });
    expect(await shown(here.tab, other.chat)).toEqual(["Other"]);
    expect(there.tab.news.findLast((one) => one.kind === "erased")?.receipt.what).toBe("chats");
    await write(here.tab, "Temporary", { temporary: true });
    await here.tab.do("deleteAll", {});
    for (const tab of [here.tab, there.tab]) await tab.do("sync", {});
    expect((await here.tab.do("overview", {})).chats).toEqual([]);
    expect((await there.tab.do("overview", {})).chats).toEqual([]);
  });

});

describe("what is saved, and how much of it", () => {
  test("a temporary chat leaves no trace until it is kept, with all that belongs to it", async () => {
    const { here: { profile, tab } } = await both();
    await settled();
    const before = flat(await profile.disk());
    const file = await tab.do("attach", { fileName: "a.txt", type: "text/plain", data: Uint8Array.of(104), text: "h" });
    const { chat, message } = await write(tab, "Hidden", { temporary: true, attachments: [file] });
    await tab.do("compose", { chat, text: "unsent" });
    await answer(tab, chat, message, "Yes", {
      proof: "verified", document: new Uint8Array(32), bundle: Uint8Array.of(1), appraisal: RECORD, receipt: null,
    });
    expect(flat(await profile.disk()) === before).toBe(true);
    const seen = await tab.do("open", { chat });
    expect(await tab.do("keep", { chat })).toBe(chat);
    tab.close();
    const again = await profile.open();
    await use(again, "unlock");
    const kept = await again.do("open", { chat });
    expect(kept.row).toEqual({ ...seen.row, temporary: false });
    // What is kept of an answer has another id now.
    const without = (one: object): object => ({ ...one, evidence: null });
    expect(kept.messages.map(without)).toEqual(seen.messages.map(without));
    expect(await again.do("composed", { chat })).toBe("unsent");
  });

  test("a free plan has room for so many active chats; an archived one goes on when there is room", async () => {
    const { here: { profile, tab } } = await both();
    profile.service.activeLimit = 2;
    const chats = [await write(tab, "One"), await write(tab, "Two")];
    await tab.do("sync", {});
    expect((await tab.do("overview", {})).quota).toMatchObject({ active: 2, activeLimit: 2 });
    await expect(write(tab, "Three")).rejects.toMatchObject({ reason: "plan.active_chats" });
    await tab.do("setArchived", { chat: chats[0]?.chat ?? "", archived: true });
    await write(tab, "Three");
    await expect(write(tab, "More", { chat: chats[0]?.chat ?? null, parent: chats[0]?.message ?? null }))
      .rejects.toMatchObject({ reason: "plan.active_chats" });
    await tab.do("deleteChats", { chats: [chats[1]?.chat ?? ""] });
    await write(tab, "More", { chat: chats[0]?.chat ?? null, parent: chats[0]?.message ?? null });
    expect((await tab.do("open", { chat: chats[0]?.chat ?? "" })).row.archived).toBe(false);
  });
});
