/** Text files: UTF-8, or UTF-16 with its mark. Anything else is no text. */

import { FileError } from "./errors.ts";

/** Control characters that texts have: tab, line feed, form feed, carriage return. */
const ALLOWED = "\t\n\f\r";

/** Raises FileError `file.type` for what is no text. */
export function textOf(data: Uint8Array): string {
  const label = data[0] === 0xff && data[1] === 0xfe ? "utf-16le" : data[0] === 0xfe && data[1] === 0xff ? "utf-16be" : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(data);
  } catch {
    throw new FileError("file.type", "no text in UTF-8 or UTF-16");
  }
  if (hasControl(text)) throw new FileError("file.type", "a binary file");
  return text.replace(/\r\n?/g, "\n");
}

function hasControl(text: string): boolean {
  for (const letter of text) if (letter < " " && !ALLOWED.includes(letter)) return true;
  return false;
}

/** Rows of a table whose fields may be quoted and hold line ends (RFC 4180). */
export function rowsOf(table: string): number {
  let quoted = false;
  let rows = 0;
  let begun = false;
  for (const letter of table) {
    if (letter === '"') quoted = !quoted;
    if (letter === "\n" && !quoted) {
      if (begun) rows += 1;
      begun = false;
    } else {
      begun = true;
    }
  }
  return begun ? rows + 1 : rows;
}
