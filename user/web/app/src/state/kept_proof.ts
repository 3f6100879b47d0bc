/** What is kept of how one answer was proven, as files that the command line judges. Loaded with the dialog that shows it. */

import type { Bytes } from "@privity/protocol/bytes";

import type { SignedView } from "../bridge/channel.ts";
import { isWithLogs } from "../bridge/kept.ts";
import { Refusal } from "../bridge/line.ts";
import type { MessageView } from "../bridge/views.ts";
import { reasonText } from "../text/reasons.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

/** A file, and the command that judges it without this page. */
export interface Judged {
  readonly name: string;
  readonly data: Bytes;
  readonly command: string;
}

/** `record` is the appraisal's JSON text. `signed`: null where none was asked for, "broken" where what was kept does not hold. */
export interface KeptProof {
  readonly record: string;
  readonly evidence: Judged;
  readonly signed: (Pick<SignedView, "model" | "shown"> & Judged) | "broken" | null;
}

/** What was kept of an answer; null where nothing was, or it cannot be read: then the person was told why. */
export async function keptProof(message: MessageView): Promise<KeptProof | null> {
  if (message.evidence === null) return null;
  try {
    const { bundle, appraisal, receipt } = await ports().vault.ask("evidence", { evidence: message.evidence });
    const signed = receipt === null ? null : await ports().channel.ask("signed", { receipt, evidence: bundle });
    const evidence = evidenceOf(message, bundle);
    return {
      record: new TextDecoder().decode(appraisal), evidence,
      signed: receipt === null ? null : signed === null ? "broken" : { ...signed, ...receiptOf(message, signed.data, evidence) },
    };
  } catch (error) {
    const { reason, detail } = error instanceof Refusal ? error : { reason: "page.failed", detail: "" };
    const { text, code } = reasonText(reason, detail);
    tell(text, { urgent: true, details: code });
    return null;
  }
}

/** Save one of them. */
export function save({ name, data }: Judged): void {
  saveFile(name, data);
}

/** With the logs' bulletin it says itself when it was judged; alone it does not, so the command does. */
function evidenceOf(message: MessageView, data: Bytes): Judged {
  const withLogs = isWithLogs(data);
  const name = `evidence-${stamp(message)}.json`;
  const at = withLogs ? "" : ` --at ${new Date(message.time).toISOString().slice(0, 19)}Z`;
  return { name, data, command: `privity verify-bundle ${name}${at}${tested(message)}` };
}

function receiptOf(message: MessageView, data: Bytes, evidence: Judged): Judged {
  const name = `receipt-${stamp(message)}.json`;
  const beside = isWithLogs(evidence.data) ? ` --evidence ${evidence.name}` : "";
  return { name, data, command: `privity receipt verify ${name}${beside}${tested(message)}` };
}

function tested({ proof }: MessageView): string {
  return proof === "test" ? " --allow-simulated" : "";
}

function stamp({ time }: MessageView): string {
  return new Date(time).toISOString().slice(0, 19).replaceAll(":", "");
}
