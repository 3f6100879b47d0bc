/** One chat in the list. */

import type { JSX } from "preact";

import type { ChatRow } from "../../bridge/views.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Menu } from "../../parts/Menu.tsx";
import { memo } from "../../parts/memo.ts";
import { account, chat, screen } from "../../state/app.ts";
import { openChat, opening } from "../../state/chats.ts";
import { dialog } from "../../state/opened.ts";
import { removeChats } from "../../state/removing.ts";
import { runs } from "../../state/runs.ts";
import { t } from "../../text/text.ts";
import { chatItems } from "../chat/items.ts";
import { took } from "./dragging.ts";

export const Row = memo(function Row({ row }: { readonly row: ChatRow }): JSX.Element {
  const { id, title } = row;
  const here = screen.value === "chat" && (opening.value ?? chat.value?.row.id) === id;
  const temporary = row.temporary && account.value?.state === "open";
  return (
    <li class={here ? "listed listed-here" : "listed"} draggable onDragStart={(event) => took(event, "chat", id)}>
      <button
        type="button" class="listed-link" aria-current={here ? "page" : undefined}
        onClick={() => void openChat(id)} onKeyDown={(event) => pressed(event, id)}
      >
        {temporary && <Icon name="temporary" />}
        <span class="listed-title" dir="auto">{title}</span>
        {runs.value.has(id) && <span class="listed-dot"><span class="spoken">{t("sidebar.answering")}</span></span>}
        {row.faults.length > 0 && <><Icon name="warning" /><span class="spoken">{t("sidebar.faulty")}</span></>}
      </button>
      <Menu name={t("sidebar.chat_menu", { title })} icon="more" items={chatItems(row)} />
    </li>
  );
});

/** F2 renames, Delete deletes, as everywhere. */
function pressed(event: KeyboardEvent, id: string): void {
  if (event.key === "F2") dialog.value = { kind: "rename", chat: id };
  else if (event.key === "Delete") removeChats([id]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Up and down go from one chat to the next. */
export function walkRows(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || event.altKey || event.ctrlKey || event.metaKey || !(event.currentTarget instanceof HTMLElement)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(".listed-link, .folder-link, .sidebar-fold")];
  const at = all.findIndex((one) => one === document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  all[at + step]?.focus();
}
