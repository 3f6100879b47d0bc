/** What lies on a disk, or went over a wire, as one text to be looked through. */

import { toHex } from "@privity/protocol/bytes";

/** Everything below a value, bytes both as text and in hexadecimal. */
export function flat(value: unknown): string {
  if (value instanceof Uint8Array) return `${toHex(value)} ${new TextDecoder().decode(value)} `;
  if (value instanceof Map) return flat([...(value as Map<unknown, unknown>).entries()]);
  if (Array.isArray(value)) return value.map(flat).join(" ");
  if (value !== null && typeof value === "object") return flat(Object.entries(value));
  return String(value);
}
