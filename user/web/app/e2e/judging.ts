/** A screen looked at in both themes: what axe finds, and pictures of it where PRIVITY_SCREENS names a folder. */

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { AxeResults } from "axe-core";
import type { Page } from "playwright";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const FOLDER = process.env["PRIVITY_SCREENS"] ?? "";
const WIDTHS = [[1280, 800], [390, 780]] as const;

export interface Look {
  /** What the screen is called in what is found, and its pictures' names end with. */
  readonly name: string;
  readonly file: string;
  readonly language: string;
  /** Whether axe is asked. */
  readonly judged: boolean;
}

/** Each violation as `screen, theme: rule: element`. The page is left light and 1280 px wide. */
export async function look(page: Page, { name, file, language, judged }: Look): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    if (judged) found.push(...await violations(page, `${name}, ${theme}`));
    for (const [width, height] of FOLDER === "" ? [] : WIDTHS) {
      mkdirSync(FOLDER, { recursive: true });
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: join(FOLDER, `${language}-${theme}-${String(width)}-${file}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
  return found;
}

async function violations(page: Page, where: string): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate((tags) => {
    const { axe } = globalThis as unknown as { axe: { run(root: Document, options: object): Promise<AxeResults> } };
    return axe.run(document, { runOnly: { type: "tag", values: tags } });
  }, RULES);
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${where}: ${id}: ${target.join(" ")}`));
}
