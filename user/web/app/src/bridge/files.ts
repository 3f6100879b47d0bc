/** What page and file worker may say to each other. The worker reads one hostile file, holds no key, and is ended after it. */

import type { Bytes } from "@privity/protocol/bytes";

export const FILES = {
  /** Take a file apart: its text for the model, or a smaller image without its metadata. */
  read: { fileName: "text", type: "text", data: "octets" },
} as const;

export type FileCommands = typeof FILES;

export interface FileView {
  readonly kind: "text" | "image";
  readonly fileName: string;
  readonly type: string;
  /** What is kept and sent: the image re-encoded, or the file as it is. */
  readonly data: Bytes;
  /** Text for the model; "" for an image. */
  readonly text: string;
  /** Pages of a PDF, rows of a table; null where that means nothing. */
  readonly parts: number | null;
  /** What was left out, as a catalog key, "" when nothing was. */
  readonly left: string;
}

export interface FileAnswers {
  readonly read: FileView;
}

/** Closed reasons: `file.too_large`, `file.type`, `file.damaged`, `file.encrypted`, `file.no_text`, `file.timeout`. */
export const FILE_REASONS = [
  "file.too_large", "file.type", "file.damaged", "file.encrypted", "file.no_text", "file.timeout",
] as const;

export interface FileNews {
  readonly kind: "progress";
  readonly done: number;
  readonly of: number;
}
