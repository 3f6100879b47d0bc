/** Vectors for tests that run in Node and in a browser alike. */

import type { Bytes } from "../src/bytes.ts";
import { fromHex } from "../src/bytes.ts";

export type Which = "own" | "shared";

interface Commands {
  readVector(which: Which, path: string): Promise<string | null>;
  listVectors(which: Which, path: string): Promise<readonly string[]>;
}

async function commands(): Promise<Commands> {
  if ("document" in globalThis) {
    const browser = (await import("vitest/browser")) as unknown as { commands: Commands };
    return browser.commands;
  }
  const disk = await import("../../../vectors.ts");
  return {
    readVector: (which, path) => Promise.resolve(disk.readVectorFile(which, path)),
    listVectors: (which, path) => Promise.resolve(disk.listVectorFiles(which, path)),
  };
}

/** A vector file, or null when it is not on this machine. Its shape is the file's own and is checked by the tests. */
export async function readVector<Shape>(which: Which, path: string): Promise<Shape | null> {
  const text = await (await commands()).readVector(which, path);
  return text === null ? null : (JSON.parse(text) as Shape);
}

export async function listVectors(which: Which, path: string): Promise<readonly string[]> {
  return (await commands()).listVectors(which, path);
}

/** Bytes of hexadecimal text in a vector. */
export function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === null) throw new Error("a vector's hexadecimal text");
  return bytes;
}
