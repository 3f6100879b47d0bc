/** Takes one file apart: its text for the model, or a smaller image. */

import type { Bytes } from "@privity/protocol/bytes";

import type { FileView } from "../bridge/files.ts";
import { FileError } from "./errors.ts";
import { kindOf } from "./kind.ts";
import { MAX_FILE, MAX_TEXT } from "./limits.ts";
import { rowsOf, textOf } from "./plain.ts";

/** What a file is called, and what it holds. */
export interface Chosen {
  readonly fileName: string;
  readonly data: Bytes;
}

/** Raises FileError: all its reasons but `file.timeout`, which is the page's. */
export async function read({ fileName, data }: Chosen, progress: (done: number, of: number) => void): Promise<FileView> {
  if (data.length > MAX_FILE) throw new FileError("file.too_large", "bytes");
  if (data.length === 0) throw new FileError("file.no_text", "empty");
  const { kind, type } = kindOf(data, fileName);
  switch (kind) {
    case "image": {
      const { redraw } = await import("./image.ts");
      const drawn = await redraw(data, type);
      return { kind: "image", fileName, type: drawn.type, data: drawn.data, text: "", parts: null, left: "" };
    }
    case "pdf": {
      const { textOfPdf } = await import("./pdf.ts");
      const found = await textOfPdf(data.slice(), progress);
      return { ...bounded(found.text, found.read < found.pages), kind: "text", fileName, type, data, parts: found.pages };
    }
    case "docx": {
      const { textOfDocx } = await import("./docx.ts");
      return { ...bounded(needed(await textOfDocx(data)), false), kind: "text", fileName, type, data, parts: null };
    }
    case "text": {
      const text = needed(textOf(data));
      const parts = type === "text/csv" ? rowsOf(text) : null;
      return { ...bounded(text, false), kind: "text", fileName, type, data, parts };
    }
  }
}

/** A text that is cut is said to be cut: people decide whether the rest matters. */
function bounded(text: string, cut: boolean): { readonly text: string; readonly left: string } {
  if (text.length <= MAX_TEXT) return { text, left: cut ? "files.left.rest" : "" };
  const end = /[\ud800-\udbff]/.test(text.charAt(MAX_TEXT - 1)) ? MAX_TEXT - 1 : MAX_TEXT;
  return { text: text.slice(0, end), left: "files.left.rest" };
}

function needed(text: string): string {
  if (text.trim() === "") throw new FileError("file.no_text");
  return text;
}
