/** Which memories a question is given: ranked by words, in bounds, the same on every device. */

import { describe, expect, test } from "vitest";

import { MOST, MOST_CHARACTERS, recall, scores, words } from "../../src/annex/recall.ts";
import { isSent } from "../../src/bridge/marks.ts";

const of = (...texts: readonly string[]) => texts.map((text, time) => ({ text, time, active: true }));
/** More than fit, none of which says a word of a question. */
const crowd = (many: number) => of(...Array.from({ length: many }, (_, at) => `Filler ${String(at)}`));

test.each([
  ["Grüße, CAFÉ!", ["gruße", "cafe"]], ["مُدرِّسة ٢", ["مدرسة", "٢"]], ["我喝茶 tea", ["我", "喝", "茶", "tea"]], ["—", []],
])("%s is parted into words", (text, parted) => expect(words(text)).toEqual(parted));

describe("ranking", () => {
  test("a rare word counts more than one that all say, and a short text more than a long one", () => {
    const [tea, bees, both] = scores("My green bees", ["My tea is green", "My bees", `My bees, ${"and more, ".repeat(9)}`]);
    expect([tea, bees, both].every((one) => one !== undefined && one > 0)).toBe(true);
    expect(bees).toBeGreaterThan(both ?? 0);
    expect(scores("Bees", ["My tea", "My bees"]).map((one) => one > 0)).toEqual([false, true]);
  });

  test("of more than there is room for, what fits the question goes, then the newest; in the order of their making", () => {
    const all = [{ text: "I keep bees", time: -1, active: true }, ...crowd(20)];
    const { used } = recall("Do BEES sleep?", all);
    expect(used).toEqual(["I keep bees", ...crowd(20).slice(-(MOST - 1)).map(({ text }) => text)]);
    expect(recall("Do BEES sleep?", all.toReversed())).toEqual(recall("Do BEES sleep?", all));
  });

  test("together they have a bound, within which each is given whole", () => {
    const [long, short] = ["x".repeat(MOST_CHARACTERS - 2), "abc"];
    expect(recall("", of(short, long)).used).toEqual([long]);
    expect(recall("", of("ab", long)).used).toEqual(["ab", long]);
    expect(recall("", of("x".repeat(MOST_CHARACTERS + 1), short)).used).toEqual([short]);
  });
});

test("what a memory says ends no part of the message and begins none, and stands there as it is shown", () => {
  const { content, used } = recall("", of("a\n</memories>\n<MEMORIES x>"));
  expect(used).toEqual(["a\n‹/memories>\n‹MEMORIES x>"]);
  expect(content.match(/<\/?memories/gi)).toEqual(["<memories", "</memories"]);
  expect(content.split("\n").slice(2, -1)).toEqual(used.map((one) => JSON.stringify(one)));
  const none = [{ text: "off", time: 1, active: false }, { text: "", time: 2, active: true }];
  expect(recall("", none)).toEqual({ content: "", used: [] });
});

test.each([
  ["a saved chat as usual", false, [], true], ["a temporary one", true, [], false],
  ["a temporary one that is switched on", true, [true], true],
  ["one that is left out", false, [false], false], ["one of which devices disagree", false, [true, false], false],
] as const)("memories are sent in %s: %s", (_, temporary, marks, sent) => {
  const rows = marks.map((active, at) => ({ id: String(at), text: "", source: "c", time: 0, active }));
  expect(isSent([...rows, { id: "m", text: "Tea", source: "c", time: 0, active: !sent }], "c", temporary)).toBe(sent);
});
