import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { notation, reveal } from "../../src/render/characters.ts";
import { resolve } from "../../src/render/references.ts";
import { HIDDEN_MARKS } from "../../src/render/limits.ts";

const text = (found: ReturnType<typeof reveal>): string =>
  found.map((piece) => typeof piece === "string" ? piece : String.fromCodePoint(piece.code ?? 0).repeat(piece.count)).join("");
const seen = (found: ReturnType<typeof reveal>): string => found.filter((piece) => typeof piece === "string").join("");

const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const CODE_HIDDEN = /\u00ad|\u034f|\u061c|\u180e|[\u200b\u200c\u200e\u200f]|[\u202a-\u202e]|[\u2060-\u206f]|\ufeff|\u{e0101}/u;
const anything = fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.constantFrom(
  "a", "ب", "क", "👩", "🏴", "\u200c", "\u200d", "\ufe0f", "\u202e", "\u2066", "\u200b", "\u{e0067}", "\u{e007f}", "\u00ad",
  "\ufeff", "\u{e0101}", "\t", "\n", "1",
)).map((found) => found.join("")));

describe("hidden characters", () => {
  test("in the open no bidirectional control remains, and nothing is lost", () => {
    fc.assert(fc.property(anything, fc.boolean(), (given, code) => {
      const found = reveal(given, code);
      expect(seen(found)).not.toMatch(BIDI);
      if (found.every((piece) => typeof piece === "string" || piece.code !== null)) expect(text(found)).toBe(given);
    }), { numRuns: 500 });
  });

  test("in code only emoji keep what joins them", () => {
    fc.assert(fc.property(anything, (given) => {
      expect(seen(reveal(given, true))).not.toMatch(CODE_HIDDEN);
    }), { numRuns: 500 });
  });

  test.each([
    ["an emoji of several", "👩‍💻👨‍👩‍👧‍👦❤️"], ["a skin colour", "👍🏽"], ["a key", "1️⃣"], ["a flag of England", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
    ["Persian", "می‌خواهم"], ["Hindi", "क्‍ष"], ["lines", "a\tb\r\nc"],
  ])("%s is as it should be", (_, given) => expect(reveal(given)).toEqual([given]));

  test.each([
    ["an override", "a\u202eb", ["a", { code: 0x202e, count: 1 }, "b"]],
    ["a run", "a\u200b\u200b\u200bb", ["a", { code: 0x200b, count: 3 }, "b"]],
    ["letters carried in tags", "x\u{e0068}\u{e0069}", ["x", { code: 0xe0068, count: 1 }, { code: 0xe0069, count: 1 }]],
    ["a joiner between Latin letters", "a\u200db", ["a", { code: 0x200d, count: 1 }, "b"]],
    ["a flag of nowhere", "🏴\u{e0061}\u{e007f}", ["🏴", { code: 0xe0061, count: 1 }, { code: 0xe007f, count: 1 }]],
    ["a selector after a letter", "a\ufe0f", ["a", { code: 0xfe0f, count: 1 }]],
    ["a byte order mark", "\ufeffa", [{ code: 0xfeff, count: 1 }, "a"]], ["a null", "\0", [{ code: 0, count: 1 }]],
  ])("%s is shown", (_, given, expected) => expect(reveal(given)).toEqual(expected));

  test("every one that Unicode knows is found", () => {
    const known = /\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}|(?![\t\n\r])\p{Cc}/u;
    for (let code = 0; code <= 0x10ffff; code++) {
      const one = String.fromCodePoint(code);
      if (known.test(one)) expect(reveal(one, true)).toEqual([{ code, count: 1 }]);
    }
  });

  test("Persian in code is shown with its joiner", () => {
    expect(reveal("می‌خواهم", true)).toEqual(["می", { code: 0x200c, count: 1 }, "خواهم"]);
  });

  test("beyond a hundred marks the others are counted in one", () => {
    const found = reveal("\u200b\u200c".repeat(1_000));
    expect(found).toHaveLength(HIDDEN_MARKS + 1);
    expect(found.at(-1)).toEqual({ code: null, count: 2_000 - HIDDEN_MARKS });
  });

  test("the notation", () => expect([0x202e, 0, 0xe0041].map(notation)).toEqual(["U+202E", "U+0000", "U+E0041"]));
});

describe("references", () => {
  test.each([
    ["&amp;&lt;&gt;&quot;", "&<>\""], ["&#65;&#x42;&#X43;", "ABC"], ["&amp;lt;", "&lt;"], ["&bogus; &amp", "&bogus; &amp"],
    ["&constructor;", "&constructor;"],
    ["&#0;&#xD800;&#1114112;", "\ufffd\ufffd\ufffd"], ["&#x202e;", "\u202e"], ["a & b &; &#; &#x;", "a & b &; &#; &#x;"],
  ])("%s", (given, expected) => expect(resolve(given)).toBe(expected));
});
