/** The foot of the list: how many chats are active, and the menu of everything that is not a chat. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Menu, type MenuItem } from "../../parts/Menu.tsx";
import { account, overview } from "../../state/app.ts";
import { beginCreate } from "../../state/beginning.ts";
import { show } from "../../state/entry.ts";
import { lock } from "../../state/locking.ts";
import { dialog } from "../../state/opened.ts";
import { go } from "../../state/places.ts";
import { shownOf } from "../../state/shortcuts.ts";
import { t } from "../../text/text.ts";

export function Account(): JSX.Element {
  const open = account.value?.state === "open";
  const quota = overview.value?.quota;
  const limit = quota?.activeLimit ?? null;
  return (
    <div class="sidebar-foot">
      {open && quota !== undefined && limit !== null && (
        <p class={quota.active >= limit ? "sidebar-quota sidebar-quota-full" : "sidebar-quota"}>
          {t("sidebar.active", { active: quota.active, limit })}
        </p>
      )}
      {!open && <Button wide onClick={() => beginCreate()}>{t("sidebar.create")}</Button>}
      <Menu
        name={t("sidebar.account_menu")} icon={open ? "user" : "settings"} label={open ? t("sidebar.account") : t("sidebar.menu")}
        items={itemsOf(open)}
      />
    </div>
  );
}

function itemsOf(open: boolean): readonly (MenuItem | "line")[] {
  const common: readonly (MenuItem | "line")[] = [
    { label: t("shell.action.settings"), icon: "settings", onSelect: () => go("settings") },
    { label: t("shell.action.transfer"), icon: "download", onSelect: () => go("transfer") },
    { label: t("shell.action.shortcuts"), icon: "keyboard", onSelect: () => { dialog.value = { kind: "shortcuts" }; } },
  ];
  if (!open) return [{ label: t("sidebar.sign_in"), icon: "key", onSelect: () => show("unlock") }, "line", ...common];
  return [
    { label: t("shell.action.devices"), icon: "device", onSelect: () => go("devices") },
    { label: t("shell.action.usage"), icon: "usage", onSelect: () => go("usage") },
    ...common,
    "line",
    { label: t("shell.action.lock"), icon: "lock", keys: shownOf("lock"), onSelect: () => void lock() },
  ];
}
