import fc from "fast-check";
import { Marked, type Token } from "marked";
import { describe, expect, test } from "vitest";

import { type Block, Reader } from "../../src/render/blocks.ts";
import { split } from "../../src/render/split.ts";
import { anyText, ordinary } from "./texts.ts";

describe("reading as it grows", () => {
  test("gives at every step what reading it at once gives", () => {
    fc.assert(fc.property(anyText, fc.array(fc.nat(12), { maxLength: 30 }), (text, steps) => {
      const reader = new Reader();
      let end = 0;
      for (const step of [...steps, text.length]) {
        end = Math.min(text.length, end + step);
        const part = text.slice(0, end);
        expect(reader.next(part)).toEqual(new Reader().next(part));
      }
    }), { numRuns: 400 });
  });

  test("character by character", () => {
    fc.assert(fc.property(anyText, (text) => {
      const reader = new Reader();
      for (let end = 1; end <= text.length; end++) {
        expect(reader.next(text.slice(0, end))).toEqual(new Reader().next(text.slice(0, end)));
      }
    }), { numRuns: 120 });
  });

  test("reads nothing again but the last two blocks", () => {
    fc.assert(fc.property(ordinary, ordinary, (text, more) => {
      const reader = new Reader();
      const before = reader.next(text).blocks.slice(0, -2);
      const after = reader.next(`${text}\n\n${more}`).blocks;
      before.forEach((block, at) => expect(after[at]).toBe(block));
    }));
  });

  test("a text that is another one is read anew", () => {
    const reader = new Reader();
    reader.next("# One\n\ntext");
    expect(reader.next("# Two\n\ntext")).toEqual(new Reader().next("# Two\n\ntext"));
  });
});

describe("splitting", () => {
  test("leaves nothing out but blank lines", () => {
    fc.assert(fc.property(anyText, (text) => {
      let at = 0;
      for (const { start, end } of split(text)) {
        expect(text.slice(at, start).trim()).toBe("");
        expect(end).toBeGreaterThan(start);
        at = end;
      }
      expect(text.slice(at).trim()).toBe("");
    }), { numRuns: 400 });
  });

  test("of ordinary markdown changes nothing in what marked finds in the whole", () => {
    const whole = new Marked();
    fc.assert(fc.property(ordinary, (text) => {
      if (text.includes("$$") || text.includes("\\[") || text.includes("[named]")) return;
      expect(kinds(new Reader().next(text).blocks)).toEqual(whole.lexer(text).flatMap(kindsOf));
    }), { numRuns: 400 });
  });

  test("a list reaches over blank lines, with the code inside it", () => {
    const text = "1. one\n\n   ```go\n   func f() {\n\n   \treturn\n   }\n   ```\n\n2. two\n\nafter";
    expect([...split(text)].map(({ start, end }) => text.slice(start, end))).toEqual([text.slice(0, -7), "after"]);
  });
});

function kinds(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => block.kind === "markdown" ? block.parsed.tokens.flatMap(kindsOf)
    : [block.kind === "code" ? `code ${block.code}` : block.kind]);
}

/** What a token is, and its words; code and lists in full. */
function kindsOf(token: Token): string[] {
  if (token.type === "space") return [];
  if (token.type === "code") return [`code ${String(token["text"]).replace(/\n$/, "")}`];
  return [`${token.type} ${token.raw.trim()}`];
}
