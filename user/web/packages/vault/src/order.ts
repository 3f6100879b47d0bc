/** A place between two others, as text: folders are moved without renumbering the rest. Source: specs/contents.md. */

import { VaultError } from "./errors.ts";

export const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const MAX_PLACE = 256;
export const MAX_PLACES = 65_536;
const PLACE = /^[0-9A-Za-z]{0,255}[1-9A-Za-z]$/;

/** Whether this is a place: 1 to 256 digits, the last one not 0, so that another fits before it. */
export function isPlace(text: string): boolean {
  return PLACE.test(text);
}

/**
 * A place after `before` and before `after`; null is the beginning and the end.
 *
 * Raises VaultError: `object.malformed` (no places, or not in this order), `object.too_large` (write them all anew:
 * `spread`).
 */
export function between(before: string | null, after: string | null): string {
  if ([before, after].some((one) => one !== null && !isPlace(one))) throw new VaultError("object.malformed", "not a place");
  if (before !== null && after !== null && before >= after) {
    throw new VaultError("object.malformed", "nothing lies between them");
  }
  const found = digitsBetween(before ?? "", after);
  if (found.length > MAX_PLACE) throw new VaultError("object.too_large", "no room between them");
  return found;
}

/** Digit by digit: "" is the beginning from there, null the end. */
function digitsBetween(before: string, after: string | null): string {
  let [low, high, found] = [before, after, ""];
  for (;;) {
    const least = low === "" ? 0 : DIGITS.indexOf(low.charAt(0));
    const most = high === null ? DIGITS.length : DIGITS.indexOf(high.charAt(0));
    if (most - least > 1) return found + DIGITS.charAt(Math.floor((least + most) / 2));
    if (most > least && high !== null && high.length > 1) return found + high.charAt(0);
    found += DIGITS.charAt(least);
    low = low.slice(1);
    high = high !== null && most === least ? high.slice(1) : null;
  }
}

/** So many places in rising order, far from each other. Raises VaultError `object.too_large` above 65,536. */
export function spread(count: number): readonly string[] {
  if (!Number.isInteger(count) || count < 0 || count > MAX_PLACES) {
    throw new VaultError("object.too_large", `${String(count)} places`);
  }
  const size = DIGITS.length;
  const step = Math.floor(size ** 4 / (count + 1));
  return Array.from({ length: count }, (_, at) => {
    const number = (at + 1) * step;
    const digits = [3, 2, 1, 0].map((power) => DIGITS.charAt(Math.floor(number / size ** power) % size));
    return digits.join("").replace(/0+$/, "");
  });
}
