/** Texts to draw: what models write, and what somebody would write who wants to do harm. */

import fc from "fast-check";

const words = fc.constantFrom(
  "a word", "**bold**", "*soft*", "`code`", "~~gone~~", "[text](https://example.org/a)",
  "![picture](https://example.org/a.png)",
  "$x^2$", "\\(a_b\\)", "[named]", "https://example.org/x?y=1", "a@example.org", "<b>", "&amp;", "line\nline", "5 < 6",
  "snake_case_word",
);
const paragraph = fc.array(words, { minLength: 1, maxLength: 5 }).map((found) => found.join(" "));
const code = fc.tuple(fc.constantFrom("```", "~~~", "````"), fc.constantFrom("", "js", "py title"), fc.array(fc.constantFrom(
  "x = 1", "", "\tindented", "- no item", "# no heading", "``", "$$", "<p>",
), { maxLength: 4 })).map(([mark, info, lines]) => [mark + info, ...lines, mark].join("\n"));
const list = fc.tuple(fc.constantFrom("- ", "* ", "1. "), fc.array(paragraph, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([mark, items, loose]) => items.map((item) => mark + item.replaceAll("\n", `\n${" ".repeat(mark.length)}`))
    .join(loose ? "\n\n" : "\n"));
const table = fc.array(fc.tuple(words, words), { maxLength: 3 })
  .map((rows) => ["| a | b |", "|---|:-:|", ...rows.map(([a, b]) => `| ${cell(a)} | ${cell(b)} |`)].join("\n"));

function cell(text: string): string {
  return text.replaceAll("\n", " ");
}

const block = fc.oneof(
  paragraph, code, list, table,
  paragraph.map((text) => `## ${cell(text)}`),
  paragraph.map((text) => text.split("\n").map((line) => `> ${line}`).join("\n")),
  fc.constantFrom("---", "[named]: https://example.org/named", "    indented code", "$$\nx = y\n$$", "\\[ a \\]",
  "<div>\nmarkup\n</div>"),
);

/** Markdown as a model writes it. */
export const ordinary = fc.array(block, { minLength: 1, maxLength: 8 }).map((found) => found.join("\n\n"));

/** Pieces of markup in any order. */
export const disorderly = fc.array(fc.constantFrom(
  "\n", "\n", "\n\n", " ", "    ", "\t", "a", "word", "- ", "1. ", "> ", "# ", "```", "```js\n", "~~~", "$$", "$", "\\[",
  "\\]", "\\(", "\\)",
  "|", "|-|-|\n", "---", "===", "<div>", "<!--", "-->", "[a]", "[a]: /x\n", "](", "(", ")", "*", "**", "_", "`", "~", "![",
  "<", ">", "\\", "\r\n",
  "\u202e", "&#x202e;", "\"", "'", "=", ":",
), { maxLength: 40 }).map((found) => found.join(""));

/** Both, and anything else. */
export const anyText = fc.oneof(ordinary, disorderly, fc.string({ unit: "grapheme", maxLength: 60 }));
