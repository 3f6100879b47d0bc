/** What is kept of how one answer was proven: shown behind its margin line, saved as a file. */

import { signal } from "@preact/signals";

import { Refusal } from "../bridge/line.ts";
import type { MessageView } from "../bridge/views.ts";
import { reasonText } from "../text/reasons.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

/** The answer whose evidence is open; null: none. */
export const shownReceipt = signal<MessageView | null>(null);

/** Save the evidence that was kept of an answer, as one file for `privity verify-bundle`. */
export async function saveReceipt({ evidence, time }: MessageView): Promise<void> {
  if (evidence === null) return;
  try {
    const { bundle } = await ports().vault.ask("evidence", { evidence });
    saveFile(`evidence-${new Date(time).toISOString().slice(0, 19).replaceAll(":", "")}.cbor`, bundle);
  } catch (error) {
    const { reason, detail } = error instanceof Refusal ? error : { reason: "page.failed", detail: "" };
    const { text, code } = reasonText(reason, detail);
    tell(text, { urgent: true, details: code });
  }
}

/** The appraisal record that was kept of an answer, as its JSON text. Raises Refusal. */
export async function recordOf({ evidence }: MessageView): Promise<string | null> {
  if (evidence === null) return null;
  const { appraisal } = await ports().vault.ask("evidence", { evidence });
  return new TextDecoder().decode(appraisal);
}
