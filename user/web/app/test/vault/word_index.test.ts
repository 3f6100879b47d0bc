/** The words of a month: found by how they begin, all of them, whatever the words are called. */

import { expect, test } from "vitest";

import { indexOf, readIndex, WordIndex } from "../../src/vault/word_index.ts";

const TEXTS = [
  { id: "a", text: "The tower of Pisa leans" },
  { id: "b", text: "Towers and toWels, __proto__ constructor 42" },
  { id: "c", text: "東京 is a city; Straße, cafe\u0301" },
];
/** Through JSON, as it lies on the shelf. */
const index = new WordIndex(readIndex(JSON.parse(JSON.stringify(indexOf(TEXTS)))) ?? { ids: [], words: {} });

test.each([
  [["tower"], ["a", "b"]], [["towers"], ["b"]], [["tow"], ["a", "b"]], [["tow", "pisa"], ["a"]], [["tower pis"], ["a"]],
  [["pisa", "towels"], []], [["ower"], []], [["東京"], ["c"]], [["straße", "caf\u00e9"], ["c"]], [["constructor"], ["b"]],
  [["__proto__"], ["b"]], [["4", "TOWELS"], ["b"]], [["++"], []], [[], []], [["zzz"], []],
] as const)("%j is said by %j", (asked, found) => {
  expect(index.find(asked)).toEqual(found);
});

test.each([
  null, 1, [], {}, { ids: [] }, { ids: [1], words: {} }, { ids: ["a"], words: null }, { ids: ["a"], words: { b: [1] } },
  { ids: ["a"], words: { b: 0 } }, { ids: ["a"], words: { b: [-1] } }, { ids: ["a"], words: { b: [0.5] } },
])("what is no index is none: %j", (value) => {
  expect(readIndex(value)).toBeNull();
});
