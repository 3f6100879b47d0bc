/** Hands a file to the person; it leaves no address behind. */

import type { Bytes } from "@privity/protocol/bytes";

/** Long enough for any browser to have begun. */
const HELD_MS = 60_000;

export function saveFile(fileName: string, data: Bytes, type = "application/octet-stream"): void {
  const address = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), HELD_MS);
}
