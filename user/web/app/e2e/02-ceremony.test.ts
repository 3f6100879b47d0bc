/** Feature 2: no chat is saved before the typed-in code has opened the account. Each kind of authenticator by what it answers. */

import { expect, test } from "vitest";

import { Profile, sent } from "./browser.ts";
import { agree, ask, composer, groups, heading, press, pressByKey, toCode, typeGroups } from "./people.ts";

const SAID = "Zwiebelfisch an guest's own table";

/** In the page: what a passkey's PRF answers is noted, and answered otherwise once a test said so. */
function watched(): void {
  type Told = (this: PublicKeyCredential) => AuthenticationExtensionsClientOutputs;
  const told = Object.getOwnPropertyDescriptor(PublicKeyCredential.prototype, "getClientExtensionResults")?.value as Told;
  const noted: string[] = [];
  Object.assign(globalThis, { noted });
  PublicKeyCredential.prototype.getClientExtensionResults = function answered() {
    const outputs = told.call(this);
    const first = outputs.prf?.results?.first;
    if (!(first instanceof ArrayBuffer)) return outputs;
    const bytes = new Uint8Array(first);
    noted.push(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    if ("unstable" in globalThis) bytes[0] = noted.length;
    return outputs;
  };
}

function unstable(): void {
  Object.assign(globalThis, { unstable: true });
}

/** Chats and keys that this browser keeps: entries of every database, by its name. */
async function kept({ page }: Profile): Promise<Readonly<Record<string, number>>> {
  return page.evaluate(async () => {
    const found: Record<string, number> = {};
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
      });
      for (const store of database.objectStoreNames) {
        found[`${name.split("-").slice(0, 2).join("-")}/${store}`] = await new Promise((resolve) => {
          const counting = database.transaction(store).objectStore(store).count();
          counting.onsuccess = () => resolve(counting.result);
        });
      }
      database.close();
    }
    return found;
  });
}

test("2: a guest's chat outlives a ceremony that is left, and is saved once the code was typed", async () => {
  const profile = await Profile.open({ before: watched });
  const { page } = profile;
  await agree(profile);
  await ask(profile, SAID);

  const left = await toCode(profile);
  await press(page, "Back");
  await page.getByText(SAID).first().waitFor();
  await expect.poll(() => kept(profile)).not.toHaveProperty("privity-devices/devices", 1);

  const code = await toCode(profile);
  expect(code).not.toEqual(left);
  await press(page, "I have kept it");
  await typeGroups(profile, "0000", code[6] ?? "");
  await page.getByText("These groups").waitFor();
  expect(Object.entries(await kept(profile)).filter(([name, count]) => name.endsWith("/rows") && count > 0)).toEqual([]);
  await page.getByLabel("Group 3").fill((code[2] ?? "").toLowerCase());
  await press(page, "Check");
  await heading(profile, "Your account is ready");
  await press(page, "Keep this chat");
  await page.getByText(SAID).first().waitFor();

  await page.reload();
  await heading(profile, "Locked");
  expect(await page.content()).not.toContain(SAID);
  await press(page, "Unlock with passkey");
  await composer(page).waitFor();
  await page.getByText(SAID).first().waitFor();

  const answers = await page.evaluate(() => (globalThis as { noted?: string[] }).noted ?? []);
  expect(answers.length).toBeGreaterThan(0);
  const out = sent.map(({ url, body }) => `${url} ${body.toString("latin1")} ${body.toString("hex")}`).join("\n");
  for (const secret of [SAID, code.join("-"), code.slice(0, 8).join(""), ...answers]) expect(out.includes(secret)).toBe(false);
  expect(profile.faults).toEqual([]);
});

test("2: an authenticator that answers late is asked behind a button until two answers agree; keys alone suffice", async () => {
  const profile = await Profile.open({ authenticator: "late" });
  const { page } = profile;
  await page.getByRole("button", { name: "Sign in with passkey" }).waitFor();
  await pressByKey(page, "Create account");
  await heading(profile, "Create account");
  await pressByKey(page, "Create passkey");
  for (const kept = page.getByRole("button", { name: "I have kept it" }); !await kept.isVisible();) {
    await page.getByRole("button", { name: "Finish with my passkey" }).or(kept).first().waitFor();
    if (!await kept.isVisible()) await pressByKey(page, "Finish with my passkey").catch(() => undefined);
  }
  const code = await groups(page);
  await pressByKey(page, "I have kept it");
  await page.getByLabel("Group 3").waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
  await page.keyboard.type(code[2] ?? "");
  await page.keyboard.press("Tab");
  await page.keyboard.type(code[6] ?? "");
  await page.keyboard.press("Enter");
  await heading(profile, "Your account is ready");
  await pressByKey(page, "Start");
  await composer(page).waitFor();
  expect(await profile.passkeys()).toBe(1);
  await page.keyboard.press("Control+Shift+L");
  await heading(profile, "Locked");
  await pressByKey(page, "Unlock with passkey");
  await composer(page).waitFor();
});

test("2: an authenticator without an answer signs in, and seven words open", async () => {
  const profile = await Profile.open({ authenticator: "none" });
  const { page } = profile;
  // Words become a key slowly, as they must, and more so on a busy machine.
  page.setDefaultTimeout(120_000);
  await press(page, "Create account");
  await press(page, "Create passkey");
  await press(page, "Finish with my passkey");
  await heading(profile, "Seven words instead");
  await page.getByLabel("Keep unlocked on this device").click();
  await press(page, "Use seven words");
  await heading(profile, "Your seven words");
  const words = await groups(page);
  expect(words).toHaveLength(7);
  await press(page, "I have kept them");
  await typeGroups(profile, words[2] ?? "", "wrong", "Word");
  await page.getByRole("alert").filter({ hasText: "words" }).waitFor();
  await typeGroups(profile, words[2] ?? "", words[6] ?? "", "Word");
  await heading(profile, "Your recovery code");
  const code = await groups(page);
  await press(page, "I have kept it");
  await typeGroups(profile, code[2] ?? "", code[6] ?? "");
  await heading(profile, "Your account is ready");
  await page.reload();
  await heading(profile, "Locked");
  await press(page, "Unlock with passkey");
  await page.getByLabel("Your seven words").first().fill(words.join(" "));
  await press(page, "Open with passkey and words");
  await composer(page).waitFor();
}, 400_000);

test("2: an authenticator that does not answer the same twice opens nothing, and nothing is stored", async () => {
  const profile = await Profile.open({ before: watched });
  const { page } = profile;
  await page.evaluate(unstable);
  await press(page, "Create account");
  await press(page, "Create passkey");
  await press(page, "Finish with my passkey");
  await page.getByText("does not give the same key twice").waitFor();
  expect(profile.requests.filter(({ url }) => url.endsWith("/account/finish"))).toEqual([]);
  await press(page, "Back");
  await composer(page).waitFor();
  expect(await kept(profile)).not.toHaveProperty("privity-devices/devices", 1);
});

test("2: an owner who is not recognised, or who puts the question away, is told so and finds nothing changed", async () => {
  const profile = await Profile.open();
  const { page } = profile;
  await profile.recognise(false);
  await press(page, "Create account");
  await press(page, "Create passkey");
  await page.getByText("No passkey was used.").waitFor();
  await profile.recognise(true);
  await profile.touch(false);
  await press(page, "Try again");
  await page.getByText("Waiting for your passkey").waitFor();
  await press(page, "Cancel");
  await page.getByText("No passkey was used.").waitFor();
  expect(await profile.passkeys()).toBe(0);
  await press(page, "Back");
  await composer(page).waitFor();
  expect(profile.faults).toEqual([]);
});
