/** The message that is sent when the answer has come; until then it can be taken back. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { chat } from "../../state/app.ts";
import { queued, unqueue } from "../../state/asking.ts";
import { focusComposer } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

export function Queued(): JSX.Element | null {
  const id = chat.value?.row.id ?? "";
  const waiting = queued.value.get(id);
  if (waiting === undefined) return null;
  return (
    <div class="queued">
      <div class="queued-words">
        <span class="quiet">{t("chat.queued")}</span>
        <span class="queued-text" dir="auto">{waiting.text}</span>
      </div>
      <Button
        kind="quiet"
        onClick={() => {
          unqueue(id);
          focusComposer();
        }}
      >
        {t("chat.unqueue")}
      </Button>
    </div>
  );
}
