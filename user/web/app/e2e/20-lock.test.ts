/** Feature 20: after a lock no plaintext stands in the page, what was typed waits sealed; a forgotten device keeps nothing. */

import { beforeAll, expect, test } from "vitest";

import { PATIENCE, Profile } from "./browser.ts";
import { agree, ask, composer, create, go, heading, press } from "./people.ts";

const SAID = "Quittengelee im Keller";
const DRAFT = "half a thought about Quitten";

let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
  await ask(profile, SAID);
});

/** Everything that could be read off a page: nodes, what fields hold, the title. */
async function readable({ page }: Profile): Promise<string> {
  const typed = await page.locator("input, textarea").evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  return [await page.content(), await page.title(), ...typed].join("\n");
}

async function unlock({ page }: Profile): Promise<void> {
  await press(page, "Unlock with passkey");
  await composer(page).waitFor();
}

test("20: a lock covers every tab, and what was typed comes back with the passkey", async () => {
  const { page, context } = profile;
  const other = await context.newPage();
  await other.goto("/");
  await other.getByText(SAID).first().waitFor();
  await composer(page).fill(DRAFT);
  expect(await readable(profile)).toContain(SAID);
  const workers = page.workers();
  expect(workers.length).toBeGreaterThanOrEqual(2);
  await page.keyboard.press("Control+Shift+L");
  await heading(profile, "Locked");
  await page.getByRole("button", { name: "Unlock with passkey" }).waitFor();
  await expect.poll(() => page.workers().filter((one) => workers.includes(one))).toEqual([]);
  const shown = await readable(profile);
  for (const one of [SAID, DRAFT, "Quitten"]) expect(shown).not.toContain(one);
  await other.getByRole("heading", { name: "Locked" }).waitFor();
  expect(await other.content()).not.toContain("Quitten");
  await other.close();
  await page.goBack();
  await heading(profile, "Locked");
  await unlock(profile);
  await page.getByText(SAID).first().click();
  await expect.poll(() => composer(page).inputValue()).toBe(DRAFT);
});

test("20: who puts the question away stays outside, is offered no new beginning, and comes in with the next try", async () => {
  const { page } = profile;
  await page.keyboard.press("Control+Shift+L");
  await heading(profile, "Locked");
  await profile.touch(false);
  await press(page, "Unlock with passkey");
  await press(page, "Cancel");
  await page.getByText("No passkey was used.").waitFor();
  expect(await page.getByRole("button", { name: /start over|forget|reset/i }).count()).toBe(0);
  await profile.touch(true);
  await press(page, "Try again");
  await composer(page).waitFor();
});

test("20: it locks itself after the time that was chosen", async () => {
  const { page } = profile;
  await go(profile, "Settings");
  await page.getByRole("tab", { name: "Privacy" }).click();
  await page.getByLabel("Lock after").selectOption("5 minutes");
  await page.clock.install();
  await page.mouse.move(5, 5);
  await page.clock.runFor(4 * 60_000);
  await page.mouse.move(9, 9);
  await page.clock.runFor(4 * 60_000);
  await heading(profile, "Settings");
  await page.clock.runFor(70_000);
  await heading(profile, "Locked");
  await page.clock.resume();
  await unlock(profile);
});

test("1: loaded anew in the middle of an answer, a page keeps what came and tries again under the same request id", async () => {
  const { page } = profile;
  const asked = (): Promise<string | null> => page.evaluate(() => sessionStorage.getItem("privity.asked"));
  await press(page, "New chat");
  await composer(page).fill("Tell me of cellars.");
  await composer(page).press("Enter");
  await page.locator(".answer[aria-busy='true'] .prose").waitFor();
  const before = await asked();
  expect(before).toMatch(/"[0-9a-f]{32}"/);
  await page.reload();
  await unlock(profile);
  await page.getByText("Tell me of cellars.").first().click();
  await page.getByText("Connection lost; the answer is partial.").waitFor();
  expect(await asked()).toBe(before);
  await press(page, "Try again");
  await expect.poll(asked).toBe(before);
  // Nothing can be stopped before the enclave has taken it up.
  await expect.poll(async () => {
    await page.keyboard.press("Escape");
    return asked();
  }, { timeout: PATIENCE }).toBeNull();
});

test("20: a forgotten device keeps no key, no chat and no text", async () => {
  const { page } = profile;
  await go(profile, "Devices");
  await press(page, "Forget this device");
  const dialog = page.getByRole("alertdialog");
  expect(await dialog.getByRole("button", { name: "Forget", exact: true }).isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill("forget");
  await press(dialog, "Forget");
  await page.getByRole("button", { name: "Sign in with passkey" }).waitFor();
  expect(await readable(profile)).not.toContain("Quitten");
  await page.reload();
  await page.getByRole("button", { name: "Sign in with passkey" }).waitFor();
  const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name ?? ""));
  expect(names.filter((name) => /history|shelf/.test(name))).toEqual([]);
  await press(page, "Sign in with passkey");
  await page.getByText(SAID).first().waitFor();
  expect(profile.faults).toEqual([]);
});
