import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { ChatRow, FolderRow, MessageView, PromptRow } from "../../src/bridge/views.ts";
import { account, chat, models, notices, overview, record } from "../../src/state/app.ts";
import { rows } from "../../src/state/chats.ts";
import { clearShown } from "../../src/state/clearing.ts";
import { attach, sendable, settled, submit, tray } from "../../src/state/composing.ts";
import { draft, flushDrafts, followDrafts, typed } from "../../src/state/drafts.ts";
import { deleteAll } from "../../src/state/deleting.ts";
import { placeFolder } from "../../src/state/folders.ts";
import { wouldLose } from "../../src/state/losing.ts";
import { merged } from "../../src/state/merging.ts";
import { heardVault } from "../../src/state/news.ts";
import { connect, ports } from "../../src/state/ports.ts";
import { tokensIn, tokensOf } from "../../src/state/meter.ts";
import { blanksOf, calling, filled, promptsFor } from "../../src/state/prompts.ts";
import { checked } from "../../src/state/remembered.ts";
import { flushRemovals, removeChats, UNDO, undoRemoval } from "../../src/state/removing.ts";
import { newRun, setRun } from "../../src/state/runs.ts";
import { look, results } from "../../src/state/searching.ts";
import { byDate, monthOf } from "../../src/screens/sidebar/groups.ts";
import { FarEnd, RECORD, settle } from "./far_end.ts";

let far: FarEnd;

beforeEach(() => {
  far = new FarEnd();
});
afterEach(() => vi.useRealTimers());

function row(id: string, part: Partial<ChatRow> = {}): ChatRow {
  return { id, title: id, folder: null, pinned: false, archived: false, temporary: false, time: 1, faults: [], ...part };
}

function show(part: { readonly chats?: readonly ChatRow[]; readonly folders?: readonly FolderRow[] }): void {
  if (overview.value !== null) overview.value = { ...overview.value, ...part };
}

function message(id: string, text: string, part: Partial<MessageView> = {}): MessageView {
  return {
    id, parent: null, role: "user", text, reasoning: "", attachments: [], state: "complete", time: 1, siblings: [id], model: null,
    usage: null, proof: "none", evidence: null, ...part,
  };
}

test("a message stays while it has a picture that the model does not see, and goes to one that does", async () => {
  connect({ ...ports(), readFile: () => Promise.resolve({
    fileName: "jar.png", type: "image/png", kind: "image", data: new Uint8Array([1]), text: "", parts: null, left: "",
  }) });
  await attach([new File([], "jar.png")]);
  typed("What is this?");
  expect(tray.value).toMatchObject([{ state: "ready" }]);
  await submit();
  expect([sendable.value, far.of("ask"), draft.value]).toEqual([false, [], "What is this?"]);
  models.value = models.value.map((one) => ({ ...one, vision: true }));
  expect(sendable.value).toBe(true);
});

describe("what stands in the composer", () => {
  let unfollow: () => void;
  beforeEach(() => { unfollow = followDrafts(); });
  afterEach(() => unfollow());

  test("is sealed with each letter, one message at a time, the newest last", async () => {
    for (const text of ["a", "ab", "abc"]) typed(text);
    await flushDrafts();
    expect(far.of("compose").map(({ text }) => text)).toEqual(["a", "abc"]);
  });

  test("comes back after a lock, and not before", async () => {
    typed("half a thought");
    await flushDrafts();
    account.value = { state: "locked", opens: [] };
    clearShown();
    await settle();
    expect(draft.value).toBe("");
    account.value = { state: "open" };
    await settle();
    expect(draft.value).toBe("half a thought");
  });

  test("is nobody's after a lock: whoever comes next sees only what the vault gives them", async () => {
    typed("half a thought");
    await flushDrafts();
    account.value = { state: "locked", opens: [] };
    clearShown();
    far.drafts.clear();
    account.value = { state: "guest" };
    await settle();
    expect(draft.value).toBe("");
  });

  test("is not overwritten by what was kept, when somebody types faster", async () => {
    far.drafts.set("c", "old");
    let read = (): void => undefined;
    far.waits.set("composed", new Promise<void>((resolve) => { read = resolve; }));
    chat.value = { row: row("c"), model: null, effort: null, instructions: "", folder: null, messages: [] };
    typed("new");
    read();
    await settle();
    expect(draft.value).toBe("new");
  });

  test("says once that it cannot be sealed", async () => {
    far.refuses.set("compose", "page.QuotaExceededError");
    for (const text of ["a", "b", "c"]) {
      typed(text);
      await settle();
    }
    expect(notices.value.length).toBe(1);
  });

  test("is sent as soon as the first appraisal has come, when Send was pressed before", async () => {
    record.value = null;
    typed("early");
    await submit();
    await settle();
    expect(far.of("write")).toEqual([]);
    record.value = RECORD;
    settled();
    await settle();
    expect(far.of("ask").length).toBe(1);
  });

  test("stays when that appraisal refuses", async () => {
    record.value = null;
    typed("early");
    await submit();
    record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] };
    settled();
    await settle();
    expect(far.of("write")).toEqual([]);
    expect(draft.value).toBe("early");
  });
});

describe("deleting a chat", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    show({ chats: [row("a"), row("b")] });
  });

  test("hides it at once and deletes it when the time to take it back is over", async () => {
    removeChats(["a"]);
    expect(rows.value.map(({ id }) => id)).toEqual(["b"]);
    await vi.advanceTimersByTimeAsync(UNDO - 1);
    expect(far.of("deleteChats")).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(far.of("deleteChats").map(({ chats }) => chats)).toEqual([["a"]]);
  });

  test("is taken back by the notice or by name, and then nothing is deleted", async () => {
    removeChats(["a"]);
    notices.value.at(-1)?.action?.run();
    removeChats(["b"]);
    undoRemoval();
    await vi.advanceTimersByTimeAsync(UNDO * 2);
    expect(rows.value.length).toBe(2);
    expect(far.of("deleteChats")).toEqual([]);
  });

  test("is carried out before a lock", async () => {
    removeChats(["a"]);
    await flushRemovals();
    expect(far.of("deleteChats").length).toBe(1);
  });

  test("is carried out before everything is deleted, and nothing offers to take it back", async () => {
    removeChats(["a"]);
    await deleteAll();
    expect([far.of("deleteChats").length, far.of("deleteAll").length]).toEqual([1, 1]);
    expect(notices.value.filter(({ action }) => action !== undefined)).toEqual([]);
  });

  test("that fails brings it back, and says why", async () => {
    far.refuses.set("deleteChats", "service.unreachable");
    removeChats(["a"]);
    await flushRemovals();
    expect(rows.value.length).toBe(2);
    expect(notices.value.at(-1)?.details).toContain("service.unreachable");
  });
});

test("a chat in sight that another device deleted is closed; what was typed there stays in the composer", () => {
  const unfollow = followDrafts();
  show({ chats: [row("c")] });
  chat.value = { row: row("c"), model: null, effort: null, instructions: "", folder: null, messages: [] };
  typed("half a thought");
  if (overview.value !== null) heardVault({ kind: "overview", overview: { ...overview.value, chats: [] } });
  expect(chat.value).toBeNull();
  expect(draft.value).toBe("half a thought");
  expect(notices.value.at(-1)?.text).toContain("deleted");
  unfollow();
});

test("a guest with chats or words is asked before the page goes, and so is whoever waits for an answer", () => {
  expect(wouldLose()).toBe(false);
  account.value = { state: "guest" };
  expect(wouldLose()).toBe(false);
  draft.value = "a word";
  expect(wouldLose()).toBe(true);
  draft.value = "";
  show({ chats: [row("c")] });
  expect(wouldLose()).toBe(true);
  account.value = { state: "open" };
  expect(wouldLose()).toBe(false);
  setRun("c", newRun({ request: "r", chat: "c", question: "q", key: "q", answer: "a", rid: "00", model: "m" }));
  expect(wouldLose()).toBe(true);
});

test("a chat that the list does not name yet stays open", () => {
  chat.value = { row: row("new"), model: null, effort: null, instructions: "", folder: null, messages: [] };
  if (overview.value !== null) heardVault({ kind: "overview", overview: { ...overview.value, chats: [row("other")] } });
  expect(chat.value.row.id).toBe("new");
});

describe("a chat that is read again", () => {
  const view = (messages: readonly MessageView[]): NonNullable<typeof chat.value> => {
    return { row: row("c"), model: null, effort: null, instructions: "", folder: null, messages };
  };

  test("keeps the objects of messages that are the same", () => {
    const before = view([message("1", "a"), message("2", "b")]);
    const after = merged(before, view([message("1", "a"), message("2", "b", { state: "stopped" })]));
    expect(after.messages[0]).toBe(before.messages[0]);
    expect(after.messages[1]).not.toBe(before.messages[1]);
    expect(merged(before, view([message("1", "a"), message("2", "b")])).messages).toBe(before.messages);
  });

  test.each<Partial<MessageView>>([
    { text: "x" }, { reasoning: "x" }, { siblings: ["1", "2"] }, { usage: [1, 2, 3] }, { proof: "test" }, { evidence: "e" },
    { model: "m" }, { parent: "p" }, { attachments: [{ id: "f", name: "", type: "", size: 1, characters: 1 }] },
  ])("sees that %j is new", (part) => {
    const before = view([message("1", "a")]);
    expect(merged(before, view([message("1", "a", part)])).messages[0]).not.toBe(before.messages[0]);
  });
});

describe("the list of chats", () => {
  const now = new Date(2026, 2, 15, 12).getTime();
  const at = (month: number, day: number): number => new Date(2026, month, day, 9).getTime();

  test("is in groups by day; what is pinned, archived or in a folder stands elsewhere", () => {
    const groups = byDate([
      row("today", { time: at(2, 15) }), row("yesterday", { time: at(2, 14) }), row("week", { time: at(2, 10) }),
      row("month", { time: at(1, 20) }), row("older", { time: at(0, 3) }), row("pinned", { time: now, pinned: true }),
      row("archived", { time: now, archived: true }), row("in a folder", { time: now, folder: "f" }),
    ], now);
    expect(groups.map(({ name, rows: found }) => [name, found.map(({ id }) => id)])).toEqual([
      ["today", ["today"]], ["yesterday", ["yesterday"]], ["week", ["week"]], ["month", ["month"]], ["2026-01", ["older"]],
    ]);
    expect(new Date(monthOf("2026-01") ?? 0).getMonth()).toBe(0);
    expect(monthOf("today")).toBeNull();
  });

  test("puts a folder between two others", async () => {
    const folder = (id: string, order: string): FolderRow => ({ id, name: id, instructions: "i", order, colour: 2 });
    show({ folders: [folder("a", "B"), folder("b", "M"), folder("c", "V")] });
    await placeFolder("c", "b");
    const [edit] = far.of("editFolder");
    expect(edit).toMatchObject({ folder: "c", title: "c", instructions: "i", colour: 2 });
    expect((edit?.order ?? "") > "B" && (edit?.order ?? "") < "M").toBe(true);
    await placeFolder("a", null);
    expect((far.of("editFolder")[1]?.order ?? "") > "V").toBe(true);
  });
});

describe("prompts", () => {
  test("have blanks, each asked for once", () => {
    expect(blanksOf("{{a}} and {{ b c }} and {{a}}, not {d} nor {{}}")).toEqual(["a", "b c"]);
    expect(filled("{{a}} {{b}} {{a}}", { a: "{{b}}", b: "" })).toBe("{{b}} {{b}} {{b}}");
    expect(filled("{{toString}}", {})).toBe("{{toString}}");
  });

  test("are called by a / at the beginning and letters up to the caret", () => {
    expect([calling("/"), calling("/su"), calling("/الم"), calling("a /su"), calling("/su m"), calling("")])
      .toEqual(["", "su", "الم", null, null, null]);
  });

  test("are found by shortcut first, then by name", () => {
    const prompt = (title: string, shortcut: string): PromptRow => ({ id: title, title, text: "", shortcut });
    const prompts = [prompt("Sum up", "x"), prompt("Translate a sum", "sum"), prompt("Other", "")];
    expect(promptsFor(prompts, "sum").map(({ title }) => title)).toEqual(["Translate a sum", "Sum up"]);
    expect(promptsFor(prompts, "").length).toBe(3);
  });
});

describe("the context meter", () => {
  test("takes the node's own count up to its last answer, and estimates the rest", () => {
    const counted = message("2", "…", { role: "assistant", usage: [100, 0, 50] });
    expect(tokensOf([message("1", "x".repeat(9999)), counted], "ignored")).toBe(150);
    expect(tokensOf([message("1", "x"), counted, message("3", "y".repeat(36))], "")).toBe(150 + 6 + 10);
    expect(tokensOf([message("1", "x".repeat(36))], "i".repeat(36))).toBe(6 + 10 + 10);
  });

  test("counts bytes, so that scripts with more bytes a letter count more", () => {
    expect(tokensIn("")).toBe(0);
    expect(tokensIn("abcdefghijkl")).toBe(Math.ceil(12 / 3.6));
    for (const text of ["ß€", "😀😀", "سلام", "漢字".repeat(20)]) {
      expect(tokensIn(text)).toBe(Math.ceil(new TextEncoder().encode(text).length / 3.6));
    }
  });

  test("counts the text of files, and images at a flat rate", () => {
    const file = { id: "f", name: "", type: "text/plain", size: 1, characters: 3600 };
    const image = { id: "i", name: "", type: "image/png", size: 1, characters: 0 };
    expect(tokensOf([message("1", "", { attachments: [file] })], "")).toBe(6 + 1000);
    expect(tokensOf([message("1", "", { attachments: [image] })], "")).toBe(6 + 800);
  });
});

describe("search", () => {
  test("shows what was looked for last, whatever comes when", async () => {
    vi.useFakeTimers();
    look({ words: "first" });
    await vi.advanceTimersByTimeAsync(100);
    look({ words: "second", filter: { folder: "f" } });
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(far.of("search").map(({ words, folder }) => [words, folder])).toEqual([["first", null], ["second", "f"]]);
    look({ words: " " });
    await vi.advanceTimersByTimeAsync(100);
    expect(results.value).toBeNull();
    expect(far.of("search").length).toBe(2);
  });
});

describe("what the browser remembers", () => {
  test.each<unknown>([null, 1, "x", [], { theme: "pink", language: 7, keys: 1, folded: "x", singleKeys: "no" }])(
    "%j is as if it were not there", (value) => {
      expect(checked(value)).toEqual({
        theme: "system", language: null, keys: {}, singleKeys: true, enterSends: true, sidebar: true, previews: false,
        receipts: false, folded: [],
      });
    },
  );

  test("keeps what fits, and no more of it than has room", () => {
    const folded = Array.from({ length: 9999 }, String);
    const found = checked({ theme: "dark", keys: { new: "F1", bad: 3 }, folded, singleKeys: false });
    expect(found).toMatchObject({ theme: "dark", keys: { new: "F1" }, singleKeys: false });
    expect(found.folded.length).toBe(512);
  });
});
