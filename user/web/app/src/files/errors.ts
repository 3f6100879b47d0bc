/** The one way in which reading a file fails; its reason is of the closed list. */

import type { FILE_REASONS } from "../bridge/files.ts";

export type FileReason = (typeof FILE_REASONS)[number];

/** The file was not attached. `detail` never holds content. */
export class FileError extends Error {
  readonly reason: FileReason;
  readonly detail: string;

  constructor(reason: FileReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "FileError";
    this.reason = reason;
    this.detail = detail;
  }
}
