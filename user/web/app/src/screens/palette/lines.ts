/** What the palette lists now: what can be done here, the chats, the prompts. */

import { overview } from "../../state/app.ts";
import { ACTIONS } from "../../state/actions.ts";
import { openChat, rows } from "../../state/chats.ts";
import { typed } from "../../state/drafts.ts";
import { folders } from "../../state/folders.ts";
import { dialog, focusComposer } from "../../state/opened.ts";
import type { Line } from "../../state/palette.ts";
import { go } from "../../state/places.ts";
import { blanksOf } from "../../state/prompts.ts";
import { shownOf } from "../../state/shortcuts.ts";
import { moment, t } from "../../text/text.ts";

export function lines(): readonly Line[] {
  return [...actions(), ...chats(), ...prompts()];
}

function actions(): readonly Line[] {
  const fitting = ACTIONS.filter((one) => one.hidden !== true && one.name !== "palette" && one.fits?.() !== false);
  return fitting.map(({ name, text, icon, run }) => ({
    id: `action ${name}`, kind: "action", label: t(text), hint: "", icon, keys: shownOf(name), run,
  }));
}

function chats(): readonly Line[] {
  const names = new Map(folders.value.map(({ id, name }) => [id, name]));
  return rows.value.map(({ id, title, folder, time }) => ({
    id: `chat ${id}`, kind: "chat", label: title, hint: names.get(folder ?? "") ?? moment(time, "day"), icon: "file", keys: "",
    run: () => void openChat(id),
  }));
}

function prompts(): readonly Line[] {
  return (overview.value?.prompts ?? []).map(({ id, title, text }) => ({
    id: `prompt ${id}`, kind: "prompt", label: title, hint: t("chat.prompt"), icon: "bolt", keys: "",
    run: () => {
      go("chat");
      if (blanksOf(text).length > 0) dialog.value = { kind: "blanks", prompt: id };
      else typed(text);
      focusComposer();
    },
  }));
}
