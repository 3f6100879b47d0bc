/** A guest's chat: features 1, 5, 12, 13, 17, 18, 19 and 24, at a whole installation. */

import { beforeAll, expect, test } from "vitest";

import { Profile, sent } from "./browser.ts";
import { agree, composer, press, pressByKey } from "./people.ts";

let guest: Profile;
const busy = ".answer[aria-busy='true']";

beforeAll(async () => {
  guest = await Profile.open({ name: "guest" });
  await agree(guest);
});

/** Ask, and wait until letters of the answer are there. */
async function begin(text: string): Promise<void> {
  await composer(guest.page).fill(text);
  await composer(guest.page).press("Enter");
  await guest.page.locator(`${busy} .prose`).waitFor();
}

/** Stop the answer that comes, once letters of it are there. */
async function stopped(): Promise<void> {
  await guest.page.locator(`${busy} .prose`).waitFor();
  await guest.page.keyboard.press("Escape");
  await ended();
}

async function briefly(text: string): Promise<void> {
  await begin(text);
  await stopped();
}

async function ended(): Promise<void> {
  await guest.page.locator(busy).waitFor({ state: "detached" });
}

test("1: an answer comes piece by piece beside its margin line, and what is sent meanwhile waits for it", async () => {
  const { page } = guest;
  await begin("Tell me of the sea.");
  await composer(page).fill("And of the mountains.");
  await composer(page).press("Enter");
  await page.getByText("Waits for the answer").waitFor();
  await press(page, "Stop the answer");
  await page.locator(".message-mine", { hasText: "And of the mountains." }).waitFor();
  // On a fast machine the first answer may have filled the small model's context: then the second question is refused.
  await page.locator(".answer .prose, .failed").nth(1).waitFor();
  await page.keyboard.press("Escape");
  await ended();
  expect(await page.locator(".margin-line").first().getAttribute("aria-label")).toContain("test enclave");
});

test("1: stopped, an answer keeps what came", async () => {
  const { page } = guest;
  await press(page, "New chat");
  await briefly("Count very far.");
  await page.getByText("Stopped by you").waitFor();
  expect(await page.locator(".answer .prose").innerText()).not.toBe("");
});

test("1: cut in the middle, an answer is marked as partial; tried again, another stands beside it", async () => {
  const { page, wire } = guest;
  await press(page, "New chat");
  await begin("Tell me of rivers.");
  wire.cut();
  await page.getByText("Partial: the connection was lost").waitFor({ timeout: 40_000 });
  wire.mend();
  await press(page, "Try again");
  await page.locator(`${busy} .prose`).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("2 / 2").waitFor();
  await page.getByText("Partial: the connection was lost").waitFor({ state: "detached" });
  await press(page, "Previous version");
  await page.getByText("Partial: the connection was lost").waitFor();
});

test("1: what a guest wrote and did not send is there again after a reload, and nowhere to be read", async () => {
  const { page } = guest;
  await press(page, "New chat");
  await composer(page).fill("Half a question");
  const held = (): Promise<string | null> => page.evaluate(() => sessionStorage.getItem("privity.draft"));
  await expect.poll(held).not.toBeNull();
  await page.reload();
  await expect.poll(() => composer(page).inputValue()).toBe("Half a question");
  expect(await held()).not.toContain("Half");
  await composer(page).fill("");
  await expect.poll(held).toBeNull();
});

test("5: an edited question is a version of its own, an answer made anew too; nothing is overwritten", async () => {
  const { page } = guest;
  await press(page, "New chat");
  await briefly("First words");
  await press(page, "Edit this question");
  await page.getByLabel("Your question").fill("Better words");
  await press(page, "Ask");
  await stopped();
  await page.locator(".message-mine").getByText("2 / 2").waitFor();
  await press(page, "Answer again");
  await stopped();
  await page.locator(".message-answer").getByText("2 / 2").waitFor();
  await page.locator(".message-mine").getByRole("button", { name: "Previous version" }).click();
  await page.getByText("First words").last().waitFor();
  await page.locator(".message-mine").getByText("1 / 2").waitFor();
  expect(await page.getByText("Better words").count()).toBe(0);
});

test("17: the model's digest is one click away, and the meter counts", async () => {
  const { page } = guest;
  await page.getByRole("button", { name: "Model and effort" }).or(page.locator(".composer .menu-button")).first().click();
  expect(await page.getByRole("menu").innerText()).toMatch(/sha256:[0-9a-f]{64}/);
  await page.keyboard.press("Escape");
  expect(await page.getByRole("meter").getAttribute("aria-valuetext")).toMatch(/^About [\d,]+ of [\d,]+ tokens$/);
});

test("18: the palette and its keys reach every action; keys are listed under ?", async () => {
  const { page } = guest;
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("new chat");
  await page.keyboard.press("Enter");
  await page.getByText("Ask anything.").waitFor();
  await page.keyboard.press("Control+b");
  await page.locator(".app-side").waitFor({ state: "detached" });
  await page.keyboard.press("Control+b");
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Next version").first().waitFor();
  await page.keyboard.press("Escape");
});

test("19: the answer's beginning and end are said, its letters are not", async () => {
  const { page } = guest;
  await page.evaluate(() => {
    const spoken: string[] = [];
    Object.assign(globalThis, { spoken });
    for (const region of document.querySelectorAll("[aria-live]:not([aria-live=off])")) {
      const heard = (): number => spoken.push(region.textContent.trim());
      new MutationObserver(heard).observe(region, { childList: true, subtree: true, characterData: true });
    }
  });
  await press(page, "New chat");
  await briefly("Say something.");
  const spoken = await page.evaluate(() => (globalThis as unknown as { spoken: string[] }).spoken);
  expect(spoken.filter((one) => one !== "")).toEqual(["Answer started", "Answer stopped"]);
});

test("19: keys alone are enough to ask, to stop, to have it answered again and to read what stood there", async () => {
  const { page } = guest;
  await page.keyboard.press("Control+Shift+O");
  await page.getByText("Ask anything.").waitFor();
  await page.locator(".composer textarea:focus").waitFor();
  await page.keyboard.type("By keys alone");
  await page.keyboard.press("Enter");
  await stopped();
  await pressByKey(page, "Answer again");
  await stopped();
  await page.locator(".message-answer").getByText("2 / 2").waitFor();
  await pressByKey(page, "Previous version");
  await page.locator(".message-answer").getByText("1 / 2").waitFor();
});

test("12: everything is there at 360 × 640, one column, nothing sideways", async () => {
  const phone = await Profile.open({ context: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true } });
  const { page } = phone;
  await agree(phone);
  await composer(page).fill("Hello");
  await press(page, "Send");
  await page.locator(`${busy} .prose`).waitFor();
  await press(page, "Stop the answer");
  await page.locator(busy).waitFor({ state: "detached" });
  await press(page, "Show the chats");
  await page.getByRole("dialog").getByRole("button", { name: "Hello", exact: true }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await phone.close();
});

test("13: a chosen theme is there at the first paint of the next visit", async () => {
  const { page } = guest;
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("dark theme");
  await page.keyboard.press("Enter");
  await page.locator("html[data-theme=dark]").waitFor();
  await page.reload({ waitUntil: "commit" });
  await page.locator("html[data-theme=dark]").waitFor({ state: "attached" });
  await composer(page).waitFor();
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe("rgb(19, 22, 21)");
});

test("24: German and Arabic speak from the first paint, Arabic from the right", async () => {
  for (const [locale, words, dir] of [["de-DE", "Fragen Sie", "ltr"], ["ar", "اسأل", "rtl"]] as const) {
    const person = await Profile.open({ context: { locale }, authenticator: null });
    await person.page.getByText(words).first().waitFor();
    expect(await person.page.evaluate(() => document.documentElement.dir)).toBe(dir);
    await person.close();
  }
});

test("nothing of what was typed left but sealed", () => {
  const spoken = /sea\.|mountains|rivers|Better words/;
  expect(sent.filter(({ url, body }) => spoken.test(url) || spoken.test(body.toString("latin1")))).toEqual([]);
  expect(guest.faults).toEqual([]);
});
