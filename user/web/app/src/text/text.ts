/**
 * What people read, in their language.
 *
 * A text is a string, or an object of plural forms that its `count` chooses (Intl.PluralRules). `{name}` stands for a value;
 * numbers are written as the language writes them.
 */

import { signal } from "@preact/signals";

import first from "./catalogs/en.ts";
import type rest from "./catalogs/en_rest.ts";
import type { Row } from "./reasons.ts";

export type Key = keyof typeof first | keyof typeof rest;
export type Plural = Readonly<Record<string, string>>;
export type Catalog = Readonly<Record<string, string | Plural>>;
export type Values = Readonly<Record<string, string | number>>;

/** Languages that have a catalog; `en-x-pseudo` lengthens and marks every text, for tests. */
export const LANGUAGES = ["en", "de", "ar", "en-x-pseudo"] as const;
export type Language = (typeof LANGUAGES)[number];

interface Chosen {
  readonly language: Language;
  readonly catalog: Catalog;
}

/** What is known of English: at first the texts of the first screen. */
let english: Catalog = first;
let whole: Promise<void> | null = null;
/** Stages of the appraisal by reason, once their texts are here. */
let stages: ReadonlyMap<string, string> = new Map();
let late: readonly Row[] = [];

const chosen = signal<Chosen>({ language: "en", catalog: english });

const LOADED: Readonly<Record<Language, () => Promise<Catalog>>> = {
  en: () => Promise.resolve(english),
  de: async () => (await import("./catalogs/de.ts")).default,
  ar: async () => (await import("./catalogs/ar.ts")).default,
  "en-x-pseudo": async () => (await import("./pseudo.ts")).pseudo(english),
};

/** The language that is shown. */
export function language(): Language {
  return chosen.value.language;
}

/** In which direction it is written. */
export function direction(of: Language = language()): "ltr" | "rtl" {
  return of === "ar" ? "rtl" : "ltr";
}

/** The first language with a catalog among those that a person prefers (BCP 47), else English. */
export function preferred(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const found = LANGUAGES.find((name) => name === one) ?? LANGUAGES.find((name) => name === one.split("-")[0]);
    if (found !== undefined) return found;
  }
  return "en";
}

/** Show another language from now on. */
export async function choose(next: Language): Promise<void> {
  if (next !== "en") await allTexts();
  chosen.value = { language: next, catalog: await LOADED[next]() };
}

/** Have the texts of every screen; a screen that is loaded when it is opened waits for them. */
export function allTexts(): Promise<void> {
  whole ??= import("./catalogs/en_rest.ts").then(({ default: more, LATE, STAGE_OF }) => {
    [late, stages] = [LATE, STAGE_OF];
    english = { ...english, ...more };
    if (language() === "en") chosen.value = { language: "en", catalog: english };
  }, (error: unknown) => {
    whole = null;
    throw error;
  });
  return whole;
}

/** The text of a key; English where a catalog lacks it. */
export function t(key: Key, values: Values = {}): string {
  const { catalog, language: shown } = chosen.value;
  const found = catalog[key] ?? english[key] ?? key;
  const form = typeof found === "string" ? found : pluralOf(found, shown, values["count"]);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => written(values[name], shown) ?? whole);
}

/** Entries of reasons beside those of the first screen; none before all texts are here. */
export function lateRows(): readonly Row[] {
  return late;
}

/** The stage of the appraisal that a reason belongs to; undefined for any other, and before all texts are here. */
export function stageOf(code: string): string | undefined {
  return stages.get(code);
}

/** Whether there is a text for a key that was computed, such as that of a reason code. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(english, key);
}

function pluralOf(forms: Plural, shown: Language, count: string | number | undefined): string {
  const rules = made(`plural ${shown}`, () => new Intl.PluralRules(localeOf(shown)));
  return forms[rules.select(typeof count === "number" ? count : 0)] ?? forms["other"] ?? "";
}

function written(value: string | number | undefined, shown: Language): string | undefined {
  // A Latin name within an Arabic sentence would otherwise take the words around it to its own side (Unicode TR 9, 3.1.1).
  if (typeof value !== "number") return value !== undefined && direction(shown) === "rtl" ? `\u2068${value}\u2069` : value;
  return made(`number ${shown}`, () => new Intl.NumberFormat(localeOf(shown))).format(value);
}

/** The tag for Intl. */
export function localeOf(shown: Language = language()): string {
  return shown === "en-x-pseudo" ? "en" : shown;
}

/** A moment as people write it; `style` says how much of it. */
export function moment(time: number, style: "time" | "day" | "full"): string {
  const how: Intl.DateTimeFormatOptions = style === "time" ? { timeStyle: "short" }
    : style === "day" ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  return made(`${style} ${language()}`, () => new Intl.DateTimeFormat(localeOf(), how)).format(time);
}

/** What writes a language's numbers and dates takes longer to make than to use: each is made once. */
const writers = new Map<string, unknown>();

function made<Writer>(name: string, make: () => Writer): Writer {
  const found = writers.get(name) ?? make();
  writers.set(name, found);
  return found as Writer;
}

/** How long ago, or how soon, `time` is at `now`, both in milliseconds. */
export function distance(time: number, now: number): string {
  const seconds = Math.round((time - now) / 1000);
  const format = made(`distance ${language()}`, () => new Intl.RelativeTimeFormat(localeOf(), { numeric: "auto" }));
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(seconds, "second");
}

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]] as const;

const STEPS = [{ unit: "megabyte", size: 1e6 }, { unit: "kilobyte", size: 1e3 }] as const;

/** Bytes as people write them. */
export function bytes(size: number): string {
  const step = STEPS.find(({ size: least }) => size >= least) ?? { unit: "byte", size: 1 };
  const how: Intl.NumberFormatOptions = { style: "unit", unit: step.unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(localeOf(), how).format(size / step.size);
}
