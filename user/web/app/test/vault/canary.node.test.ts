/** Nothing that a person wrote lies on the disk, or goes to the service, in clear. */

import { ascii, toHex } from "@privity/protocol/bytes";
import { base64urlEncode } from "@privity/protocol/canonical";
import { expect, test } from "vitest";

import { flat } from "./flat.ts";
import { settled } from "./profile.ts";
import { answer, begun, write } from "./steps.ts";

const CANARY = "canary's nest";

test("neither texts nor names nor what stands in the composer", async () => {
  const { profile, tab } = await begun();
  const folder = await tab.do("addFolder", { title: CANARY });
  await tab.do("editFolder", { folder, title: CANARY, instructions: CANARY, order: "V", colour: 1 });
  await tab.do("savePrompt", { prompt: null, title: CANARY, text: CANARY, shortcut: "canary's" });
  await tab.do("saveSettings", {
    theme: "dark", language: null, model: CANARY, instructions: CANARY, lock: null, titles: false, atOnce: false, memory: true,
  });
  await tab.do("saveMemory", { memory: null, text: CANARY, source: null, active: true });
  const file = await tab.do("attach", { fileName: CANARY, type: CANARY, data: ascii(CANARY), text: CANARY });
  const { chat, message } = await write(tab, CANARY, { attachments: [file], folder });
  await tab.do("setInstructions", { chat, text: CANARY });
  await answer(tab, chat, message, CANARY, { reasoning: CANARY });
  for (let at = 0; at < 210; at += 1) await write(tab, `${CANARY} ${String(at)}`, { chat, parent: message });
  const begunAnswer = await tab.do("answer", { chat, message });
  await tab.do("draft", { chat, answer: begunAnswer.answer, text: CANARY, reasoning: CANARY });
  await tab.do("compose", { chat, text: CANARY });
  await tab.do("compose", { chat: null, text: CANARY });
  await tab.do("share", { chat, lifetime: 3600 });
  await tab.do("search", { words: "canary", folder: null, since: null, until: null });
  await tab.do("sync", {});
  await settled();
  await profile.pass(2000);
  const names = [...profile.shelves.values()].flatMap((one) => [...one.pieces.keys()]);
  expect(names.filter((name) => /composer|search/.test(name))).toHaveLength(3);
  const seen = `${flat(await profile.disk())} ${flat(profile.service.seen)} ${flat([...profile.service.accounts.values()])}`;
  expect(seen.length).toBeGreaterThan(1_000_000);
  const spelled = ascii("canary");
  for (const one of ["canary", toHex(spelled), base64urlEncode(spelled), btoa("anary'"), btoa("nary's")]) {
    expect(seen.includes(one), one).toBe(false);
  }
});
