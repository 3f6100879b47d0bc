/** Two answers to one question as people see them: announced, beside each other, each with its own actions. */

import { afterEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";

import { models } from "../../src/state/app.ts";
import { shownPair } from "../../src/state/shown.ts";
import { all, button, drawn, expectAccessible, leave, one, show } from "./page.tsx";

const ASK = "Ask a second model too: Large";
const METERING = {
  prices: { chat: 1, embed: 1 },
  meter: { deploy: "d", issuer: "a.test", origin: "r.test", issuers: { deploy: "d", time: 1, keys: [] } },
};

afterEach(leave);

/** What is loaded with its first use is in the page. */
async function there(selector: string): Promise<void> {
  await expect.poll(() => document.querySelector(selector)).not.toBeNull();
  await drawn();
}

function entries(): readonly string[] {
  return all(".menu-words > :first-child").map(({ textContent }) => textContent);
}

async function choose(label: string): Promise<void> {
  button("Small").click();
  await drawn();
  all(".menu-item").find(({ textContent }) => textContent.includes(label))?.click();
  await drawn();
}

async function asked(): Promise<Awaited<ReturnType<typeof show>>> {
  const far = await show();
  await choose(ASK);
  one(".composer-text").focus();
  await userEvent.keyboard("Why?{Enter}");
  await there(".beside");
  return far;
}

test("a second model can be asked where there are two; with one there is no word of it", async () => {
  await show();
  button("Small").click();
  await drawn();
  expect(entries()).toContain(ASK);
  await userEvent.keyboard("{Escape}");
  models.value = models.value.slice(0, 1);
  await drawn();
  button("Small").click();
  await drawn();
  expect(entries().filter((label) => /model/i.test(label))).toEqual([]);
  expect(document.querySelector(".two")).toBeNull();
});

test("before anything is sent the composer says who answers, and what it costs", async () => {
  const far = await show();
  far.metering = METERING;
  await choose(ASK);
  await there(".two");
  await expect.poll(() => one(".two").textContent).toBe("Two answers: Small and Large, one after the other.Costs 2 messages.");
  expect(far.of("ask")).toEqual([]);
  await choose("Ask one model only");
  expect(document.querySelector(".two")).toBeNull();
});

test("both stand beside each other, in their order, and the chat goes on from the one that is taken", async () => {
  const far = await asked();
  far.pieces("It is so.");
  await drawn();
  expect(all(".beside > section").map((column) => column.getAttribute("aria-label"))).toEqual(["Small", "Large"]);
  expect(one(".beside > section:last-child").textContent).toContain("Large answers next");
  far.end("complete");
  await drawn();
  await expect.poll(() => far.of("ask").length).toBe(2);
  far.pieces("It is not.");
  far.end("complete");
  await expect.poll(() => all(".beside .margin-line").length).toBe(2);
  await expect.poll(() => all(".beside .prose").length).toBe(2);
  await drawn();
  expect(all(".beside .prose").map(({ textContent }) => textContent.trim())).toEqual(["It is so.", "It is not."]);
  expect(all(".beside .branches-at").map(({ textContent }) => textContent)).toEqual(["1 / 2", "2 / 2"]);
  const boxes = (): readonly DOMRect[] => all(".beside > section").map((column) => column.getBoundingClientRect());
  const [left, right] = boxes();
  expect(right?.top).toBe(left?.top);
  expect(right?.left).toBeGreaterThan(left?.right ?? Infinity);
  await expectAccessible();
  const pressed = (): readonly (string | null)[] => {
    return all(".beside > section > button").map((found) => found.getAttribute("aria-pressed"));
  };
  expect(pressed()).toEqual(["true", "false"]);
  all(".beside > section > button")[1]?.click();
  await drawn();
  await drawn();
  expect(pressed()).toEqual(["false", "true"]);
  one(".beside .message").focus();
  await userEvent.keyboard("{Alt>}{ArrowDown}{/Alt}");
  expect(document.activeElement).toBe(all(".beside .message")[1]);
  await page.viewport(600, 720);
  await drawn();
  const [above, below] = boxes();
  expect(below?.top).toBeGreaterThanOrEqual(above?.bottom ?? Infinity);
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(600);
});

test("each that fails says so in its own place, and is tried again there", async () => {
  const far = await asked();
  far.end("failed", "internal");
  await expect.poll(() => far.of("ask").length).toBe(2);
  far.end("failed", "internal");
  await expect.poll(() => all(".beside .failed").length).toBe(2);
  const again = all(".beside > section:last-child button").find(({ textContent }) => textContent === "Try again");
  again?.click();
  await expect.poll(() => far.of("ask").length).toBe(3);
  expect(far.question.model).toBe("large");
  await expect.poll(() => all(".beside .failed").length).toBe(1);
  expect(shownPair.value?.pair.waits).toBe(false);
});
