/** Hostile texts cost no more than they may: counted in what is given to marked, not in seconds. */

import { Lexer } from "marked";
import { afterEach, describe, expect, test, vi } from "vitest";

import { Reader } from "../../src/render/blocks.ts";
import { type Span, spans } from "../../src/render/lex.ts";
import { ANSWER_BLOCKS, ANSWER_LENGTH, BLOCK_LENGTH, BLOCK_PASSES, NESTING } from "../../src/render/limits.ts";
import { plainText } from "../../src/render/plain.ts";
import { growing } from "./hostile.ts";

const LARGE = 240_000;

/** What marked was given while `work` ran: characters looked at for blocks, and the squares that its lines can cost. */
function measured(work: () => void): { readonly blocks: number; readonly lines: number } {
  const blocks = vi.spyOn(Lexer.prototype, "blockTokens");
  const lines = vi.spyOn(Lexer.prototype, "inlineTokens");
  work();
  return {
    blocks: blocks.mock.calls.reduce((sum, [source]) => sum + source.length, 0),
    lines: lines.mock.calls.reduce((sum, [source]) => sum + worst(source), 0),
  };
}

/** Written apart from the code that it judges: each mark may make the lexer look at all that is left. */
function worst(source: string): number {
  const marks = source.match(/[*_~`[\]<!\\$@&]/g)?.length ?? 0;
  const stretches = source.match(/ +|[!-~]+/g) ?? [];
  return marks * source.length + stretches.reduce((sum, one) => sum + one.length ** 2 / 25, 0);
}

afterEach(() => vi.restoreAllMocks());

describe("work", () => {
  test.each(Object.entries(growing))("%s", (_, make) => {
    const text = make(LARGE);
    const { blocks, lines } = measured(() => plainText(text));
    expect(blocks).toBeLessThan(text.length * (BLOCK_PASSES + 1));
    // Ten million at most in runs that begin one; what is nested in them is looked at again, at most NESTING times.
    expect(lines).toBeLessThan(30_000_000);
  });

  test("of an ordinary answer is a small part of what is allowed", () => {
    const text = "A sentence with **bold** and `code`, and [a link](https://example.org/x).\n\n".repeat(3_000);
    expect(measured(() => plainText(text)).lines).toBeLessThan(3_000_000);
    expect(new Reader().next(text).rest).toBe("");
  });
});

describe("limits", () => {
  test("a line of ten megabytes is plain", () => {
    const text = "x ".repeat(5_000_000);
    const { blocks, rest } = new Reader().next(text);
    expect(blocks).toEqual([]);
    expect(rest === text).toBe(true);
  });

  test("what comes after two megabytes is plain, and what came before is formatted", () => {
    const code = `\`\`\`\n${"x\n".repeat(ANSWER_LENGTH / 2 - 8)}\`\`\`\n\n`;
    const { blocks, rest } = new Reader().next(`${code}# heading`);
    expect(blocks.map(({ kind }) => kind)).toEqual(["code"]);
    expect(rest).toBe("# heading");
  });

  test("what comes after 5,000 blocks is plain, and growing changes nothing before it", () => {
    const reader = new Reader();
    const text = "a\n\n".repeat(ANSWER_BLOCKS);
    const before = reader.next(text);
    expect(before).toMatchObject({ rest: "" });
    const after = reader.next(`${text}more\n\nand *more*`);
    expect(after.rest).toBe("more\n\nand *more*");
    expect(after.blocks[4_000]).toBe(before.blocks[4_000]);
    expect(reader.next(`${text}more\n\nand *more* still`).rest).toBe("more\n\nand *more* still");
  });

  test("a table's rows and a list's items count as blocks", () => {
    const rows = `|a|b|\n|-|-|\n${"|1|2|\n".repeat(ANSWER_BLOCKS + 1)}`;
    expect(new Reader().next(`first\n\n${rows}`)).toMatchObject({ blocks: [{ kind: "markdown" }], rest: rows });
  });

  test.each([
    ["quotes", `${"> ".repeat(10_000)}a`], ["lists", `${"- ".repeat(10_000)}a`],
    ["quotes and lists", `${"> - ".repeat(5_000)}a`],
    ["a block that is too long", "a [b] ".repeat(BLOCK_LENGTH / 5)],
  ])("%s: that block alone is plain", (_, text) => {
    const { blocks, rest } = new Reader().next(`before\n\n${text}\n\nafter`);
    expect(blocks.map(({ kind }) => kind)).toEqual(["markdown", "plain", "markdown"]);
    expect(blocks[1]?.source === text).toBe(true);
    expect(rest).toBe("");
  });

  test("nesting up to the limit is formatted, and one more is not", () => {
    const kinds = (depth: number): string[] => new Reader().next(`${"> ".repeat(depth)}a`).blocks.map(({ kind }) => kind);
    expect(kinds(NESTING - 1)).toEqual(["markdown"]);
    expect(kinds(NESTING)).toEqual(["plain"]);
  });

  test("a run that is nested too deep or costs too much is its own text", () => {
    const deep = `${"*a _b ".repeat(NESTING)}c${"_ x*".repeat(NESTING)}`;
    const dear = "**a.".repeat(2_000);
    for (const text of [deep, dear]) expect(depth(spans(text, {}))).toBeLessThanOrEqual(NESTING);
    expect(spans(dear, {})).toEqual([{ type: "text", raw: dear, text: dear }]);
  });

  test("a table with too many columns is no table", () => {
    const wide = `${"|a".repeat(100)}|\n${"|-".repeat(100)}|\n${"|b".repeat(100)}|`;
    const [block] = new Reader().next(wide).blocks;
    expect(block?.kind === "markdown" && block.parsed.tokens.map(({ type }) => type)).toEqual(["paragraph"]);
  });
});

function depth(found: readonly Span[]): number {
  return 1 + Math.max(0,
  ...found.map((span) => "tokens" in span ? depth(span.tokens as Span[]) : 0));
}
