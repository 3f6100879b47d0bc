/** Images: decoded and drawn anew, smaller. What is sent has none of the metadata (EXIF, place, thumbnails) of the file. */

import type { Bytes } from "@privity/protocol/bytes";

import { FileError } from "./errors.ts";
import { EDGE, JPEG_QUALITY, MAX_PIXELS } from "./limits.ts";

export interface Redrawn {
  readonly data: Bytes;
  readonly type: string;
}

/** Raises FileError `file.damaged`, `file.too_large`. */
export async function redraw(data: Bytes, type: string): Promise<Redrawn> {
  const image = await decoded(new Blob([data], { type }));
  try {
    if (image.width * image.height > MAX_PIXELS) throw new FileError("file.too_large", "pixels");
    const scale = Math.min(1, EDGE / Math.max(image.width, image.height));
    const [width, height] = [Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale))];
    const canvas = new OffscreenCanvas(width, height);
    const drawing = canvas.getContext("2d");
    if (drawing === null) throw new FileError("file.damaged", "no canvas");
    drawing.imageSmoothingQuality = "high";
    drawing.drawImage(image, 0, 0, width, height);
    // A screenshot's letters suffer from JPEG, and PNG is what screenshots are.
    const wanted = type === "image/png" || type === "image/gif" ? "image/png" : "image/jpeg";
    const blob = await canvas.convertToBlob({ type: wanted, quality: JPEG_QUALITY });
    return { data: new Uint8Array(await blob.arrayBuffer()), type: blob.type };
  } finally {
    image.close();
  }
}

async function decoded(blob: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(blob);
  } catch {
    throw new FileError("file.damaged", "not an image that this browser reads");
  }
}
