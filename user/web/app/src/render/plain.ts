/** An answer as words alone, for search, announcements and copies without markup. Pure. */

import type { MarkedToken, Token } from "marked";

import { Reader } from "./blocks.ts";
import { type Definitions, type Parsed, type Span, spans } from "./lex.ts";

/** The words of an answer: no markup, links and images by their words, code and formulas as they were written. */
export function plainText(markdown: string): string {
  const { blocks, definitions, rest } = new Reader().next(markdown);
  const parts = blocks.map((block) => {
    if (block.kind === "code") return block.code;
    if (block.kind === "formula") return block.tex;
    return block.kind === "plain" ? block.source : wordsOf(block.parsed.tokens, block.parsed, definitions);
  });
  return [...parts, rest].filter((part) => part !== "").join("\n");
}

/** The last code block of an answer, exactly; null when it has none. */
export function lastCode(markdown: string): string | null {
  const { blocks } = new Reader().next(markdown);
  for (const block of blocks.toReversed()) {
    if (block.kind === "code") return block.code;
    const found = block.kind === "markdown" ? lastCodeOf(block.parsed.tokens) : null;
    if (found !== null) return found;
  }
  return null;
}

function lastCodeOf(tokens: readonly Token[]): string | null {
  for (const token of (tokens as readonly MarkedToken[]).toReversed()) {
    if (token.type === "code") return token.text;
    const inside = token.type === "list" ? token.items.flatMap((item) => item.tokens)
      : token.type === "blockquote" ? token.tokens : [];
    const found = lastCodeOf(inside);
    if (found !== null) return found;
  }
  return null;
}

function wordsOf(tokens: readonly Token[], parsed: Parsed, definitions: Definitions): string {
  return (tokens as readonly MarkedToken[]).map((token) => blockWords(token, parsed, definitions))
    .filter((words) => words !== "").join("\n");
}

function blockWords(token: MarkedToken, parsed: Parsed, definitions: Definitions): string {
  switch (token.type) {
    case "heading":
    case "paragraph":
    case "text":
      return runWords(token.tokens ?? [], parsed, definitions);
    case "list":
      return token.items.map((item) => wordsOf(item.tokens, parsed, definitions)).join("\n");
    case "blockquote":
      return wordsOf(token.tokens, parsed, definitions);
    case "table":
      return [token.header, ...token.rows]
        .map((row) => row.map((cell) => runWords(cell.tokens, parsed, definitions)).join("\t")).join("\n");
    case "code":
    case "html":
      return token.text;
    default:
      return "";
  }
}

/** The words of a paragraph, heading or cell. */
export function runWords(tokens: readonly Token[], parsed: Parsed, definitions: Definitions): string {
  return spanWords(spans(parsed.runs.get(tokens) ?? "", definitions));
}

/** The words of what stands in a line. */
export function spanWords(found: readonly Span[]): string {
  return found.map((span) => {
    switch (span.type) {
      case "formula":
        return span.tex;
      case "br":
        return "\n";
      case "strong":
      case "em":
      case "del":
      case "link":
      case "image":
        return spanWords(span.tokens as Span[]);
      case "checkbox":
        return "";
      default:
        return "text" in span ? span.text : span.raw;
    }
  }).join("");
}
