/** Every text stands in a catalog, in each language, with the same blanks, and is used. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";
import { describe, expect, test } from "vitest";

import { type Catalog, type Plural } from "../../src/text/text.ts";

const SRC = join(import.meta.dirname, "../../src");
const CATALOGS = join(SRC, "text/catalogs");
const LANGUAGES = ["en", "de", "ar"] as const;
/** The product's name, the key that calls prompts, and signs. */
const NO_WORDS = /^(?:Privity|[^\p{L}]*)$/u;
const SPOKEN = /^(?:aria-label|aria-valuetext|title|placeholder|alt|label|name|hint|lead)$/;

function read(language: string): Catalog {
  const folder = join(CATALOGS, language);
  const areas = readdirSync(folder).map((file): unknown => JSON.parse(readFileSync(join(folder, file), "utf8")));
  return Object.assign({}, ...areas) as Catalog;
}

const catalogs = new Map(LANGUAGES.map((language) => [language, read(language)]));
const english = read("en");
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("text/catalogs"))
  .map((path) => ({ path, code: readFileSync(join(SRC, path), "utf8") }));

function formsOf(text: string | Plural): readonly string[] {
  return typeof text === "string" ? [text] : Object.values(text);
}

function blanksOf(text: string | Plural): string {
  const blanks = formsOf(text).flatMap((form) => form.match(/(?<!\{)\{\w+\}(?!\})/g) ?? []);
  return [...new Set(blanks)].sort().join(" ");
}

describe.each(LANGUAGES)("in %s", (language) => {
  const catalog = catalogs.get(language) ?? {};

  test("is every text, and no other", () => expect(Object.keys(catalog).sort()).toEqual(Object.keys(english).sort()));

  test("texts have the same blanks", () => {
    const other = Object.entries(catalog).filter(([key, text]) => blanksOf(text) !== blanksOf(english[key] ?? ""));
    expect(other.map(([key]) => key)).toEqual([]);
  });

  test("numbers have every form that the language tells apart, and no text is empty", () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, text] of Object.entries(catalog)) {
      if (typeof text !== "string") expect([key, Object.keys(text).sort()]).toEqual([key, forms]);
      for (const form of formsOf(text)) expect(form.trim(), key).not.toBe("");
    }
  });
});

test("every text is used", () => {
  const literal = new Set(sources.flatMap(({ code }) => [...code.matchAll(/["'`]([a-z]+\.[\w.]+)["'`]/g)].map(([, key]) => key)));
  const begun = sources.flatMap(({ code }) => [...code.matchAll(/`([a-z]+\.[\w.]*)\$\{/g)].map(([, key]) => key ?? ""));
  const unused = Object.keys(english).filter((key) => !literal.has(key) && !begun.some((prefix) => key.startsWith(prefix)));
  expect(unused).toEqual([]);
});

test("no text stands outside of the catalogs", () => {
  const found: string[] = [];
  for (const { path, code } of sources.filter((one) => one.path.endsWith(".tsx"))) {
    const file = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
    const look = (node: ts.Node): void => {
      if (ts.isJsxText(node) && !NO_WORDS.test(node.text.trim())) found.push(`${path}: ${node.text.trim()}`);
      if (ts.isJsxAttribute(node) && SPOKEN.test(node.name.getText(file)) && node.initializer !== undefined
        && ts.isStringLiteral(node.initializer) && /\s|^\p{Lu}/u.test(node.initializer.text)) {
        found.push(`${path}: ${node.getText(file)}`);
      }
      node.forEachChild(look);
    };
    look(file);
  }
  expect(found).toEqual([]);
});
