/** Search over everything that was written, on this device, without asking anybody. */

import { toHex } from "@privity/protocol/bytes";
import { describe, expect, test, vi } from "vitest";

import { Search } from "../../src/vault/search.ts";
import { wordsOf } from "../../src/vault/words.ts";
import { settled } from "./profile.ts";
import { another, answer, begun, use, write } from "./steps.ts";

const EVERYWHERE = { folder: null, since: null, until: null };
const MONTH = 31 * 86_400_000;

describe("search", () => {
  test("finds what was asked and answered, here and on another device, and asks nobody", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "How high is the TOWER of Pisa?");
    await answer(tab, chat, message, "About 56 metres.");
    const other = await write(tab, "Something else");
    await tab.do("setTitle", { chat: other.chat, title: "Tower crane" });
    await write(tab, "A tower in memory", { temporary: true });
    await tab.do("sync", {});
    const asked = profile.service.seen.length;
    const { found, more } = await tab.do("search", { words: "tower", ...EVERYWHERE });
    expect(found.map(({ title, message: one, context }) => [title, one === null, context])).toEqual([
      ["A tower in memory", true, "A tower in memory"],
      ["Tower crane", true, "Tower crane"],
      ["How high is the TOWER of Pisa?", true, "How high is the TOWER of Pisa?"],
      ["A tower in memory", false, "A tower in memory"],
      ["How high is the TOWER of Pisa?", false, "How high is the TOWER of Pisa?"],
    ]);
    expect(more).toBe(false);
    const both = await tab.do("search", { words: "metres 56", ...EVERYWHERE });
    expect(both.found).toMatchObject([{ chat, context: "About 56 metres." }]);
    expect((await tab.do("search", { words: "  ", ...EVERYWHERE })).found).toEqual([]);
    expect(profile.service.seen).toHaveLength(asked);
    const phone = await another(profile, "phone");
    expect((await phone.tab.do("search", { words: "pisa", ...EVERYWHERE })).found.map((one) => one.chat)).toContain(chat);
  });

  test("finds the words and the name of a file, on another device too", async () => {
    const { profile, tab } = await begun();
    const attach = (fileName: string, text: string): Promise<string> => {
      return tab.do("attach", { fileName, type: "application/pdf", data: Uint8Array.of(1), text });
    };
    const saved = await write(tab, "What does it say?", { attachments: [await attach("Orchard.pdf", "Quinces ripen late.")] });
    const passing = await write(tab, "And this?", { attachments: [await attach("b.pdf", "Late frost")], temporary: true });
    await tab.do("sync", {});
    const chats = async (one: typeof tab, words: string): Promise<readonly string[]> => {
      const { found } = await one.do("search", { words, ...EVERYWHERE });
      return found.flatMap(({ chat, message }) => message === null ? [] : [chat]);
    };
    expect(await chats(tab, "quinces say")).toEqual([saved.chat]);
    expect(await chats(tab, "orchard")).toEqual([saved.chat]);
    expect(await chats(tab, "late")).toEqual([passing.chat, saved.chat]);
    expect(await chats((await another(profile, "phone")).tab, "quinces orchard")).toEqual([saved.chat]);
  });

  test("is narrowed by folder and by time, and forgets what was deleted", async () => {
    const { profile, tab } = await begun();
    const folder = await tab.do("addFolder", { title: "Work" });
    const old = await write(tab, "An old needle", { folder });
    profile.jump(MONTH);
    const recent = await write(tab, "A new needle");
    const chats = async (asked: Partial<typeof EVERYWHERE>): Promise<readonly string[]> => {
      const { found } = await tab.do("search", { words: "needle", ...EVERYWHERE, ...asked });
      return found.flatMap((one) => (one.message === null ? [] : [one.chat]));
    };
    expect(await chats({})).toEqual([recent.chat, old.chat]);
    expect(await chats({ folder: folder as never })).toEqual([old.chat]);
    const middle = profile.browser.world.time - MONTH / 2;
    expect(await chats({ since: middle as never })).toEqual([recent.chat]);
    expect(await chats({ until: middle as never })).toEqual([old.chat]);
    await tab.do("deleteChats", { chats: [old.chat] });
    expect(await chats({})).toEqual([recent.chat]);
  });

});

describe("the index at rest", () => {
  test("reads its sealed pieces after a restart; what was deleted meanwhile is in none", async () => {
    const { profile, tab } = await begun();
    const first = await write(tab, "Number 0");
    for (let at = 1; at < 230; at += 1) await write(tab, `Number ${String(at)}`, { chat: first.chat, parent: first.message });
    const doomed = await write(tab, "Doomed needle");
    await tab.do("search", { words: "number", ...EVERYWHERE });
    await profile.pass(5000);
    const pieces = (): number => {
      const all = [...profile.shelves.values()].flatMap((one) => [...one.pieces]);
      return all.reduce((sum, [name, data]) => sum + (name.startsWith("search/texts/") ? data.length : 0), 0);
    };
    expect(pieces()).toBeGreaterThan(10_000);
    const before = pieces();
    await tab.do("deleteChats", { chats: [doomed.chat] });
    await settled();
    await profile.pass(5000);
    expect(pieces()).toBeLessThan(before);
    tab.close();
    const again = await profile.open();
    await use(again, "unlock");
    expect((await again.do("search", { words: "needle", ...EVERYWHERE })).found).toEqual([]);
    expect((await again.do("search", { words: "number 117", ...EVERYWHERE })).found).toMatchObject([{ context: "Number 117" }]);
    expect((await again.do("overview", {})).chats[0]?.time).toBeGreaterThan(first.message.length);
  });

  test("of more text than memory holds looks old months up by their words, sealed", async () => {
    const { profile, tab } = await begun();
    const chats: string[] = [];
    for (let month = 0; month < 4; month += 1) {
      chats.push((await write(tab, `${"padding ".repeat(40)} 東京 needle${String(month)} Straße`)).chat);
      profile.jump(MONTH);
    }
    const saved = tab.vault.desk.open;
    const small = new Search(tab.vault.desk.edges, saved, () => undefined, 500);
    await small.ready();
    await profile.pass(5000);
    const look = async (words: string): Promise<readonly string[]> => {
      return (await small.find(wordsOf(words), () => true, 10)).map(({ chat }) => chat);
    };
    const names = [...profile.shelves.values()].flatMap((one) => [...one.pieces.keys()]);
    expect(names.filter((name) => name.startsWith("search/words/")).length).toBeGreaterThan(1);
    for (const [at, chat] of chats.entries()) expect(await look(`NEEDLE${String(at)}`)).toEqual([chat]);
    expect(await look("東京 straße")).toEqual([...chats].reverse());
    expect(await look("needle0 needle1")).toEqual([]);
  });
});

test("a file that comes after its message is found without a new start", async () => {
  const { tab } = await begun();
  const file = await tab.do("attach", { fileName: "a.pdf", type: "application/pdf", data: Uint8Array.of(1), text: "Quinces" });
  const { chat, message } = await write(tab, "Look at this", { attachments: [file] });
  const { edges, open } = tab.vault.desk;
  const { history } = open.account;
  const kept = history.item.bind(history);
  const lacked = new Set<string>();
  const item = vi.spyOn(history, "item").mockImplementation(async (id) => {
    if (toHex(id) === message) return kept(id);
    lacked.add(toHex(id));
    return null;
  });
  const search = new Search(edges, open, () => undefined);
  const look = async (): Promise<number> => (await search.find(["quinces"], () => true, 10)).length;
  expect(await look()).toBe(0);
  item.mockRestore();
  search.touched(new Map([...lacked].map((id) => [id, chat])));
  expect(await look()).toBe(1);
  search.stop();
});
