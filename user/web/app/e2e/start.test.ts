/** The page is there, and what carries it is what the headers promise. */

import { expect, test } from "vitest";

import { HERE, Profile, sent } from "./browser.ts";

test("the page starts without a fault and reaches only its own origins", async () => {
  const profile = await Profile.open();
  await profile.page.waitForSelector("main");
  expect(profile.faults).toEqual([]);
  expect(sent.length).toBeGreaterThan(0);
  expect([...new Set(sent.map(({ url }) => new URL(url).origin))]).toEqual([HERE]);
});
