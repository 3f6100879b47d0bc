/** Which model answers, and how much it may think. */

import { computed } from "@preact/signals";

import type { ModelView } from "../bridge/channel.ts";
import { chat, models, overview, record } from "./app.ts";
import { fresh } from "./chats.ts";
import { ports } from "./ports.ts";

/** The model of the chat in sight: the one that was chosen for it, else the person's own, else the first that is there. */
export const chosenModel = computed<ModelView | null>(() => {
  const wanted = (chat.value === null ? fresh.value.model : chat.value.model) ?? overview.value?.settings.model ?? null;
  return models.value.find(({ id }) => id === wanted) ?? models.value[0] ?? null;
});

/** Its effort; null leaves it to the node. */
export const chosenEffort = computed<string | null>(() => {
  const wanted = chat.value === null ? fresh.value.effort : chat.value.effort;
  return wanted !== null && chosenModel.value?.efforts.includes(wanted) === true ? wanted : null;
});

/** The same for another model than the chosen one: null where it has no such effort. */
export function effortOf(model: string): string | null {
  const effort = chosenEffort.value;
  return effort !== null && models.value.find(({ id }) => id === model)?.efforts.includes(effort) === true ? effort : null;
}

/** The name of the model that wrote an answer, by the digest of its weights; null: it is not offered any more. */
export function modelOf(digest: string | null): ModelView | null {
  return digest === null ? null : models.value.find((one) => one.digest === digest) ?? null;
}

/** Ask which models there are, once the enclave has proven itself. A failure leaves those that were known. */
export async function loadModels(): Promise<void> {
  if (record.value === null || record.value.verdict === "refused") return;
  try {
    models.value = await ports().channel.ask("models", {});
  } catch {
    // Asked again with the next record; a question says by itself that no model is there.
  }
}
