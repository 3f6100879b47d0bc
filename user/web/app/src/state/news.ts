/** What the workers say unasked, put where it belongs. */

import { signal } from "@preact/signals";

import type { ChannelNews } from "../bridge/channel.ts";
import type { VaultNews } from "../bridge/vault.ts";
import { chat, overview, record } from "./app.ts";
import { heard } from "./asking.ts";
import { rereadSoon } from "./chats.ts";
import { settled } from "./composing.ts";
import { heardState } from "./locking.ts";
import { loadModels } from "./models.ts";
import { heardErasure } from "./settings.ts";

/** How far a long work of the vault has come: an import, an export, a repair. Null: none. */
export const progress = signal<{ readonly done: number; readonly of: number } | null>(null);

export function heardVault(news: VaultNews): void {
  switch (news.kind) {
    case "overview":
      overview.value = news.overview;
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
}
