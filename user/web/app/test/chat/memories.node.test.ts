/** Memory on the page: what is listed, and what is asked of the vault for the chat in sight. */

import { beforeEach, expect, test } from "vitest";

import { NEW_CHAT } from "../../src/bridge/marks.ts";
import { account, chat, notices, overview, remembering } from "../../src/state/app.ts";
import { newChat } from "../../src/state/chats.ts";
import { clearShown } from "../../src/state/clearing.ts";
import { isSentHere, loadMemories, memories, removeMemory, saveMemory, sendHere } from "../../src/state/memories.ts";
import { change } from "../../src/state/settings.ts";
import { FarEnd } from "./far_end.ts";

let far: FarEnd;

beforeEach(() => {
  far = new FarEnd();
});

const texts = (): readonly string[] | undefined => memories.value?.map(({ text }) => text);

test("memories are listed the newest first, changed and deleted; a mark is none of them, and a lock clears all", async () => {
  for (const text of ["one", " two "]) expect(await saveMemory({ id: null, text, source: null, active: true })).toBe(true);
  await sendHere(false);
  expect(texts()).toEqual(["two", "one"]);
  const [, one] = memories.value ?? [];
  if (one === undefined) throw new Error("none");
  await saveMemory({ ...one, text: "three", active: false });
  await removeMemory(memories.value?.find(({ text }) => text === "two")?.id ?? "");
  expect(memories.value).toMatchObject([{ id: one.id, text: "three", active: false }]);
  clearShown();
  expect(memories.value).toBeNull();
});

test("what cannot be kept is told, and stays with the person", async () => {
  far.refuses.set("saveMemory", "object.too_large");
  expect(await saveMemory({ id: null, text: "one", source: null, active: true })).toBe(false);
  expect(notices.value).toHaveLength(1);
});

test("the chat in sight is left out or not, before it begins and when it is temporary; it has one mark", async () => {
  await loadMemories();
  expect(isSentHere.value).toBe(true);
  await sendHere(false);
  expect(isSentHere.value).toBe(false);
  await sendHere(true);
  expect(far.memories).toMatchObject([{ source: NEW_CHAT, text: "", active: true }]);
  far.memories = [];
  await loadMemories();
  newChat({ temporary: true });
  expect(isSentHere.value).toBe(false);
  newChat();
  account.value = { state: "guest" };
  expect(isSentHere.value).toBe(false);
  account.value = { state: "open" };
  far.chats.set("c", { title: "c", nodes: [], leaf: null });
  chat.value = far.view("c");
  expect(isSentHere.value).toBe(true);
  await sendHere(false);
  expect(far.memories).toMatchObject([{ source: "c", active: false }]);
  chat.value = { ...chat.value, row: { ...chat.value.row, id: "d", temporary: true } };
  expect(isSentHere.value).toBe(false);
  await sendHere(true);
  expect(isSentHere.value).toBe(true);
});

test("memory is off at first, and a choice that cannot be kept is taken back", async () => {
  expect(remembering.value).toBe(false);
  far.refuses.set("saveSettings", "log.forked");
  await change({ memory: true });
  expect(remembering.value).toBe(false);
  far.refuses.clear();
  await change({ memory: true });
  expect(far.of("saveSettings").at(-1)?.memory).toBe(true);
  expect(overview.value?.settings.memory).toBe(true);
});
