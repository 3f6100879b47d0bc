/**
 * Feature 19 on every screen: axe finds nothing, in both themes.
 *
 * With PRIVITY_SCREENS, a folder, each screen is also kept as pictures: light and dark, 1280 and 390 px, English and Arabic.
 */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { AxeResults } from "axe-core";
import type { Page } from "playwright";
import { expect, test } from "vitest";

import { asGuest, otherWays, type Seen, throughAccount, toAccount, Walker } from "./walk.ts";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const FOLDER = process.env["PRIVITY_SCREENS"] ?? "";
const WIDTHS = [[1280, 800], [390, 780]] as const;
const WALK_MS = 600_000;

/** Each violation as `screen, theme: rule: element`. */
const found: string[] = [];
const names: string[] = [];

async function judge(page: Page, where: string): Promise<void> {
  await page.evaluate(AXE);
  const results = await page.evaluate((tags) => {
    const { axe } = globalThis as unknown as { axe: { run(root: Document, options: object): Promise<AxeResults> } };
    return axe.run(document, { runOnly: { type: "tag", values: tags } });
  }, RULES);
  for (const { id, nodes } of results.violations) {
    found.push(...nodes.map(({ target }) => `${where}: ${id}: ${target.join(" ")}`));
  }
}

function watching(language: string, judged: boolean): Seen {
  return async (name, page) => {
    names.push(name);
    const file = `${String(names.length).padStart(2, "0")}-${name.replaceAll(" ", "-")}`;
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      if (judged) await judge(page, `${name}, ${theme}`);
      for (const [width, height] of FOLDER === "" ? [] : WIDTHS) {
        await page.setViewportSize({ width, height });
        await page.screenshot({ path: join(FOLDER, `${language}-${theme}-${String(width)}-${file}.png`) });
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 800 });
  };
}

async function walk(language: string, judged: boolean): Promise<void> {
  names.length = 0;
  const walker = await Walker.begin(language, watching(language, judged));
  await asGuest(walker);
  await toAccount(walker);
  await throughAccount(walker);
  expect(walker.profile.faults).toEqual([]);
  const other = await Walker.begin(language, watching(language, judged));
  await otherWays(other);
  expect(names.length).toBeGreaterThanOrEqual(18);
}

test("19: axe finds nothing on any screen, light or dark", async () => {
  if (FOLDER !== "") mkdirSync(FOLDER, { recursive: true });
  await walk("en", true);
  if (FOLDER !== "") await walk("ar", false);
  expect(found).toEqual([]);
}, WALK_MS);
