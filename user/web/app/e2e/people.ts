/** What people do on the way to an account and in it. Names are those that an English reader sees. */

import type { Locator, Page } from "playwright";

import type { Profile } from "./browser.ts";

/** Agree to the test enclave, as its banner asks; without it nothing is sent. */
export async function agree({ page }: Profile): Promise<void> {
  await page.getByRole("button", { name: "Read and agree" }).first().click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("textbox").fill("I understand");
  await press(dialog, "Agree and continue");
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

/** Ask something in the chat in sight, and wait until the answer has ended. */
export async function ask({ page }: Profile, text: string): Promise<void> {
  const before = await answers(page).count();
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await answers(page).nth(before).waitFor();
  await page.locator(".answer[aria-busy='true']").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

/** Ask something in the chat in sight, and wait for its first words: a model made of chance may go on for long. */
export async function askFor({ page }: Profile, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await page.locator("main .answer .prose", { hasText: /\S/ }).last().waitFor();
}

export function composer(page: Page): Locator {
  return page.locator(".composer textarea, main textarea").first();
}

export function answers(page: Page): Locator {
  return page.locator("main .answer");
}

export async function press(within: Page | Locator, name: string): Promise<void> {
  await within.getByRole("button", { name, exact: true }).first().click();
}

/** Go on with Tab until a control of this name has the focus, as somebody without a mouse does, and press it. */
export async function pressByKey(page: Page, name: string): Promise<void> {
  const named = (): string => {
    const one = document.activeElement;
    const label = one instanceof HTMLInputElement ? one.labels?.[0]?.textContent : one?.textContent;
    return (one?.getAttribute("aria-label") ?? label ?? "").trim();
  };
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await page.evaluate(named) === name) return page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
  }
  throw new Error(`no key leads to ${name}`);
}

const MOST_TABS = 60;

export async function heading({ page }: Profile, name: string | RegExp): Promise<void> {
  await page.getByRole("heading", { name }).first().waitFor();
}

/** From the welcome to a code that is shown; returns its groups. */
export async function toCode(profile: Profile): Promise<readonly string[]> {
  const { page } = profile;
  await press(page, "Create account");
  await press(page, "Create passkey");
  const again = page.getByRole("button", { name: "Finish with my passkey" });
  const kept = page.getByRole("button", { name: "I have kept it" });
  await again.or(kept).first().waitFor();
  // Each answer that is asked for once more takes another click.
  while (!await kept.isVisible()) {
    await again.click({ timeout: 1000 }).catch(() => undefined);
    await again.or(kept).first().waitFor();
  }
  return groups(page);
}

/** What a sheet shows. */
export function groups(page: Page): Promise<readonly string[]> {
  return page.locator(".group-letters").allTextContents();
}

export async function typeGroups({ page }: Profile, third: string, seventh: string, what = "Group"): Promise<void> {
  await page.getByLabel(`${what} 3`).fill(third);
  await page.getByLabel(`${what} 7`).fill(seventh);
  await press(page, "Check");
}

/** An account, its ceremony done; returns the recovery code. */
export async function create(profile: Profile): Promise<string> {
  const code = await toCode(profile);
  await press(profile.page, "I have kept it");
  await typeGroups(profile, code[2] ?? "", code[6] ?? "");
  await heading(profile, "Your account is ready");
  await profile.page.getByRole("button", { name: /^(?:Start|Keep)/ }).click();
  await composer(profile.page).waitFor();
  return code.join("-");
}

/** Come in on a browser that knows nothing. */
export async function recover(profile: Profile, code: string, label: string): Promise<void> {
  const { page } = profile;
  await press(page, "I have a recovery code");
  await page.getByLabel("Name of this device").fill(label);
  await page.getByLabel("Recovery code").fill(code);
  await press(page, "Open with the code");
  await composer(page).waitFor();
}

/** Go to a screen by the palette. */
export async function go({ page }: Profile, action: string): Promise<void> {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog").getByRole("combobox");
  await palette.fill(action);
  await palette.press("Enter");
}

/** Have everything uploaded and read now. */
export async function sync(profile: Profile): Promise<void> {
  await go(profile, "Devices");
  await press(profile.page, "Sync now");
  await profile.page.getByText(/Everything is saved/).waitFor();
}
