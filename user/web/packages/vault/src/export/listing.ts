/** Judges an archive before a byte of it is unpacked. Source: specs/export.md, section "Listing". */

import { VaultError } from "../errors.ts";

export const MAX_ENTRIES = 100_000;
export const MAX_UNPACKED = 2 * 2 ** 30;
/** Unpacked bytes per packed one: text shrinks to a tenth, a bomb to a thousandth. */
export const MAX_RATIO = 200;
/** Bytes of a name. */
export const MAX_NAME = 512;
const FORBIDDEN = '\\:*?"<>|';

/** One entry as the archive's directory announces it, in bytes. */
export interface Listed {
  readonly name: string;
  readonly size: number;
  readonly packed: number;
}

/**
 * The bytes that unpacking will write, and not one more may be written.
 *
 * Raises VaultError: `export.malformed`, `export.too_large`, `export.path`.
 */
export function check(entries: readonly Listed[]): number {
  if (entries.length > MAX_ENTRIES) {
    throw new VaultError("export.too_large", `${String(entries.length)} entries, at most ${String(MAX_ENTRIES)}`);
  }
  if (!entries.every((one) => isSize(one.size) && isSize(one.packed))) {
    throw new VaultError("export.malformed", "a size that is none");
  }
  const total = entries.reduce((sum, one) => sum + one.size, 0);
  const packed = entries.reduce((sum, one) => sum + one.packed, 0);
  if (total > MAX_UNPACKED) {
    throw new VaultError("export.too_large", `${String(total)} bytes unpacked, at most ${String(MAX_UNPACKED)}`);
  }
  if (total > MAX_RATIO * Math.max(packed, 1)) {
    throw new VaultError("export.too_large", `unpacks to more than ${String(MAX_RATIO)} times its size`);
  }
  const seen = new Set<string>();
  for (const { name } of entries) {
    checkName(name);
    if (seen.has(folded(name))) throw new VaultError("export.path", "a name twice");
    seen.add(folded(name));
  }
  return total;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Raises VaultError `export.path` for a name that leaves the folder, or is none on some system. */
export function checkName(name: string): void {
  if (name === "" || new TextEncoder().encode(name).length > MAX_NAME) {
    throw new VaultError("export.path", "an empty or long name");
  }
  const parts = (name.endsWith("/") ? name.slice(0, -1) : name).split("/");
  if (parts.some((part) => part === "" || part.endsWith(" ") || part.endsWith("."))) {
    throw new VaultError("export.path", "a part that leads elsewhere");
  }
  if (Array.from(name).some((letter) => letter < " " || FORBIDDEN.includes(letter) || /\p{Surrogate}/u.test(letter))) {
    throw new VaultError("export.path", "a character that is no part of a name");
  }
}

/** A name without its case: letter by letter, as JavaScript's own lower case of a word depends on its end. */
function folded(name: string): string {
  return Array.from(name, (letter) => (letter === DOTLESS_I ? letter : letter.toLowerCase().toUpperCase())).join("");
}

/** Its capital is I, and yet it is no i. */
const DOTLESS_I = "\u0131";
