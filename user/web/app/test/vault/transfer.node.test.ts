/** Taking everything out, bringing it in, and sharing by links. */

import { ascii } from "@privity/protocol/bytes";
import * as passphrase from "@privity/vault/passphrase";
import { describe, expect, test } from "vitest";

import { Profile, type Tab } from "./profile.ts";
import { answer, begun, everything, shown, write } from "./steps.ts";

const RECORD = new TextEncoder().encode(JSON.stringify({ outcome: "accepted" }));

async function filled(): Promise<Tab> {
  const { tab } = await begun();
  const folder = await tab.do("addFolder", { title: "Sea" });
  const file = await tab.do("attach", { fileName: "a.txt", type: "text/plain", data: ascii("depth"), text: "depth" });
  const { chat, message } = await write(tab, "One", { folder, attachments: [file] });
  await answer(tab, chat, message, "Two", {
    proof: "verified", document: new Uint8Array(32), bundle: Uint8Array.of(1), appraisal: RECORD, receipt: Uint8Array.of(9),
  });
  await write(tab, "Other", { chat, parent: null });
  await write(tab, "Second chat");
  return tab;
}

describe("an export", () => {
  test.each([false, true])("comes back equal, and a second time changes nothing (encrypted: %s)", async (encrypted) => {
    const tab = await filled();
    const { fileName, data, words } = await tab.do("exportAll", { chats: [], encrypted });
    expect(fileName).toMatch(/^privity-export-\d{4}-\d\d-\d\d\.zip(\.privity)?$/);
    const { tab: other } = await begun("phone");
    if (encrypted) {
      await expect(other.do("preview", { data, words: null })).rejects.toMatchObject({ reason: "export.wrong_key" });
    }
    const report = await other.do("preview", { data, words });
    expect(report).toMatchObject({ source: "privity", chats: 2, messages: 4, folders: 1, attachments: 2, known: 0, left: [] });
    expect((await other.do("overview", {})).chats).toEqual([]);
    expect(await other.do("adopt", {})).toEqual(report);
    expect(await everything(other)).toEqual(await everything(tab));
    const { chats, folders } = await other.do("overview", {});
    expect(chats.every(({ archived }) => archived)).toBe(true);
    expect(folders).toMatchObject([{ name: "Sea" }]);
    const [chat] = chats.filter(({ folder }) => folder !== null);
    const view = await other.do("open", { chat: chat?.id ?? "" });
    await other.do("branch", { chat: chat?.id ?? "", message: view.messages[0]?.siblings[0] ?? "" });
    const first = await other.do("open", { chat: chat?.id ?? "" });
    expect(first.messages.map(({ text, proof }) => [text, proof])).toEqual([["One", "none"], ["Two", "verified"]]);
    expect(first.messages[0]?.attachments).toMatchObject([{ name: "a.txt", size: 5, characters: 5 }]);
    expect(await other.do("preview", { data, words })).toMatchObject({ chats: 0, known: 2, folders: 0 });
    await other.do("adopt", {});
    expect((await other.do("overview", {})).chats).toHaveLength(2);
    await other.do("sync", {});
    expect((await other.do("overview", {})).sync.unsent).toBe(0);
  });
});

function said(role: string, text: string): object {
  return { author: { role }, content: { content_type: "text", parts: [text] } };
}

test("an export of one's own brings back what was deleted, once, and nothing that is here", async () => {
  const tab = await filled();
  const { data } = await tab.do("exportAll", { chats: [], encrypted: false });
  expect(await tab.do("preview", { data, words: null })).toMatchObject({ chats: 0, known: 2, folders: 0 });
  const before = await everything(tab);
  const { chats, folders } = await tab.do("overview", {});
  await tab.do("deleteChats", { chats: chats.flatMap(({ id, folder }) => (folder === null ? [] : [id])) });
  for (const found of [{ chats: 1, known: 1 }, { chats: 0, known: 2 }]) {
    expect(await tab.do("preview", { data, words: null })).toMatchObject(found);
    await tab.do("adopt", {});
    expect(await everything(tab)).toEqual(before);
  }
  const after = await tab.do("overview", {});
  expect(after.folders).toEqual(folders);
  expect(after.chats.filter(({ folder }) => folder === folders[0]?.id)).toMatchObject([{ archived: true }]);
});

describe("what other programs export", () => {
  test.each([
    ["chatgpt", [{
      conversation_id: "c1", title: "Tides", create_time: 1_700_000_000, current_node: "b",
      mapping: {
        a: { id: "a", parent: null, message: said("user", "High?") },
        b: { id: "b", parent: "a", message: said("assistant", "Low.") },
      },
    }]],
    ["claude", [{
      uuid: "c2", name: "Tides", created_at: "2024-01-01T00:00:00Z",
      chat_messages: [
        { uuid: "m1", sender: "human", text: "High?", created_at: "2024-01-01T00:00:00Z" },
        { uuid: "m2", sender: "assistant", text: "Low.", created_at: "2024-01-01T00:00:01Z" },
      ],
    }]],
  ] as const)("%s: is shown first, then added once", async (source, content) => {
    const { tab } = await begun();
    const data = ascii(JSON.stringify(content));
    expect(await tab.do("preview", { data, words: null })).toMatchObject({ source, chats: 1, messages: 2, titles: ["Tides"] });
    await tab.do("adopt", {});
    expect(await everything(tab)).toEqual(new Map([["Tides", ["High?", "Low."]]]));
    expect(await tab.do("preview", { data, words: null })).toMatchObject({ chats: 0, known: 1 });
    await expect(tab.do("adopt", {}).then(() => tab.do("adopt", {}))).rejects.toMatchObject({ reason: "page.order" });
  });

  test.each([
    ["nothing", new Uint8Array(0), "export.malformed"],
    ["text", ascii("hello"), "export.malformed"],
    ["a broken zip", Uint8Array.of(0x50, 0x4b, 3, 4, 0), "export.malformed"],
    ["a torn encrypted file", Uint8Array.of(0x50, 0x56, 0x58, 1, 0), "export.truncated"],
  ])("%s is refused for a reason", async (_, data, reason) => {
    const { tab } = await begun();
    const words = passphrase.written(passphrase.make(new Uint8Array(passphrase.ENTROPY)));
    await expect(tab.do("preview", { data, words })).rejects.toMatchObject({ reason });
    await expect(tab.do("adopt", {})).rejects.toMatchObject({ reason: "page.order" });
  });
});

describe("a link", () => {
  test("shows the branch to a stranger until it is taken back, who can go on with it", async () => {
    const { profile, tab } = await begun();
    const { chat, message } = await write(tab, "Shared question");
    await answer(tab, chat, message, "Shared answer");
    const row = await tab.do("share", { chat, lifetime: 3600 });
    expect(await tab.do("shares", {})).toEqual([row]);
    const stranger = await new Profile("phone", profile.service).open();
    expect(await stranger.do("openShare", { link: row.link })).toEqual({
      title: "Shared question", expiry: row.expiry,
      messages: [{ role: "user", text: "Shared question" }, { role: "assistant", text: "Shared answer" }],
    });
    const taken = await stranger.do("adoptShare", {});
    expect(await shown(stranger, taken)).toEqual(["Shared question", "Shared answer"]);
    await tab.do("revokeShare", { share: row.id });
    await expect(stranger.do("openShare", { link: row.link })).rejects.toMatchObject({ reason: "share.unknown" });
    expect(await tab.do("shares", {})).toMatchObject([{ revoked: true }]);
    expect(JSON.stringify(profile.service.seen)).not.toContain(row.link.split("#")[1]);
  });

  test("to a chat that is deleted is taken back", async () => {
    const { profile, tab } = await begun();
    const { chat } = await write(tab, "Shared");
    await tab.do("share", { chat, lifetime: 3600 });
    await tab.do("sync", {});
    await tab.do("deleteChats", { chats: [chat] });
    await tab.do("sync", {});
    expect(profile.service.shares.size).toBe(0);
  });
});
