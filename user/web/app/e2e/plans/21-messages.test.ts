/** Feature 21 where messages are counted: an installation with three a day, and a voucher of it in PRIVITY_VOUCHER. */

import { beforeAll, expect, test } from "vitest";

import { PATIENCE, Profile } from "../browser.ts";
import { look } from "../judging.ts";
import { agree, answers, ask, composer, create, go, heading, press } from "../people.ts";

const VOUCHER = process.env["PRIVITY_VOUCHER"] ?? "";
const KEPT = "One more that must stay";
let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
});

/** An empty chat: what a small model made up before would fill its context. */
async function anew(): Promise<void> {
  await go(profile, "New chat");
  await expect.poll(() => answers(profile.page).count(), { timeout: PATIENCE }).toBe(0);
  await composer(profile.page).waitFor();
}

test("21: messages are counted down; what is written after the last one stays in the composer", async () => {
  const { page } = profile;
  await ask(profile, "The first");
  await page.getByText("2 messages left today.").waitFor();
  for (const text of ["The second", "The third"]) {
    await anew();
    await ask(profile, text);
  }
  await page.getByText("All 3 messages of today are used.").waitFor();
  expect(await look(page, { name: "none left", file: "21-none-left", language: "en", judged: true })).toEqual([]);
  await anew();
  await composer(page).fill(KEPT);
  await composer(page).press("Enter");
  await go(profile, "Usage and plan");
  await heading(profile, "Plan: Free");
  await page.getByText("0 of 3 messages left", { exact: true }).waitFor();
  expect(await look(page, { name: "free plan", file: "21-free-plan", language: "en", judged: true })).toEqual([]);
  await anew();
  await expect.poll(() => composer(page).inputValue(), { timeout: PATIENCE }).toBe(KEPT);
});

test("21: a voucher is read letter by letter, and lifts the limit", async () => {
  const { page } = profile;
  await go(profile, "Usage and plan");
  await page.getByLabel("Voucher", { exact: true }).fill("no voucher");
  await press(page, "Redeem");
  await page.getByText("This is not the form of a voucher.").waitFor();
  await page.getByLabel("Voucher", { exact: true }).fill(VOUCHER);
  await press(page, "Redeem");
  await heading(profile, "Plan: Plus");
  await page.getByText(/^Paid until /).waitFor();
  expect(await look(page, { name: "paid plan", file: "21-paid-plan", language: "en", judged: true })).toEqual([]);
  await anew();
  await ask(profile, "Asked with the voucher");
  expect(profile.faults).toEqual([]);
});

test("21: a guest asks without an account, and nothing that is sent then names one", async () => {
  const guest = await Profile.open({ name: "guest", authenticator: null });
  await agree(guest);
  await ask(guest, "A guest's question");
  expect(guest.requests.filter(({ url }) => url.includes("/v1/tokens")).map(({ url }) => new URL(url).pathname))
    .toEqual(["/v1/tokens/guest"]);
  expect(guest.faults).toEqual([]);
});
