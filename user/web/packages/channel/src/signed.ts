/** From an answer that was read to its end to the receipt that a person keeps. Source: specs/receipt.md. */

import { type Bytes } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { type Done, type SignedReceipt } from "@privity/protocol/lines";
import { checkFile, type ReceiptFile, saltOf } from "@privity/protocol/receipt";

import { type VerifiedNode } from "./nodes.ts";
import { type Request } from "./request.ts";

const LINE_FEED = 0x0a;

/** What one answer ended with. `heard` is all of its application bytes; `signed` null where the node gave no receipt. */
export interface Ending {
  readonly heard: Bytes;
  readonly signed: SignedReceipt | null;
  readonly done: Done;
}

/**
 * The receipt of a request that asked for one, as it may be kept: the node of this answer signed it, over these bytes.
 *
 * Raises Malformed `missing_member` when the node gave none; NotAuthentic and Malformed as `checkFile`.
 */
export async function receiptOf(request: Request, node: VerifiedNode, ending: Ending): Promise<ReceiptFile> {
  const { heard, signed, done } = ending;
  if (signed === null) throw new Malformed("missing_member", "the answer has no receipt");
  const shown = { salt: saltOf(request.rid), request: request.body, response: before(heard, 2) };
  const file = { signed, bundle: node.bundle, shown };
  const { op, reason } = await checkFile(file);
  if (op !== request.op || reason !== done.reason) throw new Malformed("member_value", "op or reason of another answer");
  return file;
}

/** The bytes without the last `lines` lines. */
function before(bytes: Bytes, lines: number): Bytes {
  let end = bytes.length;
  for (let line = 0; line < lines; line += 1) end = bytes.lastIndexOf(LINE_FEED, end - 2) + 1;
  return bytes.slice(0, end);
}
