/** The instructions that a chat follows, in sight: those of its folder, and its own. */

import type { JSX } from "preact";

import type { FolderRow } from "../../bridge/views.ts";
import { Reveal } from "../../parts/Reveal.tsx";
import { chat } from "../../state/app.ts";
import { t } from "../../text/text.ts";

/** Of the open chat. */
export function Instructions(): JSX.Element | null {
  const open = chat.value;
  return open === null ? null : <InstructionsOf folder={open.folder} own={open.instructions} />;
}

export function InstructionsOf({ folder, own }: { readonly folder: FolderRow | null; readonly own: string }): JSX.Element | null {
  const ofFolder = folder?.instructions.trim() ?? "";
  if (ofFolder === "" && own.trim() === "") return null;
  const label = ofFolder === "" ? t("chat.own_instructions") : t("chat.folder_instructions", { folder: folder?.name ?? "" });
  return (
    <div class="instructions">
      <Reveal label={label}>
        {ofFolder !== "" && <p class="instructions-text" dir="auto">{ofFolder}</p>}
        {own.trim() !== "" && <p class="instructions-text" dir="auto">{own}</p>}
      </Reveal>
    </div>
  );
}
