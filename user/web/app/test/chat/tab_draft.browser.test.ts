/** A guest's unsent words over a reload, in a real session and database. */

import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";
import { afterEach, expect, test } from "vitest";

import { dropDraft, heldDraft, holdDraft } from "../../src/state/tab_draft.ts";

const ITEM = "privity.draft";
const kept = (): string => sessionStorage.getItem(ITEM) ?? "";

afterEach(async () => {
  dropDraft();
  await heldDraft();
});

test("what was typed last is there again, and does not lie there in the open", async () => {
  holdDraft("first");
  holdDraft("Quittenbrot 東京");
  expect(await heldDraft()).toBe("Quittenbrot 東京");
  const bytes = base64urlDecode(kept()) ?? new Uint8Array();
  expect(bytes.length).toBeGreaterThan(12);
  expect(new TextDecoder().decode(bytes)).not.toContain("Quittenbrot");
});

test("an emptied composer, and more than a session holds, leave nothing", async () => {
  for (const text of ["", "x".repeat(500_001)]) {
    holdDraft("something");
    await heldDraft();
    holdDraft(text);
    expect([await heldDraft(), kept()]).toEqual(["", ""]);
  }
});

test("one changed byte does not open, and what is typed next is held", async () => {
  holdDraft("Quittenbrot");
  await heldDraft();
  const bytes = base64urlDecode(kept()) ?? new Uint8Array();
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  for (const changed of [base64urlEncode(bytes), "AA", "?", base64urlEncode(bytes.slice(0, 12))]) {
    sessionStorage.setItem(ITEM, changed);
    expect(await heldDraft()).toBe("");
  }
  holdDraft("again");
  expect(await heldDraft()).toBe("again");
});

test("what was dropped is gone with its key", async () => {
  holdDraft("Quittenbrot");
  await heldDraft();
  const before = kept();
  dropDraft();
  expect([await heldDraft(), kept()]).toEqual(["", ""]);
  sessionStorage.setItem(ITEM, before);
  expect(await heldDraft()).toBe("");
});
