/** What the page shows now. Components read these signals; only the modules of this folder write them. */

import { computed, signal } from "@preact/signals";

import type { ModelView, RecordView } from "../bridge/channel.ts";
import type { AccountState, ChatView, Overview } from "../bridge/views.ts";

/** What fills the page, or lies over the chat. */
export type Screen =
  | "chat" | "create" | "unlock" | "link" | "devices" | "usage" | "settings" | "transfer" | "shared" | "recover" | "search";

export const account = signal<AccountState | null>(null);
export const overview = signal<Overview | null>(null);
/** The chat that is open; null: a new one. */
export const chat = signal<ChatView | null>(null);
export const screen = signal<Screen>("chat");
/** The newest appraisal; null: none yet, and nothing may be sent. */
export const record = signal<RecordView | null>(null);
export const models = signal<readonly ModelView[]>([]);
export const panelOpen = signal(false);
export const sidebarOpen = signal(false);
export const online = signal(true);

/** Something that people must read: said politely, or at once when it is an error. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly urgent: boolean;
  /** A reason code and detail for those who look closer; never content. */
  readonly details: string;
  /** What can be done about it, or taken back. */
  readonly action?: { readonly label: string; readonly run: () => void };
}
export const notices = signal<readonly Notice[]>([]);

/** Memories are sent with questions, where a chat does not say otherwise. */
export const remembering = computed(() => overview.value?.settings.memory === true);

/** Why nothing can be sent, as a reason code; null: it can. */
export const blocked = computed<string | null>(() => {
  const found = record.value;
  if (found === null) return "no_record";
  return found.verdict === "refused" ? (found.reasons[0] ?? "refused") : null;
});
