/** No HTML string exists at any point: nothing in the client's sources can make markup or code from a text. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "../../src");
const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));

const SINKS = new RegExp([
  "innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "srcdoc", "createContextualFragment", "setHTML",
  "parseHTMLUnsafe", "DOMParser",
  "document\\.write", "\\beval\\(", "new Function\\b", "renderToString", "toMarkup", "createHTML", "createScript\\b",
].join("|"));

describe("markup from a text", () => {
  test.each(files)("%s makes none", (name) => {
    const code = readFileSync(join(SOURCES, name), "utf8").replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    expect(code.split("\n").filter((line) => SINKS.test(line))).toEqual([]);
  });

  test("of marked only the lexer is taken", () => {
    const taken = files.filter((name) => name.startsWith("render")).flatMap((name) => {
      const found = /import(?: type)? \{([^}]*)\} from "marked"/.exec(readFileSync(join(SOURCES, name), "utf8"))?.[1] ?? "";
      return found.split(",").map((one) => one.trim()).filter((one) => one !== "" && !one.startsWith("type "));
    }).filter((name) => !["MarkedToken", "Token", "Tokens"].includes(name));
    expect([...new Set(taken)].toSorted()).toEqual(["Lexer", "Tokenizer", "getDefaults"]);
  });

  test("what is large is loaded when it is needed", () => {
    for (const name of files) {
      const code = readFileSync(join(SOURCES, name), "utf8");
      const libraries = /^(?:import|export) (?!type\b)[^;]*? from "(?:highlight\.js|katex)[^"]*"/m;
      const modules = /^(?:import|export) (?!type\b)[^;]*? from "[^"]*\/(?:typeset|colours|Preview)\.tsx?"/m;
      if (!name.endsWith("typeset.ts")) expect(libraries.exec(code)?.[0], name).toBeUndefined();
      expect(modules.exec(code)?.[0], name).toBeUndefined();
    }
  });
});
