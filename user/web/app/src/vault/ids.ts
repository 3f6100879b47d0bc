/** Ids as the page knows them: 16 bytes in hexadecimal. */

import { type Bytes, fromHex } from "@privity/protocol/bytes";

import { Refusal } from "../bridge/line.ts";

export type Id = string;

const ID = /^[0-9a-f]{32}$/;

/** The bytes of an id. Raises Refusal `page.malformed` for anything else. */
export function bytesOf(id: Id): Bytes {
  const found = ID.test(id) ? fromHex(id) : null;
  if (found === null) throw new Refusal("page.malformed", "not an id");
  return found;
}
