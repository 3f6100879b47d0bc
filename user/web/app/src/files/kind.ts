/** What a file is, by its first bytes; its name and announced type decide only between kinds of text. */

import { FileError } from "./errors.ts";

export type Kind = "pdf" | "docx" | "image" | "text";

const IMAGES: readonly (readonly [type: string, at: number, bytes: readonly number[]])[] = [
  ["image/png", 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", 0, [0xff, 0xd8, 0xff]],
  ["image/gif", 0, [0x47, 0x49, 0x46, 0x38]],
  ["image/webp", 8, [0x57, 0x45, 0x42, 0x50]],
  ["image/avif", 4, [0x66, 0x74, 0x79, 0x70, 0x61, 0x76, 0x69, 0x66]],
];
const PDF = [0x25, 0x50, 0x44, 0x46, 0x2d];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
/** Where a PDF's mark may stand (ISO 32000-1, annex H, note 13). */
const PDF_WINDOW = 1024;
/** Old office files; their text is in no form that is read here. */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0];

/** Raises FileError `file.type`. */
export function kindOf(data: Uint8Array, fileName: string): { readonly kind: Kind; readonly type: string } {
  const image = IMAGES.find(([, at, mark]) => begins(data, at, mark));
  if (image !== undefined) return { kind: "image", type: image[0] };
  if (hasPdfMark(data)) return { kind: "pdf", type: "application/pdf" };
  if (begins(data, 0, ZIP)) {
    if (!/\.docx$/i.test(fileName)) throw new FileError("file.type", "an archive");
    return { kind: "docx", type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document" };
  }
  if (begins(data, 0, COMPOUND)) throw new FileError("file.type", "an old office file");
  return { kind: "text", type: /\.csv$/i.test(fileName) ? "text/csv" : "text/plain" };
}

function hasPdfMark(data: Uint8Array): boolean {
  const end = Math.min(data.length - PDF.length, PDF_WINDOW);
  for (let at = 0; at <= end; at += 1) if (begins(data, at, PDF)) return true;
  return false;
}

function begins(data: Uint8Array, at: number, mark: readonly number[]): boolean {
  return mark.every((byte, offset) => data[at + offset] === byte);
}
