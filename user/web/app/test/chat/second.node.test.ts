/** One question, two answers: asked one after the other, each its own request, each with its own end. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { chat, models, record } from "../../src/state/app.ts";
import { edit, queued, regenerate, send, stop, tryAgain } from "../../src/state/asking.ts";
import { clearShown } from "../../src/state/clearing.ts";
import { newChat, setModel, showBranch } from "../../src/state/chats.ts";
import { draft, followDrafts, typed } from "../../src/state/drafts.ts";
import { polite } from "../../src/state/notices.ts";
import { price } from "../../src/state/paying.ts";
import { failures, running } from "../../src/state/runs.ts";
import { pairs, secondKey, secondModel, setSecond } from "../../src/state/second.ts";
import { shownMessages, shownPair } from "../../src/state/shown.ts";
import { allTexts } from "../../src/text/text.ts";
import { FarEnd, RECORD, settle } from "./far_end.ts";

const METERING = {
  prices: { chat: 1, embed: 1 },
  meter: { deploy: "d", issuer: "a.test", origin: "r.test", issuers: { deploy: "d", time: 1, keys: [] } },
};
let far: FarEnd;
let unfollow: () => void;

beforeEach(async () => {
  await allTexts();
  far = new FarEnd();
  unfollow = followDrafts();
  await settle();
  setSecond("large");
});
afterEach(() => unfollow());

async function ask(text = "Why?"): Promise<string> {
  await send({ text, attachments: [] });
  await settle();
  return chat.value?.messages.findLast(({ role }) => role === "user")?.id ?? "";
}

async function answer(text: string, state: "complete" | "cut" | "failed" | "stopped" = "complete"): Promise<void> {
  if (text !== "") far.pieces(text);
  far.end(state, state === "cut" ? "answer_cut" : state === "failed" ? "internal" : "");
  await settle();
}

/** What stands in the two columns. */
function columns(): readonly (string | null)[] | null {
  return shownPair.value?.answers.map((one) => one?.text ?? null) ?? null;
}

/** The words of the message that the next question would follow. */
function goesOn(): string | undefined {
  return chat.value?.messages.at(-1)?.text;
}

describe("two models", () => {
  test("are asked the same, one after the other, each under its own request id", async () => {
    await ask();
    expect(far.of("ask").map(({ model }) => model)).toEqual(["small"]);
    expect(shownPair.value?.pair.waits).toBe(true);
    await answer("first");
    expect(far.of("ask").map(({ model }) => model)).toEqual(["small", "large"]);
    const [one, other] = far.of("ask");
    expect(other?.messages).toBe(one?.messages);
    expect(other?.rid).not.toBe(one?.rid);
    expect(far.of("write").length).toBe(1);
    await answer("second");
    expect(columns()).toEqual(["first", "second"]);
    expect(running.value).toBeNull();
  });

  test("are both said, by their names", async () => {
    await ask();
    far.pieces("one word more");
    await settle();
    expect(polite.value.trim()).toBe("Small started to answer");
    await answer("");
    expect(polite.value.trim()).toBe("Small finished, 3 words");
    await answer("second");
    expect(polite.value.trim()).toBe("Large finished, 1 word");
  });

  test("answer as versions of each other; the chat goes on from the first, or from the one that a person takes", async () => {
    await ask();
    await answer("first");
    await answer("second");
    expect(goesOn()).toBe("first");
    expect(chat.value?.messages.at(-1)?.siblings.length).toBe(2);
    const second = shownPair.value?.answers[1]?.id ?? "";
    await showBranch(second);
    expect(goesOn()).toBe("second");
    expect(columns()).toEqual(["first", "second"]);
    await ask("And then?");
    expect(far.of("write")[1]?.parent).toBe(second);
  });

  test("stand once each in the chat, and as one branch as soon as it goes on", async () => {
    const question = await ask();
    expect(shownMessages.value.map(({ id }) => id)).toEqual([question]);
    await answer("first");
    await answer("second");
    expect(shownMessages.value.map(({ id }) => id)).toEqual([question]);
    setSecond(null);
    await ask("And then?");
    expect(shownPair.value).toBeNull();
    expect(shownMessages.value.map(({ text }) => text)).toEqual(["Why?", "first", "And then?", ""]);
  });

  test("are gone as a pair when a third answer is asked for", async () => {
    const question = await ask();
    await answer("first");
    await answer("second");
    await regenerate(question);
    await settle();
    expect(shownPair.value).toBeNull();
    await answer("third");
    expect(shownMessages.value.map(({ text }) => text)).toEqual(["Why?", "third"]);
    expect(far.of("ask").length).toBe(3);
  });
});

test("where messages are counted each takes its own token, the second after the first one's is known to be used", async () => {
  far.metering = METERING;
  const begun = (count: number) => vi.waitFor(() => expect(far.of("ask")).toHaveLength(count), { timeout: 20_000, interval: 5 });
  expect(await price()).toBe(1);
  await send({ text: "Why?", attachments: [] });
  await begun(1);
  far.end("complete");
  await begun(2);
  const [first, second] = far.of("ask");
  expect(far.of("tokens").map(({ rid, count }) => [rid, count])).toEqual([[first?.rid, 1], [first?.rid, 0], [second?.rid, 1]]);
  expect([first?.tokens, second?.tokens]).toEqual([[Uint8Array.of(19)], [Uint8Array.of(18)]]);
  expect(far.left).toBe(18);
});

describe("who is asked", () => {
  test("is one model where none was chosen, where only one is left, and where the first is chosen twice", async () => {
    models.value = models.value.slice(0, 1);
    expect(secondModel.value).toBeNull();
    far = new FarEnd();
    expect(secondModel.value).toBeNull();
    setSecond("large");
    await setModel("large", null);
    expect(secondModel.value).toBeNull();
    await ask();
    await answer("only");
    expect(far.of("ask").length).toBe(1);
    expect(shownPair.value).toBeNull();
  });

  test("is said by chat: the next new one asks one, and a lock forgets it", async () => {
    await ask();
    await answer("first");
    await answer("second");
    expect(secondModel.value?.id).toBe("large");
    newChat();
    expect(secondModel.value).toBeNull();
    setSecond("large");
    expect(secondModel.value?.id).toBe("large");
    const served = models.value;
    clearShown();
    models.value = served;
    expect(secondModel.value).toBeNull();
    expect(pairs.value.size).toBe(0);
  });

  test("is one model for other words to a question: only the composer announces two", async () => {
    await ask();
    await answer("first");
    await answer("second");
    const [question] = chat.value?.messages ?? [];
    if (question === undefined) throw new Error("no question");
    await edit(question, "better");
    await settle();
    await answer("one");
    expect(far.of("ask").length).toBe(3);
    expect(shownPair.value).toBeNull();
  });
});

describe("an end that is none", () => {
  test("of the first does not keep the second from being asked; each is tried again by its own model and id", async () => {
    const question = await ask();
    await answer("half", "cut");
    const [first] = far.of("ask");
    await answer("", "failed");
    const [, second] = far.of("ask");
    expect(columns()).toEqual(["half", null]);
    expect([...failures.value].map(([key, { reason }]) => [key, reason])).toEqual([
      [question, "answer_cut"], [secondKey(question), "internal"],
    ]);
    await tryAgain(question, secondKey(question));
    await settle();
    expect(far.question).toMatchObject({ model: "large", rid: second?.rid });
    await answer("second");
    expect(columns()).toEqual(["half", "second"]);
    expect([...failures.value.keys()]).toEqual([question]);
    await tryAgain(question);
    await settle();
    expect(far.question).toMatchObject({ model: "small", rid: first?.rid });
    await answer("first");
    expect(columns()).toEqual(["first", "second"]);
    expect(failures.value.size).toBe(0);
  });

  test("a first that could not even be asked is told, and the second is asked", async () => {
    far.refuses.set("answer", "page.worker");
    const once = failures.subscribe((found) => { if (found.size > 0) far.refuses.delete("answer"); });
    const question = await ask();
    once();
    expect(failures.value.get(question)?.reason).toBe("page.worker");
    expect(far.of("ask").map(({ model }) => model)).toEqual(["large"]);
    await answer("second");
    expect(columns()).toEqual([null, "second"]);
    expect(goesOn()).toBe("second");
    expect(failures.value.get(question)?.reason).toBe("page.worker");
  });

  test("a second that could not be asked lets the chat go on", async () => {
    const question = await ask();
    typed("next");
    await send({ text: "next", attachments: [] });
    record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] };
    await answer("first");
    expect(far.of("ask").length).toBe(1);
    expect(failures.value.get(secondKey(question))?.reason).toBe("debug_enabled");
    expect(running.value).toBeNull();
    expect(draft.value).toBe("next");
    expect(queued.value.size).toBe(0);
  });

});

describe("a stop", () => {
  test("ends the first and leaves the second unasked", async () => {
    await ask();
    far.pieces("some");
    await settle();
    stop(chat.value?.row.id ?? "");
    await answer("", "stopped");
    expect(far.of("ask").length).toBe(1);
    expect(running.value).toBeNull();
    expect(shownPair.value).toBeNull();
    expect(goesOn()).toBe("some");
  });

  test("between the two leaves the second unasked, and its tokens to another question", async () => {
    await ask();
    let metering = (): void => undefined;
    far.waits.set("metering", new Promise<void>((resolve) => { metering = resolve; }));
    await answer("first");
    expect(running.value?.phase.value).toBe("keeping");
    stop(chat.value?.row.id ?? "");
    metering();
    await settle();
    expect(far.of("ask").length).toBe(1);
    expect(running.value).toBeNull();
    expect(goesOn()).toBe("first");
  });

  test("of the second keeps what came of it", async () => {
    await ask();
    await answer("first");
    far.pieces("half");
    stop(chat.value?.row.id ?? "");
    await answer("", "stopped");
    expect(columns()).toEqual(["first", "half"]);
    expect(goesOn()).toBe("first");
  });
});

describe("a message that waits", () => {
  test("is sent behind both, and follows the first", async () => {
    await ask();
    await ask("next");
    await answer("first");
    expect(far.of("write").length).toBe(1);
    const first = shownPair.value?.answers[0]?.id;
    await answer("second");
    expect(far.of("write")[1]).toMatchObject({ text: "next", parent: first });
    expect(far.of("ask").at(-1)?.model).toBe("small");
    expect(shownPair.value?.pair.waits).toBe(true);
  });

  test("comes back to the composer when one of the two failed", async () => {
    await ask();
    await ask("next");
    await answer("half", "cut");
    await answer("second");
    expect(far.of("write").length).toBe(1);
    expect(draft.value).toContain("next");
  });
});
