/** Prompts that a person kept: found by `/` and a few letters, with blanks that are asked for. */

import type { PromptRow } from "../bridge/views.ts";
import { failed, tried } from "./failing.ts";
import { ports } from "./ports.ts";

const BLANK = /\{\{\s*([^{}\n]{1,64}?)\s*\}\}/g;
/** `/` at the beginning of what is written, and letters up to the caret. */
const CALL = /^\/(\S*)$/u;

/** The names of the blanks of a prompt, `{{like this}}`, each once. */
export function blanksOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(BLANK)].map(([, name]) => name ?? ""))];
}

/** The prompt with its blanks filled in; one without a value stays as it is. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(BLANK, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || value === "" ? whole : value;
  });
}

/** The letters after the `/` that begins the text before the caret; null: no prompt is being called. */
export function calling(beforeCaret: string): string | null {
  return CALL.exec(beforeCaret)?.[1] ?? null;
}

/** The prompts for these letters: those whose shortcut begins with them first, then those whose title has them. */
export function promptsFor(prompts: readonly PromptRow[], letters: string): readonly PromptRow[] {
  const sought = letters.toLocaleLowerCase();
  const rank = ({ shortcut, title }: PromptRow): number => {
    if (shortcut.toLocaleLowerCase().startsWith(sought)) return 0;
    return title.toLocaleLowerCase().includes(sought) ? 1 : 2;
  };
  return prompts.filter((one) => rank(one) < 2)
    .sort((left, right) => rank(left) - rank(right) || left.title.localeCompare(right.title));
}

/** Keep a prompt, new or changed; returns its id, null when that failed. */
export async function savePrompt(id: string | null, { title, text, shortcut }: Omit<PromptRow, "id">): Promise<string | null> {
  try {
    return await ports().vault.ask("savePrompt", { prompt: id, title: title.trim(), text, shortcut: shortcut.trim() });
  } catch (error) {
    failed(error);
    return null;
  }
}

export async function removePrompt(prompt: string): Promise<void> {
  await tried(() => ports().vault.ask("removeItem", { item: prompt }));
}
