/**
 * The text of a PDF, page by page, in the order in which it is drawn.
 *
 * pdf.js runs here, in the worker of this one file: no font is loaded, no script of the document runs, nothing is fetched.
 */

import type { Bytes } from "@privity/protocol/bytes";
import * as pdfjs from "pdfjs-dist";

import { FileError } from "./errors.ts";
import { MAX_PAGES, MAX_TEXT } from "./limits.ts";

export interface PdfText {
  readonly text: string;
  readonly pages: number;
  /** Pages that were read before the text was long enough. */
  readonly read: number;
}

/** Raises FileError `file.damaged`, `file.encrypted`, `file.no_text`, `file.too_large`. */
export async function textOfPdf(data: Bytes, progress: (done: number, of: number) => void): Promise<PdfText> {
  // Without this pdf.js would start a worker of its own from an address.
  await import("pdfjs-dist/build/pdf.worker.mjs");
  const loading = pdfjs.getDocument({
    data, useWorkerFetch: false, useWasm: false, disableFontFace: true, isOffscreenCanvasSupported: false, enableXfa: false,
    useSystemFonts: false, disableAutoFetch: true, disableStream: true, disableRange: true, verbosity: 0,
  });
  try {
    const document = await loading.promise;
    if (document.numPages > MAX_PAGES) throw new FileError("file.too_large", "pages");
    const pages: string[] = [];
    let length = 0;
    for (let number = 1; number <= document.numPages && length < MAX_TEXT; number += 1) {
      const page = await document.getPage(number);
      const text = lines((await page.getTextContent()).items);
      page.cleanup();
      pages.push(text);
      length += text.length;
      progress(number, document.numPages);
    }
    if (pages.every((text) => text.trim() === "")) throw new FileError("file.no_text");
    return { text: pages.join("\n\n").trim(), pages: document.numPages, read: pages.length };
  } catch (error) {
    throw meaning(error);
  } finally {
    await loading.destroy();
  }
}

function lines(items: readonly object[]): string {
  return items.map((item) => {
    if (!("str" in item) || typeof item.str !== "string") return "";
    return "hasEOL" in item && item.hasEOL === true ? `${item.str}\n` : item.str;
  }).join("");
}

function meaning(error: unknown): FileError {
  if (error instanceof FileError) return error;
  const name = error instanceof Error ? error.name : "";
  return name === "PasswordException" ? new FileError("file.encrypted") : new FileError("file.damaged", name);
}
