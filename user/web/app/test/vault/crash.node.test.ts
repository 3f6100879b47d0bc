/** The worker dies at any writing of the disk, or the disk refuses it: nothing that a person wrote is lost, or there twice. */

import { describe, expect, test } from "vitest";

import { StoreFailed } from "../../../packages/history/test/memory_store.ts";
import { Profile, type Tab } from "./profile.ts";
import { account, end, use, write } from "./steps.ts";

/** What the person was told is kept. */
interface Told {
  /** In the composer, or in a chat. */
  readonly typed: Set<string>;
  /** In a chat. */
  readonly sent: Set<string>;
  /** An answer, at least as far as this. */
  readonly said: Set<string>;
}

async function live(tab: Tab, told: Told): Promise<void> {
  const type = async (chat: string | null, text: string): Promise<void> => {
    await tab.do("compose", { chat, text });
    told.typed.add(text);
  };
  await type(null, "First question");
  const file = await tab.do("attach", { fileName: "a.txt", type: "text/plain", data: Uint8Array.of(1), text: "file" });
  const { chat, message } = await write(tab, "First question", { attachments: [file] });
  told.sent.add("First question");
  const { answer } = await tab.do("answer", { chat, message });
  await tab.do("draft", { chat, answer, text: "An answer", reasoning: "" });
  told.said.add("An answer");
  await end(tab, chat, answer, {
    text: "An answer that ended", proof: "test", document: new Uint8Array(32), bundle: Uint8Array.of(1),
    appraisal: new TextEncoder().encode('{"outcome":"accepted"}'), receipt: Uint8Array.of(2),
  });
  told.said.add("An answer that ended");
  await type(chat, "Second question");
  await write(tab, "Second question", { chat, parent: answer });
  told.sent.add("Second question");
  await tab.do("setTitle", { chat, title: "My own title" });
  told.sent.add("My own title");
  await tab.do("sync", {});
  await type(null, "Third question");
  await write(tab, "Third question");
  told.sent.add("Third question");
}

/** All texts of all chats, on every branch, titles too; and what stands in composers. */
async function found(tab: Tab): Promise<{ readonly texts: readonly string[]; readonly composed: readonly string[] }> {
  const texts: string[] = [];
  const composed = [await tab.do("composed", { chat: null })];
  for (const { id, title } of (await tab.do("overview", {})).chats) {
    const { messages } = await tab.do("open", { chat: id });
    texts.push(...messages.map(({ text }) => text));
    if (!texts.includes(title)) texts.push(title);
    composed.push(await tab.do("composed", { chat: id }));
  }
  return { texts, composed };
}

async function checked(tab: Tab, { typed, sent, said }: Told): Promise<void> {
  const { texts, composed } = await found(tab);
  for (const text of sent) expect(texts).toContain(text);
  for (const text of typed) expect([...texts, ...composed]).toContain(text);
  for (const text of said) expect(texts.some((one) => one.startsWith(text))).toBe(true);
  const messages = texts.filter((one) => one.includes("question") || one.startsWith("An answer"));
  expect(new Set(messages).size).toBe(messages.length);
}

/** Runs until the scenario ends without meeting the failure; returns how many writings it has. */
async function everywhere(as: "lost" | "kept", then: (profile: Profile, tab: Tab, told: Told) => Promise<void>): Promise<number> {
  for (let at = 1; ; at += 1) {
    const profile = new Profile("laptop");
    const tab = await profile.open();
    await account(tab);
    const told: Told = { typed: new Set(), sent: new Set(), said: new Set() };
    const before = profile.writes;
    profile.fails = { at: before + at, as };
    try {
      await live(tab, told);
    } catch (error) {
      if (!(error instanceof StoreFailed)) throw error;
    }
    const met = profile.writes >= before + at;
    await then(profile, tab, told);
    if (!met) return at;
  }
}

describe.each(["lost", "kept"] as const)("a writing that is %s", (as) => {
  test("as the worker dies: another tab finds all that was acknowledged", async () => {
    const writings = await everywhere(as, async (profile, tab, told) => {
      tab.close();
      profile.fails = null;
      const again = await profile.open();
      await use(again, "unlock");
      await checked(again, told);
      await again.do("sync", {});
      await checked(again, told);
    });
    expect(writings).toBeGreaterThan(15);
  });

  test("as the disk was full for a moment: the same tab goes on", async () => {
    await everywhere(as, async (profile, tab, told) => {
      profile.fails = null;
      await checked(tab, told);
      const { chat } = await write(tab, "Fourth question");
      told.sent.add("Fourth question");
      await tab.do("setPinned", { chat, pinned: true });
      await tab.do("sync", {});
      await checked(tab, told);
      expect(await tab.vault.desk.open.mirror.waiting()).toEqual([]);
      expect((await tab.do("overview", {})).sync.halted).toBeNull();
    });
  });
});
