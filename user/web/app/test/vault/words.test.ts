/** Words in texts: without case, however they are composed, in any script; and the words around them. */

import { describe, expect, test } from "vitest";

import { contextOf, says, searchable, wordsOf } from "../../src/vault/words.ts";

describe("a text says a word", () => {
  test.each([
    ["The Rhine RISES", "rhine rises", true],
    ["The Rhine RISES", "rhine falls", false],
    ["Ein grünes Haus", "GRÜNES", true],
    ["cafe\u0301 noir", "CAFÉ", true],
    ["ΟΔΟΣ και οδός", "οδος", true],
    ["東京タワーの高さ", "タワー", true],
    ["مرحبا بالعالم", "بالعالم", true],
    ["exact phrase here", '"phrase here"', true],
    ["phrase is not here", '"phrase here"', false],
    ["İstanbul stays", "stays", true],
  ])("%s: %s is %s", (text, asked, expected) => {
    expect(says(searchable(text), wordsOf(asked))).toBe(expected);
  });
});

describe("the words around a place", () => {
  test("point to what was found, in a text of any length", () => {
    const text = searchable(`${"İ😀 ".repeat(60)}the Needle\nlies here${" and on".repeat(60)}`);
    const { context, from, to } = contextOf(text, wordsOf("needle"));
    expect(context.slice(from, to)).toBe("Needle");
    expect(context).toMatch(/^….*the Needle lies here.*…$/);
    expect(context.length).toBeLessThan(200);
    expect(context).not.toMatch(/\p{Surrogate}/u);
  });

  test("are the whole text where that is short", () => {
    expect(contextOf(searchable("A needle"), ["needle"])).toEqual({ context: "A needle", from: 2, to: 8 });
  });
});
