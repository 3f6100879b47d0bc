/** The chat as people use it: keys, focus, scrolling, what is said aloud. */

import { options, type VNode } from "preact";
import { afterEach, describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";

import { chat, notices, overview, record } from "../../src/state/app.ts";
import { openChat } from "../../src/state/chats.ts";
import { remember, unremember } from "../../src/state/remembered.ts";
import { failures, running } from "../../src/state/runs.ts";
import { RECORD } from "./far_end.ts";
import { all, button, drawn, leave, one, open, show } from "./page.tsx";

afterEach(leave);

const composer = (): HTMLTextAreaElement => one(".composer-text") as HTMLTextAreaElement;

describe("the composer", () => {
  test("sends with Enter, begins a line with Shift+Enter, and has the focus from the start", async () => {
    const far = await show();
    expect(document.activeElement).toBe(composer());
    await userEvent.keyboard("one{Shift>}{Enter}{/Shift}two{Enter}");
    await drawn();
    expect(far.of("write").map(({ text }) => text)).toEqual(["one\ntwo"]);
    expect(composer().value).toBe("");
    expect(one(".message-mine").textContent).toContain("one\ntwo");
  });

  test.each([{ isComposing: true }, { keyCode: 229 }])("Enter of an input method never sends: %j", async (part) => {
    const far = await show();
    await userEvent.keyboard("ni");
    composer().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...part }));
    await drawn();
    expect(far.of("write")).toEqual([]);
  });

  test("edits the last question with ↑ when it is empty, and asks it anew", async () => {
    const far = await show();
    await open(far, 4);
    composer().focus();
    await userEvent.keyboard("{ArrowUp}");
    await drawn();
    expect((document.activeElement as HTMLTextAreaElement).value).toBe("Message 2");
    await userEvent.keyboard(" again{Enter}");
    await drawn();
    expect(far.of("write")[0]).toMatchObject({ parent: "m1", text: "Message 2 again" });
    expect(one(".branches-at").textContent).toBe("2 / 2");
    expect(document.activeElement).toBe(composer());
  });

  test("says why nothing is sent instead of Send, and keeps the message", async () => {
    const far = await show();
    record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] };
    await userEvent.keyboard("secret{Enter}");
    await drawn();
    expect(far.of("write")).toEqual([]);
    expect(composer().value).toBe("secret");
    expect(button(/^Sending is blocked: /).textContent).toContain("The operator could read this enclave");
    expect(() => button("Send")).toThrow();
  });

  test("calls a prompt by / and its letters, and asks for its blanks", async () => {
    await show();
    const prompts = [{ id: "p", title: "Sum up", text: "Sum up {{what}} for {{whom}}.", shortcut: "sum" }];
    if (overview.value !== null) overview.value = { ...overview.value, prompts };
    await userEvent.keyboard("/su");
    await drawn();
    expect(all(".call").map(({ textContent }) => textContent)).toEqual(["Sum up/sum"]);
    await userEvent.keyboard("{Enter}");
    await drawn();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await userEvent.keyboard("it{Tab}a child");
    button("Insert").click();
    await drawn();
    expect(composer().value).toBe("Sum up it for a child.");
  });
});

describe("an answer", () => {
  test("is drawn as it comes; its letters are announced by nobody", async () => {
    const far = await show();
    await userEvent.keyboard("Why?{Enter}");
    await drawn();
    far.pieces("It is **so**");
    await drawn();
    await drawn();
    expect(one(".answer strong").textContent).toBe("so");
    expect(one("[role=log]").getAttribute("aria-live")).toBe("off");
    expect(one("[role=status]").textContent.trim()).toBe("Answer started");
    await userEvent.keyboard("{Escape}");
    await drawn();
    expect(far.of("stop").length).toBe(1);
    far.end("stopped");
    await drawn();
    await drawn();
    expect(one(".answer-state").textContent).toBe("Stopped by you");
    expect(one(".margin-line").getAttribute("aria-label")).toContain("receipt");
  });

  test("that was cut is marked, and is tried again from where it stands", async () => {
    const far = await show();
    await userEvent.keyboard("Why?{Enter}");
    await drawn();
    far.pieces("Half");
    far.end("cut", "answer_cut");
    await drawn();
    await drawn();
    expect(one(".answer-state").textContent).toContain("Partial");
    const { rid } = far.question;
    button("Try again").click();
    await drawn();
    expect(far.question.rid).toBe(rid);
    expect(running.value).not.toBeNull();
    expect(failures.value.size).toBe(0);
  });

  test("asks before a link with a query is followed, but for an address that the person wrote", async () => {
    const far = await show();
    const [mine, other] = ["https://mine.example/?q=1", "https://other.example/?q=1"];
    await open(far, 2, (at) => at === 0 ? `Read ${mine}` : `[one](${mine}) and [two](${other})`);
    const [first, second] = all(".answer .link a");
    expect(first?.getAttribute("href")).toBe(mine);
    expect([second?.getAttribute("href"), second?.getAttribute("role")]).toEqual([null, "button"]);
  });

  test("offers a preview of HTML only where the person turned previews on", async () => {
    const far = await show();
    await open(far, 2, () => "```html\n<h1>Hello</h1>\n```");
    expect(() => button("Preview")).toThrow();
    remember({ previews: true });
    await drawn();
    expect(button("Preview").getAttribute("aria-pressed")).toBe("false");
    unremember();
  });

  test("has versions that are reached by button and by key", async () => {
    const far = await show();
    await open(far, 2);
    far.chats.get("c")?.nodes.push({ ...(chat.value?.messages[1] ?? fail()), id: "other", text: "Another answer" });
    await openChat("c");
    await drawn();
    expect(one(".branches-at").textContent).toBe("1 / 2");
    button("Next version").click();
    await drawn();
    await drawn();
    expect(one(".message-answer").textContent).toContain("Another answer");
    expect(document.activeElement?.id).toBe("message-other");
    await userEvent.keyboard("{Alt>}{ArrowLeft}{/Alt}");
    await drawn();
    await drawn();
    expect(one(".branches-at").textContent).toBe("1 / 2");
    await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
    expect(document.activeElement?.id).toBe("message-m0");
  });
});

function fail(): never {
  throw new Error("no message");
}

describe("a long chat", () => {
  const long = (at: number): string => `**Message ${String(at)}** ${"word ".repeat(60)}`;

  test("is drawn whole near the end, as words elsewhere, in reading order, and whole when it comes near", async () => {
    const far = await show();
    await open(far, 260, long);
    expect(all(".message").length).toBe(260);
    expect(all(".message")[4]?.textContent).toContain("Message 4");
    expect(all(".message-far").length).toBeGreaterThan(200);
    expect(all(".message").at(-1)?.querySelector(".message-far")).toBeNull();
    one(".messages").scrollTop = 0;
    await drawn();
    await drawn();
    expect(all(".message")[0]?.querySelector(".message-far")).toBeNull();
  });

  test("follows what comes at its end, and never pulls down who reads upwards", async () => {
    const far = await show();
    await open(far, 40, long);
    const scroller = one(".messages");
    const left = (): number => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    expect(left()).toBeLessThan(2);
    composer().focus();
    await userEvent.keyboard("More{Enter}");
    await drawn();
    far.pieces("word ".repeat(400));
    await drawn();
    await drawn();
    expect(left()).toBeLessThan(2);
    scroller.scrollTop -= 600;
    await drawn();
    const [top] = [scroller.scrollTop];
    far.pieces("word ".repeat(400));
    await drawn();
    await drawn();
    expect(Math.abs(scroller.scrollTop - top)).toBeLessThan(2);
    button("Jump to latest").click();
    await drawn();
    expect(left()).toBeLessThan(2);
    expect(() => button("Jump to latest")).toThrow();
  });

  test("draws no message again while somebody types", async () => {
    const far = await show();
    await open(far, 60, long);
    composer().focus();
    const drawnAgain: string[] = [];
    const before = options.diffed?.bind(options) ?? ((): void => undefined);
    options.diffed = (vnode: VNode) => {
      if (typeof vnode.type === "function") drawnAgain.push(vnode.type.name);
      before(vnode);
    };
    await userEvent.keyboard("some words");
    options.diffed = before;
    expect(drawnAgain.length).toBeGreaterThan(0);
    expect(drawnAgain.filter((name) => /^(?:Message|Memo|Question|AnswerBlock|Kept|List|Messages)$/.test(name))).toEqual([]);
  });
});

test("a deleted chat is gone from the list, and comes back with Undo", async () => {
  const far = await show();
  await open(far, 2);
  all(".listed-link")[0]?.focus();
  await userEvent.keyboard("{Delete}");
  await drawn();
  expect(all(".listed-link")).toEqual([]);
  expect(chat.value).toBeNull();
  button("Undo").click();
  await drawn();
  expect(all(".listed-link").length).toBe(1);
  expect(notices.value).toEqual([]);
  expect(far.of("deleteChats")).toEqual([]);
});
