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

/** What the file is called that holds the evidence of an answer. */
function fileOf({ time }: MessageView): string {
  return `evidence-${new Date(time).toISOString().slice(0, 19).replaceAll(":", "")}.cbor`;
}

/** The command that judges that file without this page; the file does not say when it was judged, so the command does. */
export function commandOf(message: MessageView): string {
  const test = message.proof === "test" ? " --allow-simulated" : "";
  return `privity verify-bundle ${fileOf(message)} --at ${new Date(message.time).toISOString().slice(0, 19)}Z${test}`;
}

/** Save the evidence that was kept of an answer, as one file for `privity verify-bundle`. */
export async function saveReceipt(message: MessageView): Promise<void> {
  const { evidence } = message;
  if (evidence === null) return;
  try {
    const { bundle } = await ports().vault.ask("evidence", { evidence });
    saveFile(fileOf(message), bundle);
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
