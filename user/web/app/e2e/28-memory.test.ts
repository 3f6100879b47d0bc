/** Feature 28: each memory is seen, changed and deleted by its person, a chat can be left out, and what was sent is shown. */

import { beforeAll, expect, test } from "vitest";

import { HERE, Profile, sent } from "./browser.ts";
import { agree, answers, composer, create, go, press } from "./people.ts";

const TEA = "I drink sencha from Uji.";
const BEES = "My bees fly in Aarhus.";
let profile: Profile;

beforeAll(async () => {
  profile = await Profile.open();
  await agree(profile);
  await create(profile);
});

async function remember(text: string): Promise<void> {
  const dialog = profile.page.getByRole("dialog");
  await dialog.getByLabel("What to remember").fill(text);
  await press(dialog, "Save");
  await dialog.waitFor({ state: "detached" });
}

/** Ask, and stop the answer at its first words: a model made of chance may go on for long. */
async function ask(text: string): Promise<void> {
  const { page } = profile;
  const before = await answers(page).count();
  await composer(page).fill(text);
  await composer(page).press("Enter");
  const answer = answers(page).nth(before);
  await answer.waitFor();
  const ended = page.locator("main .answer:not([aria-busy])").nth(before);
  await answer.locator(".prose", { hasText: /\S/ }).or(ended).first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".answer[aria-busy='true']").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
}

async function settings(): Promise<void> {
  await go(profile, "Settings");
  await profile.page.getByRole("tab", { name: "Memory" }).click();
}

/** What went with the answers in sight, by the buttons that say so. */
const told = () => profile.page.getByRole("button", { name: /memor(?:y was|ies were) sent/ });

test("28: nothing is sent before memory is on; then each answer shows what was, and a chat can be left out", async () => {
  const { page } = profile;
  await settings();
  await press(page, "Add a memory");
  await remember(TEA);
  await page.getByRole("listitem").filter({ hasText: TEA }).waitFor();
  await go(profile, "New chat");
  await ask("Which tea?");
  expect(await told().count()).toBe(0);
  await settings();
  await page.getByLabel("Send memories with questions").click();
  await go(profile, "New chat");
  await page.getByRole("button", { name: "Memory is sent here" }).waitFor();
  await ask("Which sencha?");
  await told().first().click();
  expect(await page.getByRole("dialog").locator(".memory-text").allTextContents()).toEqual([TEA]);
  await page.keyboard.press("Escape");
  await press(page, "Memory is sent here");
  await page.getByRole("button", { name: "No memory is sent here" }).waitFor();
  await ask("And now?");
  expect(await told().count()).toBe(1);
  await go(profile, "New chat");
  await page.getByRole("button", { name: "Memory is sent here" }).waitFor();
  await go(profile, "Temporary chat");
  await page.getByRole("button", { name: "No memory is sent here" }).waitFor();
});

test("28: a message is remembered as its person writes it, changed and deleted, and leaves this device sealed", async () => {
  const { page } = profile;
  await go(profile, "New chat");
  await ask("My bees need water");
  await page.locator(".message-mine").getByRole("button", { name: "Remember this" }).click();
  expect(await page.getByRole("dialog").getByLabel("What to remember").inputValue()).toBe("My bees need water");
  await remember(BEES);
  await settings();
  const row = (text: string) => page.getByRole("listitem").filter({ hasText: text });
  await row(BEES).filter({ hasText: "From “My bees need water”" }).waitFor();
  await press(page, `Edit “${TEA}”`);
  await remember("I drink water.");
  await row("I drink water.").waitFor();
  await press(page, `Delete “${BEES}”`);
  await row(BEES).waitFor({ state: "detached" });
  expect(await row(TEA).count()).toBe(0);
  await go(profile, "Devices");
  await press(page, "Sync now");
  await page.getByText(/Everything is saved/).waitFor();
  expect(profile.faults).toEqual([]);
  const bodies = sent.map(({ body }) => body.toString("latin1")).join("\n");
  for (const said of [TEA, BEES, "sencha", "Aarhus"]) {
    for (const spelled of [said, Buffer.from(said).toString("hex")]) expect(bodies.includes(spelled), spelled).toBe(false);
  }
  expect(sent.every(({ url }) => new URL(url, HERE).hostname === new URL(HERE).hostname)).toBe(true);
});
