/* global window */
// The built client in Chromium against a running installation: node app/bench/client.mjs ADDRESS MESSAGES ROUNDS.
// Prints JSON, times in ms, the page's thread slowed four times.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright";

import { findChromium } from "../../bench/chromium.mjs";
import { agree, composer, create, go, press } from "../e2e/people.ts";
import { conversations, LONG, SHORT, SOUGHT } from "./chats.mjs";
import { lookOn, markSteps, opened } from "./inside.mjs";
import { CATEGORIES, steps } from "./trace.mjs";

const SLOWER = 4;
const TYPED = "forty letters typed into this composer!!";
const BETWEEN_KEYS = 60;
const BROWSER_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
];
const AUTHENTICATOR = {
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true, hasPrf: true,
};
/** An import of many messages takes minutes on a busy machine. */
const IMPORT_MS = 900_000;
const PATIENCE_MS = 60_000;

async function device(browser, address) {
  const context = await browser.newContext({ baseURL: address });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(lookOn);
  return context;
}

async function slow(page, rate = SLOWER) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
  return session;
}

/** From the beginning of a navigation to a composer that takes letters; everything is in the caches. */
async function interactive(browser, address, rounds) {
  const context = await device(browser, address);
  const first = await context.newPage();
  await first.goto("/");
  await composer(first).waitFor();
  await first.evaluate(() => window.navigator.serviceWorker.ready.then(() => undefined));
  await first.waitForLoadState("networkidle");
  await first.close();
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await context.newPage();
    await slow(page);
    await page.goto("/");
    await page.waitForFunction(() => window.seen.interactive !== null);
    times.push(await page.evaluate(() => window.seen.interactive));
    await composer(page).pressSequentially("a");
    if (await composer(page).inputValue() !== "a") throw new Error("the composer was there and took no letter");
    await page.close();
  }
  await context.close();
  return times;
}

/** An account with so many messages; the page it is open in. */
async function person(browser, address, messages) {
  const page = await (await device(browser, address)).newPage();
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable", { enableUI: false });
  await session.send("WebAuthn.addVirtualAuthenticator", { options: AUTHENTICATOR });
  await page.goto("/");
  const profile = { page };
  await agree(profile);
  await create(profile);
  await go(profile, "Import and export");
  const folder = mkdtempSync(join(tmpdir(), "privity-web-"));
  try {
    const path = join(folder, "conversations.json");
    writeFileSync(path, JSON.stringify(conversations(messages)));
    await page.locator(".drop input[type=file]").setInputFiles(path);
    await page.getByRole("button", { name: /^Import .* chats$/ }).click();
    await page.getByText("Imported. You find the chats under Archived.").waitFor({ timeout: IMPORT_MS });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return profile;
}

async function typing({ page }) {
  await composer(page).focus();
  await page.evaluate(() => { window.seen.keys.length = 0; });
  await page.keyboard.type(TYPED, { delay: BETWEEN_KEYS });
  await page.waitForFunction((count) => window.seen.keys.length === count, TYPED.length);
  const times = await page.evaluate(() => window.seen.keys);
  await composer(page).fill("");
  return times;
}

/** Opening either chat, the other before it, and typing there. The first opening of each also loads what draws it. */
async function reading(profile, rounds) {
  const { page } = profile;
  await press(page, "Archived");
  const found = { short: { opened: [], keys: [] }, long: { opened: [], keys: [] } };
  const session = await slow(page);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, { title }] of [["short", SHORT], ["long", LONG]]) {
      await page.evaluate(opened, `END OF ${title}`);
      await page.locator(".listed-link", { hasText: title }).click();
      const time = await page.evaluate(() => window.opened);
      await page.waitForTimeout(1000);
      const keys = await typing(profile);
      if (round > 0) {
        found[name].opened.push(time);
        found[name].keys.push(...keys);
      }
    }
  }
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return found;
}

/**
 * What the page's thread does for a long answer, frame by frame, taken four times instead of slowed four times: Chromium slows
 * a thread by the wall clock, so on a busy machine by more than it says.
 */
async function streaming(browser, profile) {
  const { page } = profile;
  await press(page, "New chat");
  await composer(page).fill("Tell me everything, at length.");
  await page.evaluate(markSteps);
  await browser.startTracing(page, { categories: CATEGORIES });
  await composer(page).press("Enter");
  await page.evaluate(() => window.answered);
  const data = await browser.stopTracing();
  const text = await page.locator("main .answer .prose").first().innerText();
  return { letters: text.length, steps: steps(data).map((time) => time * SLOWER) };
}

async function searching(profile, rounds) {
  const { page } = profile;
  await go(profile, "Search");
  const field = page.locator(".search-fields input");
  await field.fill("jar");
  await page.locator(".found li").first().waitFor({ timeout: IMPORT_MS });
  const session = await slow(page);
  const found = {};
  for (const [name, word] of Object.entries(SOUGHT)) {
    await page.evaluate(() => { window.seen.searches.length = 0; });
    for (let round = 1; round <= rounds; round += 1) {
      await field.fill("");
      await field.fill(word);
      await page.waitForFunction((count) => window.seen.searches.length === count, round);
    }
    found[name] = await page.evaluate(() => window.seen.searches);
  }
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return found;
}

const [, , address, messages, rounds] = process.argv;
const executablePath = findChromium();
if (executablePath === null) {
  console.log(JSON.stringify(null));
} else {
  const browser = await chromium.launch({ executablePath, args: BROWSER_FLAGS });
  try {
    const count = Number(rounds);
    const started = await interactive(browser, address, count);
    const began = performance.now();
    const profile = await person(browser, address, Number(messages));
    const prepared = performance.now() - began;
    const read = await reading(profile, count);
    const streamed = await streaming(browser, profile);
    const searched = await searching(profile, count);
    console.log(JSON.stringify({ interactive: started, prepared, ...read, streamed, searched }));
  } finally {
    await browser.close();
  }
}
