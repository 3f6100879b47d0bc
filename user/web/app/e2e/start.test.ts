/** The page is there, and what carries it is what the headers promise. */

import { expect, test } from "vitest";

import { HERE, Profile, sent } from "./browser.ts";
import { agree, answers, composer } from "./people.ts";

test("the page starts without a fault and reaches only its own origins", async () => {
  const profile = await Profile.open();
  await profile.page.waitForSelector("main");
  expect(profile.faults).toEqual([]);
  expect(sent.length).toBeGreaterThan(0);
  expect([...new Set(sent.map(({ url }) => new URL(url).origin))]).toEqual([HERE]);
});

test("a worker that does not start is told, and started by hand; what was typed meanwhile is asked then", async () => {
  for (const name of ["vault", "channel"]) {
    const profile = await Profile.open({ path: null });
    const { page } = profile;
    let broken = true;
    profile.wire.alterWhere((path) => broken && path.startsWith(`/assets/${name}-`), () => Buffer.from("changed"));
    await page.goto("/");
    await composer(page).fill("Typed while a part was missing");
    const again = page.locator(".notice").getByRole("button", { name: "Try again" });
    await again.waitFor();
    broken = false;
    await again.click();
    await again.waitFor({ state: "detached" });
    await agree(profile);
    expect(await composer(page).inputValue()).toBe("Typed while a part was missing");
    await composer(page).press("Enter");
    await answers(page).first().waitFor();
    await profile.close();
  }
});

test("a worker that dies while an answer is on its way: the question stays, and is answered when it is tried again", async () => {
  const profile = await Profile.open({ before: () => {
    // Each worker that the page starts stands by its name where the test can reach it.
    const held: Record<string, Worker> = {};
    Object.assign(globalThis, { held });
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        held[options?.name ?? ""] = this;
      }
    };
  } });
  const { page } = profile;
  await agree(profile);
  // In the very turn in which the answer is begun: that of a small model is soon whole.
  await page.evaluate(() => {
    const { held } = globalThis as unknown as { readonly held: Record<string, Worker> };
    new MutationObserver((_changes, observer) => {
      if (document.querySelector(".answer[aria-busy='true']") === null) return;
      observer.disconnect();
      held["channel"]?.dispatchEvent(new Event("error"));
    }).observe(document.body, { subtree: true, childList: true });
  });
  await composer(page).fill("Tell me everything");
  await composer(page).press("Enter");
  const again = page.locator("main").getByRole("button", { name: "Try again" });
  await again.waitFor();
  // The one that was started in its place has met the enclave.
  await page.getByText(/^Test enclave, checked/).waitFor();
  await again.click();
  await answers(page).first().waitFor();
  expect(await page.locator(".notice").allTextContents()).toEqual([]);
});
