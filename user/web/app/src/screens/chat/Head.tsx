/** The line above a chat: what it is called, and what can be done with it. */

import type { JSX } from "preact";

import { IconButton } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Mark } from "../../parts/Mark.tsx";
import { Menu } from "../../parts/Menu.tsx";
import { toggleSidebar } from "../../state/actions.ts";
import { account, chat, sidebarOpen } from "../../state/app.ts";
import { fresh, newChat } from "../../state/chats.ts";
import { remembered } from "../../state/remembered.ts";
import { spokenOf } from "../../state/shortcuts.ts";
import { isWide } from "../../state/width.ts";
import { t } from "../../text/text.ts";
import { chatItems } from "./items.ts";

export function Head(): JSX.Element {
  const open = chat.value;
  const beside = isWide.value && remembered.value.sidebar;
  return (
    <header class="head">
      {!beside && (
        <IconButton
          icon="sidebar" name={t("sidebar.show")} expanded={isWide.value ? false : sidebarOpen.value}
          shortcut={spokenOf("sidebar")} onClick={toggleSidebar}
        />
      )}
      {!beside && open === null && <Mark />}
      {open === null ? <h1 class="spoken">{t("chat.new")}</h1> : <h1 class="head-title" dir="auto">{open.row.title}</h1>}
      <Kind />
      <div class="head-actions">
        {open === null ? <TemporarySwitch /> : <Menu name={t("chat.menu")} icon="more" items={chatItems(open.row)} />}
        {(!beside || open !== null) && (
          <IconButton icon="edit" name={t("sidebar.new")} shortcut={spokenOf("new")} onClick={() => newChat()} />
        )}
      </div>
    </header>
  );
}

/** Says of a temporary chat that it is one. */
function Kind(): JSX.Element | null {
  const open = chat.value;
  const temporary = open === null ? fresh.value.temporary : open.row.temporary && account.value?.state === "open";
  if (!temporary) return null;
  return <span class="kind"><Icon name="temporary" />{t("chat.temporary")}</span>;
}

function TemporarySwitch(): JSX.Element | null {
  if (account.value?.state !== "open") return null;
  const on = fresh.value.temporary;
  return (
    <IconButton
      icon="temporary" name={t("chat.temporary_switch")} pressed={on} shortcut={spokenOf("temporary")}
      onClick={() => { fresh.value = { ...fresh.value, temporary: !on }; }}
    />
  );
}
