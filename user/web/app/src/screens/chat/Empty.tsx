/** A chat without a message: one sentence, and for guests the ways in. The composer below is ready. */

import type { JSX } from "preact";

import { lazy } from "../../parts/lazy.tsx";
import { account } from "../../state/app.ts";
import { fresh } from "../../state/chats.ts";
import { folders } from "../../state/folders.ts";
import { t } from "../../text/text.ts";
import { InstructionsOf } from "./Instructions.tsx";

const Ways = lazy(async () => (await import("../entry/Ways.tsx")).Ways);

export function Empty(): JSX.Element {
  const { temporary, folder } = fresh.value;
  const guest = account.value?.state === "guest";
  const inFolder = folders.value.find(({ id }) => id === folder);
  return (
    <div class="empty">
      <div class="empty-inside">
        <p class="empty-title">{temporary ? t("chat.empty_temporary_title") : t("chat.empty_title")}</p>
        <p class="empty-lead">{temporary ? t("chat.empty_temporary") : t("chat.empty")}</p>
        {inFolder !== undefined && <InstructionsOf folder={inFolder} own="" />}
        {guest && <Ways />}
      </div>
    </div>
  );
}
