/** Feature 7: what is deleted is gone on the second device; a deleted account leaves a signed promise and nothing else. */

import { readFile } from "node:fs/promises";

import { beforeAll, expect, test } from "vitest";

import { Profile } from "./browser.ts";
import { agree, ask, create, go, heading, press, pressByKey, recover, sync } from "./people.ts";

const SAID = "Holunder behind the house";
let here: Profile;
let there: Profile;

beforeAll(async () => {
  here = await Profile.open({ name: "here" });
  await agree(here);
  const code = await create(here);
  await ask(here, SAID);
  await sync(here);
  there = await Profile.open({ name: "there" });
  await recover(there, code, "There");
  await there.page.getByText(SAID).first().waitFor();
});

async function typed({ page }: Profile, button: string, phrase: string, confirm: string): Promise<void> {
  await press(page, button);
  const dialog = page.getByRole("alertdialog");
  const go = dialog.getByRole("button", { name: confirm, exact: true });
  await dialog.getByRole("textbox").fill(phrase.slice(1));
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill(phrase);
  await go.click();
}

async function data(profile: Profile): Promise<void> {
  await go(profile, "Settings");
  await profile.page.getByRole("tab", { name: "Data" }).click();
}

/** The same without a mouse: to the tab by arrows, to the button by Tab, the words, Enter. */
async function deletedByKeys({ page }: Profile): Promise<void> {
  await go(here, "Settings");
  await page.getByRole("tab", { name: "General" }).focus();
  for (let tab = 0; tab < MOST_TABS && !await page.locator("[role=tab]:focus", { hasText: "Data" }).isVisible(); tab += 1) {
    await page.keyboard.press("ArrowRight");
  }
  await pressByKey(page, "Delete all chats");
  await page.locator("dialog input:focus").waitFor();
  await page.keyboard.type("delete all chats");
  await page.keyboard.press("Enter");
}

const MOST_TABS = 8;

test("7: all chats that one device deletes, by keys alone, are gone on the other", async () => {
  await deletedByKeys(here);
  await here.page.getByText("All chats were deleted.").first().waitFor();
  expect(await here.page.content()).not.toContain(SAID);
  await sync(here);
  await press(here.page, "Show the receipt");
  await heading(here, "Your chats were erased");
  await press(here.page.getByRole("dialog"), "Close");
  await sync(there);
  await there.page.getByText(SAID).first().waitFor({ state: "detached" });
});

test("7: a deleted account is a guest again, holds a signed receipt, and its other device is let in no more", async () => {
  const { page } = here;
  await data(here);
  await typed(here, "Delete account", "delete my account", "Delete account");
  await page.getByText("Your account was erased").first().waitFor();
  await page.getByText("This is a promise").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Save the receipt")]);
  expect((await readFile(await download.path())).length).toBeGreaterThan(64);
  await press(page.getByRole("dialog"), "Close");
  await page.getByRole("button", { name: "Sign in with passkey" }).waitFor();
  await press(there.page, "Sync now");
  await there.page.getByText(/no longer lets this device in/).first().waitFor();
  await press(page, "Sign in with passkey");
  await page.getByRole("button", { name: "Try again" }).waitFor();
  expect(here.faults).toEqual([]);
});
