/** What the workers say unasked, put where it belongs. */

import { signal } from "@preact/signals";

import type { ChannelNews } from "../bridge/channel.ts";
import type { VaultNews } from "../bridge/vault.ts";
import type { Overview } from "../bridge/views.ts";
import { t } from "../text/text.ts";
import { chat, overview, record } from "./app.ts";
import { heard } from "./asking.ts";
import { newChat, rereadSoon } from "./chats.ts";
import { settled } from "./composing.ts";
import { draft, giveBack } from "./drafts.ts";
import { heardState } from "./locking.ts";
import { loadModels } from "./models.ts";
import { watchAllowance } from "./paying.ts";
import { tell } from "./notices.ts";
import { heardErasure } from "./settings.ts";

/** How far a long work of the vault has come: an import, an export, a repair. Null: none. */
export const progress = signal<{ readonly done: number; readonly of: number } | null>(null);

export function heardVault(news: Exclude<VaultNews, { readonly kind: "annex" }>): void {
  switch (news.kind) {
    case "overview":
      listed(news.overview);
      break;
    case "changed": {
      const open = chat.value?.row.id;
      if (open !== undefined && (news.chats === null || news.chats.includes(open))) void rereadSoon(open);
      break;
    }
    case "state":
      void heardState(news.state);
      break;
    case "erased":
      heardErasure(news.receipt);
      break;
    case "progress":
      progress.value = news.done >= news.of ? null : { done: news.done, of: news.of };
  }
}

/** The list is another one. A chat in sight that left it is closed; what was typed there stays in the composer. */
function listed(next: Overview): void {
  const open = chat.value?.row.id;
  const holds = (all: Overview | null): boolean => all?.chats.some(({ id }) => id === open) === true;
  const gone = open !== undefined && holds(overview.value) && !holds(next);
  overview.value = next;
  if (!gone) return;
  const text = draft.value;
  newChat();
  if (text !== "") giveBack(null, text);
  tell(t("chat.gone"));
}

export function heardChannel(news: ChannelNews): void {
  if (news.kind !== "record") {
    heard(news);
    return;
  }
  record.value = news.record;
  void judged();
}

/** An appraisal has come: models are asked for once, and what waited for it is sent. */
export async function judged(): Promise<void> {
  await loadModels();
  settled();
  // What is refused would be told again by the look for prices, and that again looked at.
  if (record.value !== null && record.value.verdict !== "refused") watchAllowance();
}
