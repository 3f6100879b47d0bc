/** A content as the vectors show it: in Python's own notation. */

import { CborMap, type Key, Tag, type Value } from "@privity/protocol/cbor";

export function pythonic(value: Value | Key): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `'${value}'`;
  if (value instanceof Uint8Array) return `b'${Array.from(value, byteOf).join("")}'`;
  if (value instanceof CborMap) {
    return `{${value.pairs.map(([key, entry]) => `${pythonic(key)}: ${pythonic(entry)}`).join(", ")}}`;
  }
  if (value instanceof Tag) throw new Error("no case has a tag");
  return `[${value.map(pythonic).join(", ")}]`;
}

const SHORT: ReadonlyMap<number, string> = new Map([[9, "\\t"], [10, "\\n"], [13, "\\r"], [39, "\\'"], [92, "\\\\"]]);

function byteOf(byte: number): string {
  const plain = byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  return SHORT.get(byte) ?? plain;
}
