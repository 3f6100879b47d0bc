/** Feature 30 where messages are counted and two models are served: one question, two answers, two messages announced. */

import { beforeAll, expect, test } from "vitest";

import { PATIENCE, Profile } from "../browser.ts";
import { look } from "../judging.ts";
import { agree, composer, create } from "../people.ts";

const [FIRST, SECOND] = ["random", "other"];
let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
});

/** Choose something in the menu of models. */
async function choose(item: string): Promise<void> {
  const { page } = profile;
  await page.locator(".composer-row .menu-button").click();
  await page.getByRole("menuitemradio", { name: item }).click();
}

/** What stands in the place of an answer. */
const column = (name: string) => profile.page.getByRole("region", { name, exact: true });

async function words(name: string): Promise<void> {
  await column(name).locator(".prose", { hasText: /\S/ }).waitFor();
}

/** Stop the answer that comes: a model made of chance may go on for long, and fill the context of the next question. */
async function stopped(): Promise<void> {
  const { page } = profile;
  await page.keyboard.press("Escape");
  await page.locator(".answer[aria-busy='true']").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

test("30: the composer says who answers and what it costs; both answer the same question, each as its own request", async () => {
  const { page } = profile;
  await choose(`Ask a second model too: ${SECOND}`);
  await page.getByText(`Two answers: ${FIRST} and ${SECOND}, one after the other`).waitFor();
  await page.getByText("Costs 2 messages.").waitFor();
  await composer(page).fill("Which of you is right?");
  await composer(page).press("Enter");
  await words(FIRST);
  await column(FIRST).locator(".answer:not([aria-busy])").waitFor();
  await words(SECOND);
  await stopped();
  await page.getByText("1 message left today.").waitFor();
  for (const name of [FIRST, SECOND]) {
    expect(await column(name).locator(".margin-line").count()).toBe(1);
    expect(await column(name).locator(".message-model").textContent()).toBe(name);
  }
  expect(await page.locator(".branches-at").allTextContents()).toEqual(["1 / 2", "2 / 2"]);
});

test("30: both stand side by side where there is room, below each other where there is none", async () => {
  const { page } = profile;
  const boxes = async () => Promise.all([FIRST, SECOND].map((name) => column(name).boundingBox()));
  await page.setViewportSize({ width: 1280, height: 800 });
  const [left, right] = await boxes();
  expect(right?.y).toBe(left?.y);
  expect(right?.x).toBeGreaterThan((left?.x ?? 0) + (left?.width ?? 0));
  await page.setViewportSize({ width: 390, height: 800 });
  const [above, below] = await boxes();
  expect(below?.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(await look(page, { name: "two answers", file: "30-two-answers", language: "en", judged: true })).toEqual([]);
});

test("30: the chat goes on from the answer that is taken, and both are kept as versions", async () => {
  const { page } = profile;
  const taken = column(SECOND).getByRole("button", { name: "Continue from this answer" });
  expect(await taken.getAttribute("aria-pressed")).toBe("false");
  await taken.click();
  await expect.poll(() => taken.getAttribute("aria-pressed"), { timeout: PATIENCE }).toBe("true");
  const text = await column(SECOND).locator(".prose").textContent();
  await choose("Ask one model only");
  expect(await page.getByText("Two answers:").count()).toBe(0);
  await composer(page).fill("Go on");
  await composer(page).press("Enter");
  await page.locator(".message-mine", { hasText: "Go on" }).waitFor();
  await page.locator(".beside").waitFor({ state: "detached" });
  expect(await page.locator(".message-answer .prose").first().textContent()).toBe(text);
  expect(await page.locator(".branches-at").first().textContent()).toBe("2 / 2");
  await page.locator(".message-answer").nth(1).locator(".prose", { hasText: /\S/ }).waitFor();
  await stopped();
  expect(profile.faults).toEqual([]);
});
