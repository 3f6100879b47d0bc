/** What one tab holds over a reload: under which ids questions were asked. What lies there may be anything. */

import fc from "fast-check";
import { beforeEach, expect, test, vi } from "vitest";

import { keepId, keptIds } from "../../src/state/request_ids.ts";
import { dropDraft, heldDraft, holdDraft } from "../../src/state/tab_draft.ts";

const ITEM = "privity.asked";
const RID = "ab".repeat(16);
let items: Map<string, string>;
/** Characters that fit. */
let room: number;

beforeEach(() => {
  items = new Map();
  room = Infinity;
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      items.set(name, value);
    },
    removeItem: (name: string) => items.delete(name),
  });
});

test("an id is kept until its answer came, and asking anew replaces it", () => {
  keepId("one", RID);
  keepId("two", "cd".repeat(16));
  keepId("one", "ef".repeat(16));
  expect([...keptIds()]).toEqual([["two", "cd".repeat(16)], ["one", "ef".repeat(16)]]);
  keepId("two", null);
  keepId("one", null);
  expect([keptIds().size, items.size]).toEqual([0, 0]);
});

test("of many questions the newest 32 are kept", () => {
  for (let at = 0; at < 40; at += 1) keepId(`q${String(at)}`, RID);
  expect([...keptIds().keys()]).toEqual(Array.from({ length: 32 }, (_, at) => `q${String(at + 8)}`));
});

test.each([
  "", "{", "null", "7", "{}", '["one"]', `[["one","${RID}","x"]]`, `[["one","${RID.toUpperCase()}"]]`, `[["a b","${RID}"]]`,
  `[["","${RID}"]]`, '[["one","ab"]]', '[["one",null]]',
])("what lies there instead is no id: %s", (text) => {
  items.set(ITEM, text);
  expect(keptIds().size).toBe(0);
});

test("whatever lies there: rows that are some, and no exception", () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
    items.set(ITEM, text);
    for (const [question, rid] of keptIds()) expect([typeof question, rid.length]).toEqual(["string", 32]);
  }));
});

test("where there is no room, nothing fails: it is a new request after a reload", () => {
  keepId("one", RID);
  room = 10;
  keepId("two", RID);
  expect([...keptIds().keys()]).toEqual(["one"]);
});

test("without a session nothing is kept, and nothing fails", async () => {
  vi.stubGlobal("sessionStorage", undefined);
  keepId("one", RID);
  holdDraft("Unsent");
  dropDraft();
  expect([keptIds().size, await heldDraft()]).toEqual([0, ""]);
});
