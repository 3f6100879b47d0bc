/** Vector files for tests, on this side of the wall between a page and the disk. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

export type Which = "own" | "shared" | "specs";

function folder(which: Which): string {
  if (which === "specs") return join(ROOT, "specs");
  if (which === "own") return join(ROOT, "vectors");
  return process.env["PRIVITY_VECTORS"] ?? join(ROOT, "../shared/vectors");
}

/** The text of a file below the project's own vectors, the shared ones or the specs; null when it is not there. */
export function readVectorFile(which: Which, path: string): string | null {
  const root = folder(which);
  const full = resolve(root, path);
  if (relative(root, full).startsWith("..")) throw new Error("outside the vectors");
  return existsSync(full) ? readFileSync(full, "utf8") : null;
}

/** The bytes of a file of vectors in base64; null when it is not there. */
export function readBinaryFile(which: Which, path: string): string | null {
  const root = folder(which);
  const full = resolve(root, path);
  if (relative(root, full).startsWith("..")) throw new Error("outside the vectors");
  return existsSync(full) ? readFileSync(full, "base64") : null;
}

/** The paths of all JSON files below a folder of vectors, sorted. */
export function listVectorFiles(which: Which, path: string): readonly string[] {
  const full = join(folder(which), path);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json") && statSync(join(full, name)).isFile())
    .map((name) => join(path, name))
    .sort();
}

/** The same three as commands of Vitest's browser mode, whose first argument is the context. */
export function readBinary(_context: unknown, which: Which, path: string): string | null {
  return readBinaryFile(which, path);
}

export function readVector(_context: unknown, which: Which, path: string): string | null {
  return readVectorFile(which, path);
}

export function listVectors(_context: unknown, which: Which, path: string): readonly string[] {
  return listVectorFiles(which, path);
}
