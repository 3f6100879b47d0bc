import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { csv } from "../../src/render/csv.ts";
import { formulaAt } from "../../src/render/formula.ts";
import { isPreviewable } from "../../src/render/languages.ts";
import { plainText } from "../../src/render/plain.ts";
import { documentOf } from "../../src/render/Preview.tsx";
import { pieces } from "../../src/render/Unformatted.tsx";
import { links, requests, shapes } from "./hostile.ts";
import { anyText } from "./texts.ts";

describe("words alone", () => {
  test.each([
    ["# A *title*\n\nand **words**", "A title\nand words"], ["[text](https://a.test) ![alt](x.png)", "text alt"],
    ["- a\n- b\n\n```\ncode\n```", "a\nb\ncode"],
    ["|a|b|\n|-|-|\n|1|2|", "a\tb\n1\t2"], ["$x$ and `y`", "x and y"], ["$$\nx\n$$", "x"], ["<b>x</b>", "<b>x</b>"],
    ["- [x] done", "done"], ["", ""],
    ["> quoted\n> text", "quoted\ntext"], ["[a][b]\n\n[b]: https://a.test", "a"], ["a\\*b &lt;", "a*b <"],
  ])("%j", (markdown, words) => expect(plainText(markdown)).toBe(words));

  test("of anything are a text", () => {
    fc.assert(fc.property(anyText, (text) => {
      expect(typeof plainText(text)).toBe("string");
    }));
    for (const text of [...links, ...requests, ...shapes]) expect(typeof plainText(text)).toBe("string");
  });
});

describe("formulas", () => {
  test.each([
    ["$x$", "x"], ["$\\alpha + \\$5$", "\\alpha + \\$5"], ["$$ x\ny $$", " x\ny "], ["\\(a_b\\)", "a_b"],
    ["\\[ a \\]", " a "], ["$a$, b", "a"], ["$f(x) = 2$.", "f(x) = 2"],
  ])("%s", (text, tex) => expect(formulaAt(text, "")?.tex).toBe(tex));

  test.each(["$5 and $10", "$5-$10", "$ x$", "$x $", "$", "$$$$", "$$ x\n\ny $$", "\\(", "\\( \\)", "$x\n\ny$",
  `$${"x".repeat(5_000)}$`, `$$${"x".repeat(5_000)}$$`])(
    "%s is none", (text) => expect(formulaAt(text, "")).toBeNull(),
  );

  test("money before a letter is none", () => expect(formulaAt("$5$", "S")).toBeNull());
});

describe("comma-separated values", () => {
  test("quotes what needs quotes", () => {
    expect(csv([["a", "b,c"], ["d\"e", "f\ng"], [" h", ""]])).toBe("a,\"b,c\"\r\n\"d\"\"e\",\"f\ng\"\r\n\" h\",");
  });

  test.each(["=1+1", "@x", "+x", "-x", "=HYPERLINK(\"https://a.test\")", "\t=1", "-1+1"])("%j runs as no formula", (cell) => {
    expect(csv([[cell]]).replace(/^"/, "")).toMatch(/^'/);
  });

  test.each(["-1", "+1.5", "-3 %", "-1,000.00"])("%s stays a number", (cell) => expect(csv([[cell]]).replaceAll("\"",
  "")).toBe(cell));
});

const OWN = "default-src 'none'; img-src data:";

describe("preview", () => {
  test("its policy comes first, and nothing in it reaches out", () => {
    for (const text of requests) {
      const made = documentOf(text);
      expect(made.startsWith(`<!doctype html><meta http-equiv="Content-Security-Policy" content="${OWN}">`)).toBe(true);
      expect(made.slice(made.indexOf("color-scheme")).replace(/^[^>]*>/,
      "")).not.toMatch(/<\/?(?:a|base|embed|form|iframe|link|meta|object|script)[\s/>]/i);
    }
  });

  test.each(["<link rel=x>", "<LINK\nrel=x>", "<meta/x>", "</script>", "<a\fhref=x>", "<script", "<iFrAmE>"])("%j", (text) => {
    expect(documentOf(text)).toContain(text.replace(/^<(\/?)/, "<$1off-"));
  });

  test("is offered for HTML and SVG alone", () => {
    expect([["HTML", "x"], ["SVG", "x"], ["XML", "<svg>"], ["XML", "<a>"],
    ["Python", "<svg>"]].map(([name, code]) => isPreviewable(name ?? "", code ?? "")))
      .toEqual([true, true, true, false, false]);
  });
});

test("plain text is cut where a line ends, and not inside a character", () => {
  const cut = pieces(`${"a".repeat(19_999)}\n${"🙂".repeat(30_000)}`);
  expect(cut[0]).toBe("a".repeat(19_999));
  expect(cut.slice(1).join("")).toBe("🙂".repeat(30_000));
  for (const piece of cut) expect(piece).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
  expect(pieces("short")).toEqual(["short"]);
});
