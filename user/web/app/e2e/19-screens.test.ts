/**
 * Feature 19 on every screen: axe finds nothing, in both themes.
 *
 * With PRIVITY_SCREENS, a folder, each screen is also kept as pictures: light and dark, 1280 and 390 px, English and Arabic.
 */

import { expect, test } from "vitest";

import { FOLDER, look } from "./judging.ts";
import { asGuest, otherWays, type Seen, throughAccount, toAccount, Walker } from "./walk.ts";

const WALK_MS = 600_000;

const found: string[] = [];
const names: string[] = [];

function watching(language: string, judged: boolean): Seen {
  return async (name, page) => {
    names.push(name);
    const file = `${String(names.length).padStart(2, "0")}-${name.replaceAll(" ", "-")}`;
    found.push(...await look(page, { name, file, language, judged }));
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
  await walk("en", true);
  if (FOLDER !== "") await walk("ar", false);
  expect(found).toEqual([]);
}, WALK_MS);
