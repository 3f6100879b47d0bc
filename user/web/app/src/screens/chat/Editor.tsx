/** A question's words while they are changed. The old ones stay as a version of their own. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { grow } from "../../parts/Field.tsx";
import { blocked } from "../../state/app.ts";
import { edit } from "../../state/asking.ts";
import { focusComposer } from "../../state/opened.ts";
import { editing } from "../../state/editing.ts";
import { running } from "../../state/runs.ts";
import { t } from "../../text/text.ts";
import { sends } from "./sending.ts";

export function Editor({ message }: { readonly message: MessageView }): JSX.Element {
  const text = useSignal(message.text);
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(message.text.length, message.text.length);
    grow(area.current);
  }, []);
  const ready = text.value.trim() !== "" && blocked.value === null && running.value === null;
  const close = (): void => {
    editing.value = null;
    focusComposer();
  };
  const save = (): void => {
    if (ready) void edit(message, text.value.trim()).then((taken) => { if (taken) close(); });
  };
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={area}
        class="input input-area"
        dir="auto"
        aria-label={t("chat.edit_label")}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          grow(event.currentTarget);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            close();
          } else if (sends(event)) {
            event.preventDefault();
            save();
          }
        }}
      />
      <div class="editor-row">
        <span class="quiet">{t("chat.edit_hint")}</span>
        <Button kind="quiet" onClick={close}>{t("shell.cancel")}</Button>
        <Button kind="primary" submit disabled={!ready}>{t("chat.edit_send")}</Button>
      </div>
    </form>
  );
}
