/** What a node signed of an answer, between the channel and the history: there the evidence lies once for many answers. */

import { type Bytes } from "@privity/protocol/bytes";
import { PrivityError } from "@privity/protocol/errors";
import { checkFile, decodeFile, encodeFile, type ReceiptFile } from "@privity/protocol/receipt";
import * as saved from "@privity/trust/saved_evidence";

import type { SignedView } from "../bridge/channel.ts";
import { isWithLogs } from "../bridge/kept.ts";

/** Bytes of a receipt in the history (specs/contents.md). */
export const MAX_KEPT = 65_536;
const NOTHING: Bytes = new Uint8Array(0);

/** What is kept of a receipt: all but the evidence, and without question and answer where those are too long. */
export function keptOf(file: ReceiptFile): Bytes {
  const kept = encodeFile({ ...file, bundle: NOTHING });
  return kept.length <= MAX_KEPT ? kept : encodeFile({ ...file, bundle: NOTHING, shown: null });
}

/**
 * A receipt with its evidence, checked: the file of specs/receipt.md, and what it says. Null when it does not hold: it comes from
 * the history, where another device may have put anything.
 */
export async function signedView(kept: Bytes, evidence: Bytes): Promise<SignedView | null> {
  try {
    const file = { ...decodeFile(kept), bundle: bundleIn(evidence) };
    const { model } = await checkFile(file);
    return { model, shown: file.shown !== null, data: encodeFile(file) };
  } catch (error) {
    if (error instanceof PrivityError) return null;
    throw error;
  }
}

/** The bundle of a node, by itself or with the logs' bulletin. Raises Malformed. */
function bundleIn(evidence: Bytes): Bytes {
  return isWithLogs(evidence) ? saved.decode(evidence).bundle : evidence;
}
