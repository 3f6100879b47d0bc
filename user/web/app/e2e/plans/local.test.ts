/** Local mode where messages are counted: tokens are for the server's own channel, and a guest behind a relay draws none. */

import { expect, test } from "vitest";

import { Profile } from "../browser.ts";
import { disk, through } from "../machines.ts";
import { agree, askFor, composer } from "../people.ts";

test("21: a page from the disk pays with tokens that the node takes", async () => {
  const profile = await Profile.open({ name: "paying from the disk", path: null });
  await profile.page.goto(await disk());
  await agree(profile);
  await askFor(profile, "Hello");
  expect(profile.requests.some(({ url }) => url.endsWith("/v1/tokens/guest"))).toBe(true);
});

test("21: a guest behind a relay draws no token, and reads why", async () => {
  const profile = await Profile.open({ name: "guest behind a relay", path: null });
  await profile.page.goto(await disk("--relay", await through()));
  await agree(profile);
  await composer(profile.page).fill("Hello");
  await composer(profile.page).press("Enter");
  await profile.page.getByText("a guest would show the operator the address that your relay hides").first().waitFor();
  expect(profile.requests.filter(({ url }) => url.includes("/v1/tokens"))).toEqual([]);
});
