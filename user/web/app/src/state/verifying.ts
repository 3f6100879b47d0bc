/** Appraising again, agreeing to a test enclave, and saving what was shown. */

import { computed, signal } from "@preact/signals";

import { Refusal } from "../bridge/line.ts";
import { reasonText } from "../text/reasons.ts";
import { record } from "./app.ts";
import { judged } from "./news.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

export const consentAsked = signal(false);

/** Whether the enclave is one for tests, agreed to or not. */
export const isTest = computed(() => {
  const found = record.value;
  return found !== null && (found.verdict === "test" || found.roots.length > 0);
});

/** Appraise again; `fresh` with a question of our own. A failure to reach the server leaves the old record to its own end. */
export async function checkAgain(fresh = true): Promise<void> {
  try {
    record.value = await ports().channel.ask("verify", { fresh });
    await judged();
  } catch (error) {
    complain(error);
  }
}

/** The person typed that they understand: accept this server's development roots. */
export async function agree(): Promise<void> {
  const roots = record.value?.roots ?? [];
  try {
    await ports().channel.ask("consent", { roots });
    await checkAgain(false);
  } catch (error) {
    complain(error);
  }
}

/** Save the bundle and record that the panel shows, as a file for `privity verify-bundle`. */
export async function saveEvidence(): Promise<void> {
  try {
    const { fileName, data } = await ports().channel.ask("saveEvidence", {});
    saveFile(fileName, data);
  } catch (error) {
    complain(error);
  }
}

/** Save the notes of a log that contradict each other. */
export async function saveConviction(): Promise<void> {
  try {
    const found = await ports().channel.ask("saveConviction", {});
    if (found !== null) saveFile(found.fileName, found.data);
  } catch (error) {
    complain(error);
  }
}

function complain(error: unknown): void {
  const { reason, detail } = error instanceof Refusal ? error : { reason: "page.failed", detail: "" };
  const { text, code } = reasonText(reason, detail);
  tell(text, { urgent: true, details: code });
}
