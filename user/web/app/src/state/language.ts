/** In which language the page speaks, and from which side it is read. */

import { choose, direction, type Language, language, LANGUAGES, localeOf, preferred } from "../text/text.ts";
import { overview } from "./app.ts";
import { failed } from "./failing.ts";
import { ports } from "./ports.ts";
import { remember, remembered } from "./remembered.ts";

/** Speak as this browser is set, before the first paint of anything with words. */
export async function speak(): Promise<void> {
  await show(wanted(remembered.value.language));
}

/** Choose a language here, and, with an account that is open, for its other devices; null: what the browser prefers. */
export async function chooseLanguage(next: string | null): Promise<void> {
  await followLanguage(next);
  const shown = overview.value;
  if (shown === null || shown.settings.language === next) return;
  const settings = { ...shown.settings, language: next };
  overview.value = { ...shown, settings };
  await ports().vault.ask("saveSettings", settings).catch((error: unknown) => failed(error));
}

/** Speak another language from now on, here and when this browser loads the page again; null: what the browser prefers. */
export async function followLanguage(next: string | null): Promise<void> {
  if (next !== remembered.value.language) remember({ language: next });
  await show(wanted(next));
}

function wanted(chosen: string | null): Language {
  return LANGUAGES.find((one) => one === chosen) ?? preferred(navigator.languages);
}

async function show(next: Language): Promise<void> {
  if (next !== language()) await choose(next);
  document.documentElement.lang = localeOf(next);
  document.documentElement.dir = direction(next);
}
