/** Versions of a message: "2 / 3", and the way to the others. */

import type { JSX } from "preact";

import type { MessageView } from "../../bridge/views.ts";
import { IconButton } from "../../parts/Button.tsx";
import { running } from "../../state/runs.ts";
import { t } from "../../text/text.ts";
import { turnTo } from "./walking.ts";

export function Branches({ message: { id, siblings } }: { readonly message: MessageView }): JSX.Element | null {
  const at = siblings.indexOf(id);
  if (siblings.length < 2 || at < 0) return null;
  const [before, after] = [siblings[at - 1], siblings[at + 1]];
  const busy = running.value !== null;
  return (
    <div class="branches" role="group" aria-label={t("chat.versions")}>
      <IconButton
        icon="back" name={t("chat.version_before")} disabled={busy || before === undefined}
        onClick={() => { if (before !== undefined) void turnTo(before); }}
      />
      <span class="branches-at" aria-label={t("chat.version_of", { at: at + 1, of: siblings.length })}>
        {t("chat.version", { at: at + 1, of: siblings.length })}
      </span>
      <IconButton
        icon="forward" name={t("chat.version_after")} disabled={busy || after === undefined}
        onClick={() => { if (after !== undefined) void turnTo(after); }}
      />
    </div>
  );
}
