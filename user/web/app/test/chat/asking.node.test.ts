import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { MessageView } from "../../src/bridge/views.ts";
import { chat, notices, record } from "../../src/state/app.ts";
import { channelLost, edit, queued, regenerate, send, spelled, stop, tryAgain } from "../../src/state/asking.ts";
import { newChat, openChat } from "../../src/state/chats.ts";
import { draft, followDrafts, typed } from "../../src/state/drafts.ts";
import { polite } from "../../src/state/notices.ts";
import { failures, running } from "../../src/state/runs.ts";
import { shownMessages } from "../../src/state/shown.ts";
import { FarEnd, RECORD, settle } from "./far_end.ts";

let far: FarEnd;
let unfollow: () => void;

beforeEach(async () => {
  far = new FarEnd();
  unfollow = followDrafts();
  await settle();
});
afterEach(() => unfollow());

async function ask(text = "Why?"): Promise<void> {
  typed(text);
  await send({ text, attachments: [] });
  await settle();
}

function messages(): readonly MessageView[] {
  return chat.value?.messages ?? [];
}

function message(at: number): MessageView {
  const found = messages().at(at);
  if (found === undefined) throw new Error("no message");
  return found;
}

describe("a question", () => {
  test("is in the chat before it is asked, and leaves the composer", async () => {
    await ask("Why is the sky blue?");
    expect(far.asked.findIndex(({ name }) => name === "write")).toBeLessThan(far.asked.findIndex(({ name }) => name === "ask"));
    expect(messages().map(({ text }) => text)).toEqual(["Why is the sky blue?"]);
    expect(draft.value).toBe("");
    expect(far.drafts.get("")).toBe("");
    expect(far.question.model).toBe("small");
    expect(far.question.rid).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.parse(far.question.messages)).toEqual([{ content: "Why is the sky blue?", role: "user" }]);
  });

  test("is answered piece by piece, and kept with its evidence", async () => {
    await ask();
    far.say({ kind: "accepted", request: far.question.request });
    far.pieces("Because ", "it is.");
    await settle();
    expect(polite.value.trim()).toBe("Answer started");
    far.end("complete");
    await settle();
    expect(message(-1)).toMatchObject({ role: "assistant", text: "Because it is.", state: "complete" });
    expect(far.of("finish")[0]).toMatchObject({
      text: "Because it is.", state: "complete", proof: "verified", bundle: new Uint8Array([2]), appraisal: new Uint8Array([3]),
      prompt: 10, completion: 5,
    });
    expect(running.value).toBeNull();
    expect(polite.value).toBe("Answer finished, 3 words");
  });

  test("follows the message before it", async () => {
    await ask();
    far.end("complete");
    await settle();
    const before = message(-1).id;
    await ask("And then?");
    expect(far.of("write")[1]).toMatchObject({ chat: chat.value?.row.id, parent: before });
  });

  test("that cannot be written stays in the composer, with the reason", async () => {
    far.refuses.set("write", "plan.active_chats");
    await ask("Keep me");
    expect(draft.value).toBe("Keep me");
    expect(far.of("ask")).toEqual([]);
    expect(notices.value.at(-1)?.details).toContain("plan.active_chats");
  });

  test("is sent once when Enter is pressed twice", async () => {
    typed("once");
    await Promise.all([send({ text: "once", attachments: [] }), send({ text: "once", attachments: [] })]);
    await settle();
    expect(far.of("write").length).toBe(1);
  });

  test("does not follow a person who went to another chat meanwhile", async () => {
    let write = (): void => undefined;
    far.waits.set("write", new Promise<void>((resolve) => { write = resolve; }));
    const sent = send({ text: "first", attachments: [] });
    await settle();
    far.chats.set("other", { title: "other", nodes: [], leaf: null });
    await openChat("other");
    write();
    await sent;
    await settle();
    expect(chat.value?.row.id).toBe("other");
    expect(far.of("ask").length).toBe(1);
  });
});

describe("an answer that does not come whole", () => {
  test("is kept as partial; tried again it has the same request id, and the partial one stays", async () => {
    await ask();
    far.pieces("Half an ");
    far.end("cut", "answer_cut");
    await settle();
    const { rid, request } = far.question;
    expect(message(-1)).toMatchObject({ text: "Half an ", state: "cut" });
    expect(failures.value.get(message(0).id)?.reason).toBe("answer_cut");
    await tryAgain(message(0).id);
    await settle();
    expect(far.question.rid).toBe(rid);
    expect(far.question.request).not.toBe(request);
    far.pieces("A whole answer");
    far.end("complete");
    await settle();
    expect(message(-1)).toMatchObject({ text: "A whole answer", state: "complete" });
    expect(message(-1).siblings.length).toBe(2);
    expect(failures.value.size).toBe(0);
  });

  test("and of which nothing came leaves the question alone, with the reason", async () => {
    far.refuses.set("ask", "unreachable");
    await ask();
    expect(messages().length).toBe(1);
    expect(failures.value.get(message(0).id)).toMatchObject({ reason: "unreachable", answer: null });
    far.refuses.delete("ask");
    const { rid } = far.question;
    await tryAgain(message(0).id);
    await settle();
    expect(far.question.rid).toBe(rid);
  });

  test("has another request id when a new answer is wanted", async () => {
    await ask();
    far.end("complete");
    await settle();
    const { rid } = far.question;
    await regenerate(message(0).id, "large");
    await settle();
    expect(shownMessages.value.map(({ id }) => id)).toEqual([message(0).id, running.value?.answer]);
    expect(far.question.rid).not.toBe(rid);
    expect(far.question.model).toBe("large");
  });

});

describe("an answer that ends otherwise", () => {
  test("is stopped, and what came stays", async () => {
    await ask();
    far.pieces("Some words");
    await settle();
    stop(chat.value?.row.id ?? "");
    await settle();
    expect(far.of("stop")[0]?.request).toBe(far.question.request);
    far.end("stopped");
    await settle();
    expect(message(-1)).toMatchObject({ text: "Some words", state: "stopped" });
  });

  test("begins anew when the channel says that it did", async () => {
    await ask();
    far.pieces("void");
    far.say({ kind: "notice", request: far.question.request, what: "restarted" });
    far.pieces("anew");
    far.end("complete");
    await settle();
    expect(message(-1).text).toBe("anew");
  });

  test("keeps what came when a new beginning brings nothing", async () => {
    await ask();
    far.pieces("precious");
    far.say({ kind: "notice", request: far.question.request, what: "restarted" });
    far.end("failed", "unreachable");
    await settle();
    expect(message(-1)).toMatchObject({ text: "precious", state: "cut" });
    expect(failures.value.get(message(0).id)?.reason).toBe("unreachable");
  });

  test("is cut when the channel is gone", async () => {
    await ask();
    far.pieces("as far as");
    await settle();
    channelLost("page.worker");
    await settle();
    expect(message(-1)).toMatchObject({ text: "as far as", state: "cut" });
    expect(running.value).toBeNull();
  });

  test("stays on the page until it could be kept", async () => {
    await ask();
    far.refuses.set("finish", "page.QuotaExceededError");
    far.pieces("precious");
    far.end("complete");
    await settle();
    expect(running.value?.text.value).toBe("precious");
    far.refuses.delete("finish");
    notices.value.at(-1)?.action?.run();
    await settle();
    expect(message(-1).text).toBe("precious");
    expect(running.value).toBeNull();
  });

  test("is kept twice a second while it comes, and not more often", async () => {
    vi.useFakeTimers();
    try {
      await ask();
      far.pieces("a");
      await settle();
      far.pieces("b");
      await settle();
      expect(far.of("draft").length).toBe(0);
      await vi.advanceTimersByTimeAsync(500);
      expect(far.of("draft").map(({ text }) => text)).toEqual(["ab"]);
      await vi.advanceTimersByTimeAsync(2000);
      expect(far.of("draft").length).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("one message waits while an answer comes", () => {
  test("and is sent behind it; its letters are sealed meanwhile", async () => {
    await ask("first");
    await ask("second");
    const id = chat.value?.row.id ?? "";
    expect(far.of("write").length).toBe(1);
    expect(far.drafts.get(id)).toBe("second");
    far.pieces("answer");
    far.end("complete");
    await settle();
    const answer = far.view(id).messages[1];
    expect(far.of("write")[1]).toMatchObject({ text: "second", parent: answer?.id });
    expect(queued.value.size).toBe(0);
    expect(far.of("ask").length).toBe(2);
    expect(far.drafts.get(id)).toBe("");
  });

  test("a second one does not", async () => {
    await ask("first");
    await ask("second");
    typed("third");
    expect(await send({ text: "third", attachments: [] })).toBe(false);
    expect(draft.value).toBe("third");
  });

  test("and comes back to the composer, before what was typed, when the answer fails", async () => {
    await ask("first");
    await ask("second");
    typed("third");
    far.end("failed", "internal");
    await settle();
    expect(draft.value).toBe("second\n\nthird");
    expect(far.of("write").length).toBe(1);
  });
});

describe("other words for a question", () => {
  test("make a version beside the old one", async () => {
    await ask("first");
    far.pieces("answer");
    far.end("complete");
    await settle();
    const old = message(0);
    await edit(old, "better");
    await settle();
    expect(far.of("write")[1]).toMatchObject({ parent: null, text: "better", chat: chat.value?.row.id });
    expect(message(0)).toMatchObject({ text: "better" });
    expect(message(0).siblings).toContain(old.id);
  });

  test("wait for an answer that is on its way", async () => {
    await ask("first");
    expect(await edit(message(0), "better")).toBe(false);
  });
});

describe("without a proof nothing is sent", () => {
  test.each([
    ["no record", null], ["a refused one", { ...RECORD, verdict: "refused" as const, reasons: ["release_not_logged"] }],
  ])("%s: the message stays", async (_name, found) => {
    record.value = found;
    typed("secret");
    expect(await send({ text: "secret", attachments: [] })).toBe(false);
    await settle();
    expect(draft.value).toBe("secret");
    expect(far.of("write")).toEqual([]);
    expect(far.of("ask")).toEqual([]);
  });

  test("and whoever has it tried again is told what stands against it", async () => {
    await ask();
    far.end("cut", "answer_cut");
    await settle();
    for (const press of [tryAgain, regenerate]) {
      notices.value = [];
      record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] };
      await press(message(0).id);
      expect(notices.value.map(({ text }) => text)).toEqual([expect.stringContaining("Sending is blocked")]);
      notices.value = [];
      record.value = null;
      await press(message(0).id);
      expect(notices.value.length).toBe(1);
    }
    expect(far.of("ask").length).toBe(1);
  });

  test("neither again, nor anew, nor edited, nor from the queue", async () => {
    await ask("first");
    await ask("second");
    record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] };
    far.end("complete");
    await settle();
    await tryAgain(message(0).id);
    await regenerate(message(0).id);
    await edit(message(0), "other");
    await settle();
    expect(far.of("ask").length).toBe(1);
    expect(draft.value).toBe("second");
  });

  test("nor when the proof is lost between writing and asking", async () => {
    let write = (): void => undefined;
    far.waits.set("write", new Promise<void>((resolve) => { write = resolve; }));
    const sent = send({ text: "secret", attachments: [] });
    await settle();
    record.value = null;
    write();
    await sent;
    await settle();
    expect(far.of("ask")).toEqual([]);
    expect(failures.value.get(message(0).id)?.reason).toBe("no_record");
  });
});

test("images go before their text, in the API's form", () => {
  const spelt = JSON.parse(spelled([{ role: "user", content: "what?", images: ["data:image/png;base64,AA=="] }])) as unknown;
  expect(spelt).toEqual([{
    role: "user",
    content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }, { type: "text", text: "what?" }],
  }]);
});

test("a new chat has its own draft", async () => {
  await ask("first");
  typed("for the first chat");
  newChat();
  expect(draft.value).toBe("");
  await openChat([...far.chats.keys()][0] ?? "");
  expect(draft.value).toBe("for the first chat");
});
