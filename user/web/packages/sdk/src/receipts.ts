/**
 * Receipts of answers, where the program asks for them. Source: specs/receipt.md, specs/proxy.md.
 *
 * A receipt lets whoever holds it prove to others what was asked and said, so none is asked for unless somebody says so.
 */

import { type ReceiptFile, encodeFile } from "@privity/protocol/receipt";
import { type Bytes } from "@privity/protocol/bytes";

import { ApiError } from "./errors.ts";

/** What a receipt's file is called after its name. */
export const SUFFIX = ".receipt.json";

/** Where receipts go. */
export interface Receipts {
  /**
   * Keep a receipt that was checked, before the answer is told as complete. `name` is new at each call and ends with
   * `.receipt.json`; `file` is what `privity receipt verify` reads. It shows question and answer: it is for its owner alone.
   */
  keep(name: string, file: Bytes): Promise<void>;
  /** Whether every answer is to have one; left out: one that asks by the header `x-privity-receipt: true`. */
  readonly every?: boolean;
}

/** Keep the receipt of a whole answer. Raises ApiError 507 where that fails: then the answer is not told as complete. */
export async function kept(receipts: Receipts, name: string, receipt: ReceiptFile | undefined): Promise<void> {
  if (receipt === undefined) throw noReceipt("missing_member");
  const file = encodeFile(receipt);
  try {
    await receipts.keep(name + SUFFIX, file);
  } catch (error) {
    const why = error instanceof Error ? error.name : typeof error;
    throw new ApiError({
      status: 507, message: `The receipt cannot be kept (${why}).`, type: "server_error", code: "disk_full", param: null,
    });
  }
}

/** The refusal of an answer whose receipt does not hold. */
export function noReceipt(why: string): ApiError {
  const message = `The receipt that was asked for does not hold: ${why}.`;
  return new ApiError({ status: 502, message, type: "server_error", code: "receipt_refused", param: null });
}

/** The refusal of a receipt where none is kept. */
export function unwanted(): ApiError {
  const message = "No receipts are kept here.";
  return new ApiError({ status: 400, message, type: "invalid_request_error", code: "receipt_refused", param: null });
}
