/** The line below the composer: what was proven and when, and where this chat is saved. */

import type { JSX } from "preact";

import { Icon, type IconName } from "../../parts/Icon.tsx";
import { account, chat, online, overview, panelOpen, record, remembering } from "../../state/app.ts";
import { fresh } from "../../state/chats.ts";
import { checking } from "../../state/composing.ts";
import { now } from "../../state/now.ts";
import { remembered } from "../../state/remembered.ts";
import { spokenOf } from "../../state/shortcuts.ts";
import { isTest } from "../../state/verifying.ts";
import { distance, t } from "../../text/text.ts";
import { MemorySwitch } from "./remembering.tsx";

export function StateLine(): JSX.Element {
  const { icon, text, kind } = proven();
  return (
    <p class="state-line">
      <button
        type="button" class={`state-proof state-${kind}`} aria-expanded={panelOpen.value} aria-keyshortcuts={spokenOf("panel")}
        onClick={() => { panelOpen.value = !panelOpen.value; }}
      >
        <Icon name={icon} />{text}
      </button>
      {remembered.value.receipts && <span>{t("chat.receipts")}</span>}
      {remembering.value && <MemorySwitch />}
      <span class="state-saved">{saved()}</span>
    </p>
  );
}

function proven(): { readonly icon: IconName; readonly text: string; readonly kind: string } {
  const found = record.value;
  if (found === null) {
    return { icon: "hidden", text: t(checking.value ? "chat.proof_checking" : "chat.proof_none"), kind: "none" };
  }
  const ago = distance(Math.min(found.time * 1000, now.value), now.value);
  switch (found.verdict) {
    case "verified": return { icon: "passed", text: t("chat.proof_verified", { ago }), kind: "verified" };
    case "test": return { icon: "warning", text: t("chat.proof_test", { ago }), kind: "test" };
    case "refused": return isTest.value ? { icon: "warning", text: t("chat.proof_consent"), kind: "test" }
      : { icon: "failed", text: t("chat.proof_refused", { ago }), kind: "refused" };
  }
}

function saved(): string {
  const open = account.value?.state === "open";
  const temporary = chat.value === null ? fresh.value.temporary : chat.value.row.temporary;
  if (!open) return t("chat.saved_guest");
  if (temporary) return t("chat.saved_temporary");
  const sync = overview.value?.sync;
  if (sync === undefined) return "";
  if (sync.halted !== null) return t("chat.saved_halted");
  if (sync.offline || !online.value) return t("chat.saved_offline");
  if (sync.unsent > 0 || sync.syncing) return t("chat.saved_syncing");
  return t("chat.saved_synced");
}
