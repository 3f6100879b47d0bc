/**
 * A server's process dies while an answer comes. The page picks the answer up by itself or keeps the part, says that it is
 * one and lets it be tried again; what was typed stays.
 */

import { readdirSync, readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { Profile } from "./browser.ts";
import { agree, composer, press } from "./people.ts";

const HOME = process.env["PRIVITY_HOME"] ?? "";
const DRAFT = "And this I am still typing";

/** The process of this installation that runs `role`; when it dies, it is started again. */
function processOf(role: string): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return command.includes(HOME) && command.includes(`-m ${role} `);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
  expect(pids.length).toBe(1);
  return Number(pids[0]);
}

/** Kill it in the very turn in which the first words stand in the page: a small model's answer is soon whole. */
async function killAtFirstWords({ page }: Profile, role: string): Promise<void> {
  const pid = processOf(role);
  await page.exposeFunction("killed", () => process.kill(pid, "SIGKILL"));
  await page.evaluate(() => {
    const { killed } = globalThis as unknown as { readonly killed: () => void };
    new MutationObserver((_changes, observer) => {
      if ((document.querySelector(".answer[aria-busy='true'] .prose")?.textContent ?? "").trim() === "") return;
      observer.disconnect();
      killed();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}

/** Try again as often as it is refused, as somebody does who waits for a server, until another answer is there. */
async function insist({ page }: Profile): Promise<void> {
  const again = page.locator("main .failed").getByRole("button", { name: /^(?:Try|Check) again$/ }).first();
  const another = page.locator("main .answer[aria-busy='true'] .prose").or(page.getByText("2 / 2"));
  await expect.poll(async () => {
    if (await again.isVisible()) await again.click({ timeout: 1000 }).catch(() => undefined);
    return another.count();
  }, { timeout: 100_000, interval: 500 }).toBeGreaterThan(0);
  await page.keyboard.press("Escape");
  await page.getByText("2 / 2").waitFor();
}

async function survived(role: string): Promise<void> {
  const profile = await Profile.open();
  const { page } = profile;
  await agree(profile);
  await killAtFirstWords(profile, role);
  await composer(page).fill("Tell me everything.");
  await composer(page).press("Enter");
  await composer(page).fill(DRAFT);
  const partial = page.locator("main").getByText(/^Partial/).first();
  const busy = page.locator(".answer[aria-busy='true']");
  await busy.waitFor();
  await busy.waitFor({ state: "detached", timeout: 60_000 });
  if (await partial.isVisible()) {
    await insist(profile);
    await press(page, "Previous version");
    await partial.waitFor();
  } else {
    // It is whole because it was asked for again, or resumed, and not because its beginning was taken for all of it.
    const runs = profile.requests.filter(({ url }) => /\/ec1\/(?:run|resume)$/.test(new URL(url).pathname));
    expect(runs.length).toBeGreaterThan(1);
  }
  expect(await composer(page).inputValue()).toBe(DRAFT);
  await profile.close();
}

test("the enclave dies in the middle: an answer comes, no part is called whole, and a draft stays", async () => {
  await survived("privity_enclave run");
});

test("the service dies in the middle: an answer comes, no part is called whole, and a draft stays", async () => {
  await survived("privity_service run");
});
