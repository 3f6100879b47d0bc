/** A language that nobody speaks: longer than English and marked, so that a text outside the catalogs shows at once. */

import type { Catalog } from "./text.ts";

const ACCENTS: Readonly<Record<string, string>> = {
  a: "á", e: "é", i: "í", o: "ó", u: "ú", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú", n: "ñ", c: "ç", y: "ý",
};
/** German and Finnish texts are about a third longer than English ones. */
const LONGER = 0.35;

/** The pseudo-locale of a catalog; values in braces stay. */
export function pseudo(catalog: Catalog): Catalog {
  return Object.fromEntries(Object.entries(catalog).map(([key, text]) => [key, typeof text === "string"
    ? marked(text)
    : Object.fromEntries(Object.entries(text).map(([form, one]) => [form, marked(one)]))]));
}

function marked(text: string): string {
  const accented = text.replace(/\{\w+\}|[a-zA-Z]/g, (one) => ACCENTS[one] ?? one);
  return `[${accented}${"·".repeat(Math.ceil(text.length * LONGER))}]`;
}
