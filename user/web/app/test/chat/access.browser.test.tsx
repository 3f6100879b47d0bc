/** The page for everybody: axe's rules in every state, focus, keys alone, small screens, both directions. */

import { afterEach, describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";

import { account, chat, overview, panelOpen, record, screen } from "../../src/state/app.ts";
import { dialog, paletteOpen } from "../../src/state/opened.ts";
import { tell } from "../../src/state/notices.ts";
import { choose } from "../../src/text/text.ts";
import { type FarEnd, RECORD } from "./far_end.ts";
import { all, button, drawn, expectAccessible, leave, one, open, row, show } from "./page.tsx";

afterEach(async () => {
  await choose("en");
  leave();
});

const MARKDOWN = "# Title\n\nWords, `code` and [a link](https://a.test).\n\n```python\nprint(1)\n```\n\n|a|b|\n|-|-|\n|1|2|";

/** A list with everything in it. */
function fill(): void {
  if (overview.value === null) return;
  overview.value = {
    ...overview.value,
    chats: [
      row("pinned", "Pinned", { pinned: true }), row("f1", "In a folder", { folder: "f" }), row("old", "Old", { archived: true }),
      row("faulty", "Faulty", { faults: [{ id: "x", reason: "object.missing" }] }), row("temporary", "T", { temporary: true }),
    ],
    folders: [{ id: "f", name: "Work", instructions: "Be brief.", order: "V", colour: 0 }],
    prompts: [{ id: "p", title: "Sum up", text: "Sum {{it}}", shortcut: "sum" }],
    quota: { active: 5, activeLimit: 5, bytes: 1, bytesLimit: null },
  };
}

const STATES: readonly (readonly [string, (far: FarEnd) => Promise<void> | void])[] = [
  ["a guest's first sight", () => { account.value = { state: "guest" }; }],
  ["a chat", (far) => open(far, 4, () => MARKDOWN)],
  ["a chat with memory on", async (far) => {
    if (overview.value !== null) overview.value = { ...overview.value, settings: { ...overview.value.settings, memory: true } };
    await open(far, 4, () => MARKDOWN);
    if (chat.value !== null) {
      chat.value = { ...chat.value, messages: chat.value.messages.map((one) => ({ ...one, memories: ["I drink sencha."] })) };
    }
    await expect.poll(() => all(".message-actions .button").map(({ textContent }) => textContent)).toContain("1 memory was sent");
  }],
  ["an answer on its way", async () => {
    await userEvent.keyboard("Why?{Enter}");
    await drawn();
  }],
  ["a failure", async (far) => {
    far.refuses.set("ask", "unreachable");
    await userEvent.keyboard("Why?{Enter}");
    await drawn();
  }],
  ["blocked", () => { record.value = { ...RECORD, verdict: "refused", reasons: ["debug_enabled"] }; }],
  ["a menu", async (far) => {
    await open(far, 2);
    button("Actions for this chat").click();
  }],
  ["a dialog", () => { dialog.value = { kind: "folder", folder: "f", chat: null }; }],
  ["moving", () => { dialog.value = { kind: "move", chat: "pinned" }; }],
  ["prompts", () => { dialog.value = { kind: "prompts" }; }],
  ["keys", () => { dialog.value = { kind: "shortcuts" }; }],
  ["the palette", () => { paletteOpen.value = true; }],
  ["search", () => { screen.value = "search"; }],
  ["notices", () => void tell("Something", { urgent: true, details: "code", action: { label: "Do", run: () => undefined } })],
];

// Another theme has other colours, and nothing else.
describe.each([["light", []], ["dark", ["color-contrast"]]])("no rule of axe is broken, %s", (theme, rules) => {
  test.each(STATES)("%s", async (_name, reach) => {
    const far = await show();
    document.documentElement.dataset["theme"] = theme;
    fill();
    await drawn();
    await reach(far);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await drawn();
    await expectAccessible(...rules);
  });
});

describe("a dialog", () => {
  test("takes the focus, keeps it, and gives it back", async () => {
    await show();
    fill();
    await drawn();
    const before = button("New folder");
    before.focus();
    before.click();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(document.activeElement?.tagName).toBe("INPUT");
    const inside = one("dialog");
    for (let press = 0; press < 8; press += 1) {
      await userEvent.keyboard("{Tab}");
      expect(inside.contains(document.activeElement)).toBe(true);
    }
    await userEvent.keyboard("{Escape}");
    await drawn();
    expect(document.querySelector("dialog")).toBeNull();
    expect(document.activeElement).toBe(before);
  });
});

describe("a menu", () => {
  test("is walked by arrows and letters, and gives the focus back", async () => {
    const far = await show();
    await open(far, 2);
    const opener = button("Actions for this chat");
    opener.focus();
    await userEvent.keyboard("{ArrowDown}");
    await drawn();
    const focused = (): string => document.activeElement?.textContent ?? "";
    expect(focused()).toBe("Rename");
    await userEvent.keyboard("{ArrowUp}");
    expect(focused()).toBe("Delete");
    await userEvent.keyboard("{Home}m");
    expect(focused()).toBe("Move to a folder");
    await userEvent.keyboard("{Escape}");
    await drawn();
    expect(document.querySelector("[role=menu]")).toBeNull();
    expect(document.activeElement).toBe(opener);
    expect(far.of("setPinned")).toEqual([]);
  });
});

describe("keys alone", () => {
  test("reach a new chat's answer, another folder, and the palette's actions", async () => {
    const far = await show();
    fill();
    await userEvent.keyboard("Why?{Enter}");
    await drawn();
    await userEvent.keyboard("{Control>}k{/Control}");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await userEvent.keyboard("move{Enter}");
    await new Promise((resolve) => setTimeout(resolve, 150));
    await userEvent.keyboard("{Tab}{Enter}");
    await drawn();
    expect(far.of("setFolder").map(({ folder }) => folder)).toEqual(["f"]);
    await userEvent.keyboard("{Control>}b{/Control}");
    await drawn();
    expect(document.querySelector(".sidebar")).toBeNull();
    await userEvent.keyboard("{Control>}b{/Control}");
  });

  test("the skip link leads to the conversation", async () => {
    await show();
    one(".skip").focus();
    expect(one(".skip").getBoundingClientRect().top).toBeGreaterThanOrEqual(0);
    await userEvent.keyboard("{Enter}");
    expect(document.activeElement?.id).toBe("main");
  });
});

describe("a small screen", () => {
  test.each([[360, 640], [320, 640]])("of %i × %i holds everything without going sideways", async (width, height) => {
    const far = await show(width, height);
    fill();
    await open(far, 4, () => MARKDOWN);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    expect(one(".messages").scrollWidth).toBeLessThanOrEqual(width);
    for (const element of all("main button").filter((one_) => one_.checkVisibility())) {
      const { width: wide, height: high, right } = element.getBoundingClientRect();
      if (element.classList.contains("margin-line")) continue;
      expect(Math.min(wide, high), element.outerHTML.slice(0, 100)).toBeGreaterThanOrEqual(24);
      expect(right, element.outerHTML.slice(0, 100)).toBeLessThanOrEqual(width + 1);
    }
    await userEvent.click(button("Show the chats"));
    await drawn();
    expect(one("dialog.sheet .sidebar").getBoundingClientRect().width).toBeLessThanOrEqual(width);
    await userEvent.keyboard("{Escape}");
    await drawn();
    panelOpen.value = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(one("dialog.sheet").getBoundingClientRect().width).toBe(width);
    await userEvent.keyboard("{Escape}");
    await drawn();
    expect(panelOpen.value).toBe(false);
  });
});

test("Arabic is read from the right: list, line and arrows turn round", async () => {
  const far = await show();
  document.documentElement.dir = "rtl";
  await choose("ar");
  await open(far, 2);
  expect(one(".app-side").getBoundingClientRect().right).toBe(1000);
  const [line, answer] = [one(".margin-line").getBoundingClientRect(), one(".answer").getBoundingClientRect()];
  expect(line.left).toBeGreaterThan(answer.left + answer.width / 2);
  await expectAccessible();
});

test("a longer language breaks no button", async () => {
  const far = await show(360, 640);
  await choose("en-x-pseudo");
  await open(far, 2);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
  expect(one(".head").textContent).not.toContain("New chat");
});
