/** Feature 15, and linking: label, added when and by what, fingerprint; digits are typed; revoked, it is not let in again. */

import { beforeAll, expect, test } from "vitest";

import { Profile } from "./browser.ts";
import { composer, create, go, heading, press, pressByKey, sync } from "./people.ts";

let old: Profile;
let fresh: Profile;

beforeAll(async () => {
  [old, fresh] = await Promise.all([Profile.open({ name: "old" }), Profile.open({ name: "fresh" })]);
  await create(old);
});

/** What the new device shows is taken up by the old one, which then waits for digits; returns those. */
async function paired(shown: string): Promise<string> {
  const { page } = old;
  await press(page, "Link a device");
  await page.getByText("Paste its link or type its code").click();
  await page.getByLabel("Link or code of the new device").fill(shown);
  await press(page, "Continue");
  await page.getByLabel("The six digits that it shows").waitFor();
  return (await fresh.page.locator(".digits .spoken").textContent() ?? "").replaceAll(" ", "");
}

async function type(digits: string): Promise<void> {
  await old.page.getByLabel("The six digits that it shows").fill(digits);
  await press(old.page, "Compare");
}

const wrong = (digits: string): string => (digits === "000000" ? "111111" : "000000");

test("15: three wrong codes burn the link, and the new device stays a stranger", async () => {
  await go(old, "Devices");
  await press(fresh.page, "Link to another device");
  await press(fresh.page, "Type a code there instead");
  await fresh.page.locator(".group-letters").nth(6).waitFor();
  const code = (await fresh.page.locator(".group-letters").allTextContents()).join("-");
  const digits = await paired(code);
  await type(wrong(digits));
  await old.page.getByText("2 tries are left").waitFor();
  await type(wrong(digits));
  await old.page.getByText("One try is left").waitFor();
  await type(wrong(digits));
  await old.page.getByText("Three wrong codes").waitFor();
  await press(old.page.getByRole("dialog"), "Close");
  await press(fresh.page, "Back");
  await composer(fresh.page).waitFor();
});

test("15: a device is linked by the text of its QR code and six digits, and named on both", async () => {
  const { page } = old;
  await press(fresh.page, "Link to another device");
  await fresh.page.locator(".qr path").waitFor();
  const link = await fresh.page.locator(".link-text code").textContent() ?? "";
  // By keys alone, as a person without a mouse links.
  await pressByKey(page, "Link a device");
  await pressByKey(page, "Paste its link or type its code");
  await page.keyboard.press("Tab");
  await page.keyboard.type(link);
  await page.keyboard.press("Enter");
  await page.getByLabel("The six digits that it shows").waitFor();
  const digits = (await fresh.page.locator(".digits .spoken").textContent() ?? "").replaceAll(" ", "");
  for (const [typed, told] of [[wrong(digits), "2 tries are left"], [digits, "The digits match."]] as const) {
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
    await page.keyboard.type(typed);
    await page.keyboard.press("Enter");
    await page.getByText(told).waitFor();
  }
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Kitchen tablet");
  await page.keyboard.press("Enter");
  await old.page.getByText("Kitchen tablet is linked").first().waitFor();
  await composer(fresh.page).waitFor();
  await old.page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  const row = old.page.getByRole("listitem").filter({ hasText: "Kitchen tablet" });
  await row.getByText(/^Added on .+ by Chrome on Linux$/).waitFor();
  await sync(fresh);
  await sync(old);
  const [here, there] = await Promise.all([old, fresh].map(({ page }) => page.locator(".fingerprint").innerText()));
  expect(here).toMatch(/Page \d+/);
  expect(there).toBe(here);
});

test("15: a revoked device is told and cannot come back, and the other goes on with new keys", async () => {
  await press(old.page, "Actions for Kitchen tablet");
  await old.page.getByRole("menuitem", { name: "Revoke" }).click();
  await old.page.getByRole("alertdialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await heading(old, "Revoked");
  await press(fresh.page, "Sync now");
  await fresh.page.getByText(/no longer lets this device in/).first().waitFor();
  await press(old.page, "Sync now");
  await old.page.getByText(/Everything is saved/).waitFor();
  expect(old.faults).toEqual([]);
  expect(fresh.faults).toEqual([]);
});
