/** A guest: chats at once, in memory, as in any other book. */

import { describe, expect, test } from "vitest";

import { Profile } from "./profile.ts";
import { answer, end, shown, write } from "./steps.ts";

const RECORD = new TextEncoder().encode(JSON.stringify({ outcome: "accepted_as_simulated" }));
const PROVEN = {
  proof: "test", document: new Uint8Array(32).fill(7), bundle: new Uint8Array(100).fill(1), appraisal: RECORD,
  receipt: new Uint8Array(10).fill(2),
};

describe("a guest", () => {
  test("writes, is answered, and sees both; nothing lies on the disk", async () => {
    const profile = new Profile("laptop");
    const tab = await profile.open();
    const { chat, message } = await write(tab, "Is the river safe?");
    const begun = await tab.do("answer", { chat, message });
    expect(begun.given).toEqual([{ role: "user", content: "Is the river safe?", images: [] }]);
    await tab.do("draft", { chat, answer: begun.answer, text: "As far", reasoning: "Hm." });
    const streaming = (await tab.do("open", { chat })).messages.at(-1);
    expect(streaming).toMatchObject({ id: begun.answer, text: "As far", reasoning: "Hm.", state: "streaming" });
    await end(tab, chat, begun.answer, { text: "As far as we know.", ...PROVEN });
    const view = await tab.do("open", { chat });
    expect(view.row).toMatchObject({ title: "Is the river safe?", temporary: true, archived: false });
    expect(view.messages.map(({ role, text, state, proof }) => [role, text, state, proof])).toEqual([
      ["user", "Is the river safe?", "complete", "none"], ["assistant", "As far as we know.", "complete", "test"],
    ]);
    const kept = await tab.do("evidence", { evidence: view.messages[1]?.evidence ?? "" });
    expect(kept).toEqual({ bundle: PROVEN.bundle, appraisal: RECORD, receipt: PROVEN.receipt });
    expect(await profile.disk()).toEqual([[], []]);
    expect(profile.service.seen).toEqual([]);
  });

  test("an edit and a second answer are versions; either branch can be shown", async () => {
    const tab = await new Profile("laptop").open();
    const { chat, message } = await write(tab, "One");
    const first = await answer(tab, chat, message, "First answer");
    const second = await answer(tab, chat, message, "Second answer");
    expect(await shown(tab, chat)).toEqual(["One", "Second answer"]);
    expect((await tab.do("open", { chat })).messages[1]?.siblings).toEqual([first, second]);
    await tab.do("branch", { chat, message: first });
    expect(await shown(tab, chat)).toEqual(["One", "First answer"]);
    expect((await tab.do("open", { chat })).beside?.map(({ id, text }) => [id, text])).toEqual([[second, "Second answer"]]);
    const edited = await write(tab, "One, edited", { chat, parent: null });
    expect(await shown(tab, chat)).toEqual(["One, edited"]);
    await tab.do("branch", { chat, message });
    expect((await tab.do("open", { chat })).messages[0]?.siblings).toEqual([message, edited.message]);
    expect((await shown(tab, chat))[0]).toBe("One");
  });

  test("the answer at the end comes with its newest other versions, and only the end does", async () => {
    const tab = await new Profile("laptop").open();
    const { chat, message } = await write(tab, "One");
    const beside = async () => (await tab.do("open", { chat })).beside?.map(({ text }) => text);
    expect(await beside()).toBeUndefined();
    const first = await answer(tab, chat, message, "1");
    expect(await beside()).toBeUndefined();
    for (const text of ["2", "3", "4", "5", "6"]) await answer(tab, chat, message, text);
    expect(await beside()).toEqual(["2", "3", "4", "5"]);
    await write(tab, "Two", { chat, parent: first });
    expect(await beside()).toBeUndefined();
  });

});

describe("what a model is given", () => {
  test("files and instructions are given with the question, and a long branch is not cut", async () => {
    const tab = await new Profile("laptop").open();
    const folder = await tab.do("addFolder", { title: "Work" });
    await tab.do("editFolder", { folder, title: "Work", instructions: "Be brief.", order: "V", colour: 3 });
    await tab.do("saveSettings", {
      theme: "dark", language: null, model: null, instructions: "I am a diver.", lock: null, titles: false, atOnce: false,
      memory: false,
    });
    const text = await tab.do("attach", { fileName: "a.csv", type: "text/csv", data: Uint8Array.of(97), text: "depth,3" });
    const image = await tab.do("attach", { fileName: "a.png", type: "image/png", data: Uint8Array.of(1, 2, 3), text: "" });
    const { chat, message } = await write(tab, "Look", { attachments: [text, image], folder });
    await tab.do("setInstructions", { chat, text: "In metres." });
    let last = message;
    for (let turn = 0; turn < 30; turn += 1) {
      const said = await answer(tab, chat, last, `Answer ${String(turn)}`);
      last = (await write(tab, `Question ${String(turn)}`, { chat, parent: said })).message;
    }
    const { given } = await tab.do("answer", { chat, message: last });
    expect(given).toHaveLength(62);
    expect(given[0]).toEqual({ role: "system", content: "I am a diver.\n\nBe brief.\n\nIn metres.", images: [] });
    expect(given[1]).toEqual({
      role: "user", content: '<file name="a.csv">\ndepth,3\n</file>\n\nLook', images: ["data:image/png;base64,AQID"],
    });
    const [row] = (await tab.do("open", { chat })).messages;
    expect(row?.attachments).toMatchObject([
      { name: "a.csv", size: 1, characters: 7 }, { name: "a.png", size: 3, characters: 0 },
    ]);
    expect(await tab.do("attachment", { attachment: image })).toMatchObject({ fileName: "a.png", data: Uint8Array.of(1, 2, 3) });
  });

});

describe("an answer's end", () => {
  test("an answer without a word that failed is not kept, one that was stopped is", async () => {
    const tab = await new Profile("laptop").open();
    const { chat, message } = await write(tab, "One");
    await end(tab, chat, (await tab.do("answer", { chat, message })).answer, { text: "", state: "failed" });
    expect(await shown(tab, chat)).toEqual(["One"]);
    await end(tab, chat, (await tab.do("answer", { chat, message })).answer, { text: "Par", state: "stopped" });
    expect((await tab.do("open", { chat })).messages[1]).toMatchObject({ text: "Par", state: "stopped", usage: [10, 0, 5] });
  });
});

const NEW = { chat: null, parent: null, attachments: [], temporary: false, folder: null, model: null, effort: null };
const NOBODY = new Uint8Array(0);
const MADE = {
  id: NOBODY, clientDataJson: NOBODY, attestationObject: NOBODY, material: null, label: "", passkeyLabel: "", keepUnlocked: false,
};

test.each([
  ["open", { chat: "00".repeat(16) }, "chat.unknown"],
  ["write", { ...NEW, text: "  " }, "message.empty"],
  ["write", { ...NEW, text: "x".repeat(900_001) }, "object.too_large"],
  ["write", { ...NEW, text: "x", attachments: ["00".repeat(16)] }, "file.unknown"],
  ["attachment", { attachment: "ff".repeat(16) }, "account.locked"],
  ["ceremony", {}, "account.locked"],
  ["created", MADE, "page.order"],
] as const)("%s is refused for a reason", async (name, command, reason) => {
  const tab = await new Profile("laptop").open();
  await expect(tab.do(name, command as never)).rejects.toMatchObject({ reason });
});
