/** One person's settings, as they are kept and as they are shown. */

import { type Consent, type Settings, Theme } from "@privity/vault/contents/home";
import { Kind } from "@privity/vault/contents/schema";
import type { Values } from "@privity/vault/merge";

import { Refusal } from "../bridge/line.ts";
import type { SettingsView } from "../bridge/views.ts";
import { field } from "./fields.ts";
import type { Home } from "./home.ts";
import type { Id } from "./ids.ts";
import { kept } from "./limits.ts";

/** Seconds of idleness after which a client locks itself, unless a person chose otherwise. */
const LOCK_S = 900;
/** The consent that lets memories be sent with questions. */
const MEMORY = "memory";
const THEMES = ["system", "light", "dark"] as const;

/** What counts before anybody chose anything. */
export const DEFAULTS: Settings = {
  kind: Kind.SETTINGS, theme: field(Theme.SYSTEM), language: field(null), model: field(null), instructions: field(""),
  consents: field([]), lock: field(LOCK_S), titles: field(false), atOnce: field(false),
};

/** The settings and their id, null before they were written. Of several the smallest id counts. */
export function settingsOf(home: Home): { readonly id: Id | null; readonly content: Settings } {
  const [first] = [...home.all(Kind.SETTINGS)].sort(([one], [other]) => (one < other ? -1 : 1));
  return first === undefined ? { id: null, content: DEFAULTS } : { id: first[0], content: first[1] };
}

export function settingsView({ theme, language, model, instructions, lock, titles, atOnce, consents }: Settings): SettingsView {
  return {
    theme: THEMES[theme.value], language: language.value, model: model.value, instructions: instructions.value,
    lock: lock.value, titles: titles.value, atOnce: atOnce.value,
    memory: consents.value.some(([name]) => name === MEMORY),
  };
}

/** Write them. Raises Refusal `page.malformed` for a theme that there is not. */
export async function saveSettings(home: Home, view: Omit<SettingsView, "theme"> & { readonly theme: string }): Promise<void> {
  const theme = THEMES.findIndex((one) => one === view.theme);
  if (theme < 0) throw new Refusal("page.malformed", "theme");
  const { id, content } = settingsOf(home);
  const others = content.consents.value.filter(([name]) => name !== MEMORY);
  const consents: readonly Consent[] = view.memory ? [...others, [MEMORY, 1]] : others;
  const values: Values<Settings> = {
    theme: theme as Theme, language: view.language, model: view.model,
    instructions: kept(view.instructions, "instructions"), lock: view.lock,
    titles: view.titles, atOnce: view.atOnce, consents: consents.toSorted(([one], [other]) => (one < other ? -1 : 1)),
  };
  await home.edit(id ?? await home.add(DEFAULTS), Kind.SETTINGS, values);
}
