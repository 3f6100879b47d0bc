import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Block, Reader } from "../../src/render/blocks.ts";
import { coloured, colourable } from "../../src/render/colours.ts";
import { languageOf } from "../../src/render/languages.ts";
import { COLOURED_CODE, COLOURED_LINE, COLOURED_WORD } from "../../src/render/limits.ts";
import { lastCode } from "../../src/render/plain.ts";
import type { Shade } from "../../src/render/shades.ts";

const line = fc.oneof(
  fc.constantFrom(
    "", "x", "\tx", "  x", " \t x", "``", "~~", "- x", "> x", "# x", "$$", "|a|b|", "<p>", "x  ", "\u202e", "[a]: b",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, "")),
);
const lines = fc.array(line, { minLength: 1, maxLength: 6 }).map((found) => found.join("\n"));
const fence = fc.constantFrom("```", "~~~", "`````");
/** Code that does not close its own fence. */
const fenced = fc.tuple(fence, lines).filter(([mark, code]) => !code.split("\n").some((one) => one.trim().startsWith(mark)));

describe("code is exactly what was written", () => {
  test("in a block of its own", () => {
    fc.assert(fc.property(fenced, fc.constantFrom("", "js", "py title"), ([mark, code], info) => {
      expect(lastCode(`before\n\n${mark}${info}\n${code}\n${mark}\n\nafter`)).toBe(code);
      expect(lastCode(`${mark}${info}\n${code}`)).toBe(code.replace(/\r?\n$/, ""));
    }), { numRuns: 300 });
  });

  test("with tabs, inside a list, where its lines are not outdented", () => {
    const code = fc.array(fc.constantFrom("", "x", "\tx", "\t\tx\ty", "  x", "    x", "  \tx"), { minLength: 1, maxLength: 6 })
      .map((found) => found.join("\n")).filter((text) => text.trim() !== "");
    fc.assert(fc.property(code, fc.constantFrom("- ", "1. ", "10. "), fence, (text, mark, ticks) => {
      const inside = [`${ticks}go`, ...text.split("\n"),
      ticks].map((one) => one === "" ? "" : " ".repeat(mark.length) + one).join("\n");
      expect(lastCode(`${mark}first\n\n${inside}\n${mark}second`)).toBe(text);
    }), { numRuns: 300 });
  });

  test("inside a quote", () => {
    expect(lastCode("> ```go\n> func f() {\n> \treturn\n>\n> }\n> ```")).toBe("func f() {\n\treturn\n\n}");
  });

  test("while it comes: an open fence is code up to its last line", () => {
    const reader = new Reader();
    const kinds = (text: string): readonly Block[] => reader.next(text).blocks;
    expect(kinds("```py\nx = 1\n")).toMatchObject([{ kind: "code", info: "py", code: "x = 1" }]);
    expect(kinds("```py\nx = 1\n\ny")).toMatchObject([{ kind: "code", code: "x = 1\n\ny" }]);
    expect(kinds("```py\nx = 1\n\ny\n```\nz")).toMatchObject([{ kind: "code", code: "x = 1\n\ny" }, { kind: "markdown" }]);
  });

  test("a fence inside a longer fence, and one that no fence can be", () => {
    expect(lastCode("````md\n```js\nx\n```\n````")).toBe("```js\nx\n```");
    expect(lastCode("```a`b\nx")).toBeNull();
    expect(lastCode("  ```\n  x\n   y\n  ```")).toBe("x\n y");
  });

  test("a character that stands for tabs inside is kept where it was written", () => {
    expect(lastCode("- a\n\n  ```\n  \ufdd0\tx\n  ```")).toContain("\ufdd0");
  });
});

const textOf = (shades: readonly Shade[] | null): string | undefined =>
  shades?.map((shade) => typeof shade === "string" ? shade : textOf(shade.inside) ?? "").join("");
const LANGUAGES = [
  "bash", "cpp", "css", "go", "java", "javascript", "json", "python", "rust", "sql", "typescript", "xml",
] as const;

describe("colours", () => {
  test("change no character, in any language", async () => {
    const pieces = fc.array(fc.constantFrom(
      "if", "def f(x):", "class A {", "}", "\"", "'", "`", "/*", "*/", "//", "#", "<script>", "</script>", "<a b=\"", "${",
      "$(", "1e9", "0x", "\n", " ", "\\", "@x", "r#\"",
      "--", "<<EOF\n", "import", "<!--", "=>", "\u202e",
    ), { maxLength: 25 }).map((found) => found.join(""));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...LANGUAGES), pieces, async (language, code) => {
      const found = await coloured(language, code);
      expect(found === null ? code : textOf(found)).toBe(code);
    }), { numRuns: 300 });
  });

  test.each(LANGUAGES)("of %s are found", async (language) => {
    const found = await coloured(language, SAMPLES[language]);
    expect(textOf(found)).toBe(SAMPLES[language]);
    expect(found?.some((shade) => typeof shade !== "string")).toBe(true);
  });

  test("reach into scripts inside a page", async () => {
    expect(JSON.stringify(await coloured("xml", "<script>const x = 1;</script>"))).toContain("keyword");
  });

  test("are left out beyond the limits", async () => {
    expect(colourable("x\n".repeat(COLOURED_CODE / 2))).toBe(true);
    expect(await coloured("json", "1\n".repeat(COLOURED_CODE / 2 + 1))).toBeNull();
    expect(await coloured("json", "1 ".repeat(COLOURED_LINE))).toBeNull();
    expect(await coloured("json", "1".repeat(COLOURED_WORD + 1))).toBeNull();
  });
});

const SAMPLES: Readonly<Record<(typeof LANGUAGES)[number], string>> = {
  bash: "if [ -f x ]; then echo \"$HOME\"; fi", cpp: "int main() { return 0; } // end", css: "a:hover { color: #fff; }",
  go: "func main() { return }",
  java: "public class A { int x = 1; }", javascript: "const x = async () => `${y}`;", json: "{\"a\": [1, true, null]}",
  python: "def f(x):\n    return None  # no",
  rust: "fn main() { let x: u32 = 1; }", sql: "SELECT a FROM b WHERE c = 'd';",
  typescript: "interface A { readonly b: string }", xml: "<a href=\"x\">y</a>",
};

describe("names of languages", () => {
  test.each([
    ["python", "python", "Python"], ["PY", "python", "Python"], ["js title=\"x\"", "javascript", "JavaScript"],
    ["ts{1,2}", "typescript", "TypeScript"],
    ["c++", "cpp", "C++"], ["svg", "xml", "SVG"], ["", null, ""], ["brainfuck", null, "brainfuck"],
    ["constructor", null, "constructor"], ["__proto__ x", null, "__proto__"],
    ["x".repeat(100), null, "x".repeat(40)],
  ])("%s", (info, language, name) => expect(languageOf(info)).toEqual({ language, name }));
});
