/** Features 21 and 22: what the plan counts; a shared link opens without an account, until it is revoked. */

import { beforeAll, expect, test } from "vitest";

import { HERE, Profile, sent } from "./browser.ts";
import { agree, ask, composer, create, go, heading, press, sync } from "./people.ts";

const SAID = "Vogelbeeren for jam";
let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
  await ask(profile, SAID);
  await sync(profile);
});

test("21: the plan says how many chats are active, how much is stored, and what happens beyond", async () => {
  await go(profile, "Usage and plan");
  await heading(profile, "Usage and plan");
  const { page } = profile;
  await page.locator("main").getByText("1 of 5 active", { exact: true }).waitFor();
  await page.getByText(/^[\d.,]+ (?:kB|byte|MB) of 500 MB used/).waitFor();
  await page.getByText("archive one to start another").waitFor();
});

test("22: a link opens the branch without an account, is continued by a guest, and is dead once revoked", async () => {
  const { page } = profile;
  await page.getByText(SAID).first().click();
  await composer(page).waitFor();
  await go(profile, "Share");
  await press(page, "Make the link");
  const link = await page.getByRole("dialog").locator("code").first().textContent() ?? "";
  expect(link).toMatch(/\/s\/[\w-]{22}#[\w-]{43}$/);

  const guest = await Profile.open({ name: "guest", authenticator: null, path: link.slice(HERE.length) });
  await guest.page.getByText(SAID).first().waitFor();
  await guest.page.getByText("It is read-only.").waitFor();
  expect(guest.page.url()).not.toContain("#");
  expect(await guest.page.locator("main textarea").count()).toBe(0);
  await press(guest.page, "Continue here as a guest");
  await composer(guest.page).waitFor();
  await guest.page.locator("main").getByText(SAID).first().waitFor();
  const key = link.split("#")[1] ?? "";
  expect(sent.some(({ url, body }) => url.includes(key) || body.includes(key))).toBe(false);

  await press(page.getByRole("dialog"), "Close");
  await go(profile, "Settings");
  await page.getByRole("tab", { name: "Data" }).click();
  await press(page, "Revoke");
  await page.getByText("Revoked", { exact: true }).waitFor();
  await guest.page.goto(link);
  await guest.page.getByText("This shared chat cannot be opened").waitFor();
  expect(guest.faults).toEqual([]);
  expect(profile.faults).toEqual([]);
});
