/** Vectors for tests that run in Node and in a browser alike. */

import type { Which } from "../../../vectors.ts";
import { type Bytes, fromHex } from "../src/bytes.ts";


interface Commands {
  readVector(which: Which, path: string): Promise<string | null>;
  readBinary(which: Which, path: string): Promise<string | null>;
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
    readBinary: (which, path) => Promise.resolve(disk.readBinaryFile(which, path)),
    listVectors: (which, path) => Promise.resolve(disk.listVectorFiles(which, path)),
  };
}

/** The text of a file, or null when it is not on this machine. */
export async function readText(which: Which, path: string): Promise<string | null> {
  return (await commands()).readVector(which, path);
}

/** The bytes of a file, or null when it is not on this machine. */
export async function readBytes(which: Which, path: string): Promise<Bytes | null> {
  const text = await (await commands()).readBinary(which, path);
  return text === null ? null : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A vector file, or null when it is not on this machine. Its shape is the file's own and is checked by the tests. */
export async function readVector<Shape>(which: Which, path: string): Promise<Shape | null> {
  const text = await readText(which, path);
  return text === null ? null : (JSON.parse(text) as Shape);
}

/** Whether the spec of this name says that TypeScript has no module for it. */
export async function isElsewhere(spec: string): Promise<boolean> {
  const text = await readText("specs", `${spec}.md`);
  return text !== null && /^Not in TypeScript: ./m.test(text);
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
