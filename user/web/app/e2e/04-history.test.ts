/** Feature 4: in airplane mode every chat can be read; two devices that were apart agree in the end. */

import { beforeAll, expect, test } from "vitest";

import { PATIENCE, Profile } from "./browser.ts";
import { agree, ask, composer, create, go, press, recover, sync } from "./people.ts";

let here: Profile;
let there: Profile;
const CHATS = ["Mirabellen in August", "Schlehen after frost"] as const;

beforeAll(async () => {
  here = await Profile.open({ name: "here" });
  await agree(here);
  const code = await create(here);
  for (const one of CHATS) {
    await press(here.page, "New chat");
    await ask(here, one);
  }
  await sync(here);
  there = await Profile.open({ name: "there" });
  await recover(there, code, "There");
});

test("4: a device that knew nothing has every chat, and reads them without a network", async () => {
  const { page } = there;
  await page.getByText(CHATS[0]).first().waitFor();
  // What is used offline was used before: screens are loaded with their first use.
  await go(there, "Devices");
  await rename(there, CHATS[0], "Renamed once");
  await there.offline(true);
  for (const one of ["Renamed once", CHATS[1]]) {
    await page.getByText(one).first().click();
    await page.locator("main .user-text").first().waitFor();
    await expect.poll(() => page.locator("main .answer").first().innerText(), { timeout: PATIENCE }).not.toBe("");
  }
  await go(there, "Devices");
  await page.getByText("Offline. Everything saved here can be read").first().waitFor();
});

test("4: what both changed while apart is on both afterwards, and nothing is lost", async () => {
  await rename(there, "Renamed once", "Renamed away");
  await rename(here, CHATS[1], "Renamed at home");
  await there.offline(false);
  await sync(here);
  await sync(there);
  await sync(here);
  for (const { page } of [here, there]) {
    await page.getByText("Renamed away").first().waitFor();
    await page.getByText("Renamed at home").first().waitFor();
  }
  const [one, other] = await Promise.all([here, there].map(({ page }) => page.locator(".fingerprint").innerText()));
  expect(one).toBe(other);
});

async function rename(profile: Profile, chat: string, title: string): Promise<void> {
  const { page } = profile;
  await page.getByText(chat).first().click();
  await composer(page).waitFor();
  await page.keyboard.press("F2");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill(title);
  await dialog.getByRole("textbox").press("Enter");
  await page.getByText(title).first().waitFor();
}
