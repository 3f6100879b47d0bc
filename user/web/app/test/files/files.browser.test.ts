/** What only a browser does with files: images are drawn anew without their metadata, a PDF gives its text. */

import { pdfOf } from "./pdf_of.ts";
import { describe, expect, test } from "vitest";

import { FileError } from "../../src/files/errors.ts";
import { EDGE } from "../../src/files/limits.ts";
import { read } from "../../src/files/read.ts";

const nothing = (): void => undefined;

async function drawn(width: number, height: number, type: string): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context?.fillRect(0, 0, width / 2, height);
  return new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
}

/** A JPEG with an EXIF segment that names a place, after its first marker. */
function withExif(jpeg: Uint8Array, words: string): Uint8Array<ArrayBuffer> {
  const payload = new TextEncoder().encode(`Exif\0\0${words}`);
  const size = payload.length + 2;
  return new Uint8Array([...jpeg.slice(0, 2), 0xff, 0xe1, size >> 8, size & 255, ...payload, ...jpeg.slice(2)]);
}

describe("images", () => {
  test("what is sent has no EXIF", async () => {
    const data = withExif(await drawn(40, 20, "image/jpeg"), "GPS 52.52 13.40");
    expect(new TextDecoder("latin1").decode(data)).toContain("GPS 52.52");
    const found = await read({ fileName: "photo.jpg", data }, nothing);
    expect(found.type).toBe("image/jpeg");
    expect(new TextDecoder("latin1").decode(found.data)).not.toMatch(/Exif|GPS/);
  });

  test("a large one becomes smaller and keeps its shape", async () => {
    const found = await read({ fileName: "a.png", data: await drawn(EDGE * 2, EDGE, "image/png") }, nothing);
    const image = await createImageBitmap(new Blob([found.data]));
    expect([image.width, image.height]).toEqual([EDGE, EDGE / 2]);
  });

  test("half an image, or none, is a reason", async () => {
    const data = await drawn(40, 20, "image/png");
    const refusal = read({ fileName: "a.png", data: data.slice(0, 12) }, nothing);
    await expect(refusal).rejects.toBeInstanceOf(FileError);
    await expect(refusal).rejects.toMatchObject({ reason: "file.damaged" });
  });
});

describe("PDF", () => {
  test("text of each page, in order", async () => {
    const pages: number[] = [];
    const found = await read({ fileName: "a.pdf", data: pdfOf(["First page", "Second one"]) }, (done) => pages.push(done));
    expect([found.text, found.parts, found.left]).toEqual(["First page\n\nSecond one", 2, ""]);
    expect(pages).toEqual([1, 2]);
  });

  test("without text, or damaged: a reason", async () => {
    await expect(read({ fileName: "a.pdf", data: pdfOf([""]) }, nothing)).rejects.toMatchObject({ reason: "file.no_text" });
    const data = new Uint8Array(new TextEncoder().encode("%PDF-1.7\nnothing of the kind"));
    await expect(read({ fileName: "a.pdf", data }, nothing)).rejects.toMatchObject({ reason: "file.damaged" });
  });
});
