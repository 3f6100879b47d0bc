/** Into which folder a chat goes. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { moveTo, rows } from "../../state/chats.ts";
import { folders } from "../../state/folders.ts";
import { closeDialog, dialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

export function MoveDialog({ chat }: { readonly chat: string }): JSX.Element {
  const row = rows.value.find(({ id }) => id === chat);
  const here = row?.folder ?? null;
  const choose = (folder: string | null): void => {
    closeDialog();
    if (folder !== here) void moveTo(chat, folder);
  };
  const choices = [{ id: null, name: t("sidebar.no_folder") }, ...folders.value];
  return (
    <Dialog title={t("sidebar.move_title")} onClose={closeDialog}>
      <p class="quiet" dir="auto">{row?.title}</p>
      <ul class="moves">
        {choices.map(({ id, name }) => (
          <li key={id ?? ""}>
            <button
              type="button" class="move" aria-current={id === here ? true : undefined} onClick={() => choose(id)}
            >
              <Icon name={id === null ? "close" : "folder"} />
              <span dir="auto">{name}</span>
              {id === here && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
      <Button icon="add" onClick={() => { dialog.value = { kind: "folder", folder: null, chat }; }}>
        {t("sidebar.new_folder")}
      </Button>
    </Dialog>
  );
}
