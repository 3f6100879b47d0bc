/**
 * The text of a DOCX file: paragraphs, tabs, line breaks, rows of tables. Source: ECMA-376-1, WordprocessingML (17.3, 17.4).
 *
 * No XML parser: of the main part only tags and the text between them are read, no entity is defined, nothing is fetched.
 */

import { VaultError } from "@privity/vault/errors";
import * as unzip from "@privity/vault/export/unzip";

import { FileError } from "./errors.ts";
import { MAX_DOCUMENT } from "./limits.ts";

const MAIN = "word/document.xml";
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** What an element's end writes. */
const AFTER: Readonly<Record<string, string>> = { "w:p": "\n", "w:tc": "\t", "w:tr": "\n" };
/** What an empty element writes. */
const INSTEAD: Readonly<Record<string, string>> = { "w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-" };
/** Code points that a reference may name: no surrogates, nothing past Unicode. */
const LAST = 0x10ffff;

/** Raises FileError `file.damaged`, `file.too_large`, `file.type` (an archive of something else). */
export async function textOfDocx(data: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    const source = { size: data.length, read: (from: number, to: number) => Promise.resolve(data.slice(from, to)) };
    const archive = await unzip.open(source);
    const size = archive.size(MAIN);
    if (size === null) throw new FileError("file.type", "no main part");
    if (size > MAX_DOCUMENT) throw new FileError("file.too_large", "unpacked");
    return textOfXml(new TextDecoder("utf-8", { fatal: true }).decode(await archive.load(MAIN)));
  } catch (error) {
    if (error instanceof FileError) throw error;
    if (error instanceof VaultError) {
      throw new FileError(error.reason === "export.too_large" ? "file.too_large" : "file.damaged", error.reason);
    }
    throw new FileError("file.damaged", "its main part");
  }
}

/** The text of a main part. Raises FileError `file.damaged`. */
export function textOfXml(xml: string): string {
  if (/<!DOCTYPE/i.test(xml.slice(0, 4096))) throw new FileError("file.damaged", "a document type");
  const written: string[] = [];
  let inText = false;
  let at = 0;
  while (at < xml.length) {
    const open = xml.indexOf("<", at);
    if (open < 0) break;
    if (inText) written.push(unescaped(xml.slice(at, open)));
    const close = xml.indexOf(">", open);
    if (close < 0) throw new FileError("file.damaged", "a tag without its end");
    const { name, ends, empty } = tag(xml.slice(open + 1, close));
    if (name === "w:t" && !empty) inText = !ends;
    if (ends) written.push(AFTER[name] ?? "");
    else written.push(INSTEAD[name] ?? "");
    at = close + 1;
  }
  return written.join("").replace(/\n\t/g, "\t").replace(/\t\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

function tag(inside: string): { readonly name: string; readonly ends: boolean; readonly empty: boolean } {
  const ends = inside.startsWith("/");
  const name = /^[\w:.-]+/.exec(ends ? inside.slice(1) : inside)?.[0] ?? "";
  return { name, ends, empty: inside.endsWith("/") };
}

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{1,8});/gi, (whole, inside: string) => {
    if (!inside.startsWith("#")) return ENTITIES[inside] ?? whole;
    const code = /^#x/i.test(inside) ? parseInt(inside.slice(2), 16) : parseInt(inside.slice(1), 10);
    return code > LAST || (code >= 0xd800 && code <= 0xdfff) ? "\ufffd" : String.fromCodePoint(code);
  });
}
