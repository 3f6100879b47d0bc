/** What a person wrote: its words, its files, and what can be done with it. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { AttachmentView, MessageView } from "../../bridge/views.ts";
import { Button, IconButton } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Copy } from "../../parts/Reveal.tsx";
import { UserText } from "../../render/UserText.tsx";
import { remembering } from "../../state/app.ts";
import { tryAgain } from "../../state/asking.ts";
import { saveAttachment } from "../../state/attachments.ts";
import { failures, running } from "../../state/runs.ts";
import { editing } from "../../state/editing.ts";
import { bytes, t } from "../../text/text.ts";
import { Branches } from "./Branches.tsx";
import { Editor } from "./Editor.tsx";
import { MemoryActions } from "./remembering.tsx";

export function Question({ message, last }: { readonly message: MessageView; readonly last: boolean }): JSX.Element {
  if (editing.value === message.id) return <Editor message={message} />;
  return (
    <>
      <div class="question">
        {message.attachments.length > 0 && (
          <ul class="files">{message.attachments.map((file) => <File key={file.id} file={file} />)}</ul>
        )}
        {message.text !== "" && <UserText text={message.text} />}
      </div>
      <div class="message-actions">
        <Branches message={message} />
        <IconButton icon="edit" name={t("chat.edit")} onClick={() => { editing.value = message.id; }} />
        <Copy text={message.text} name={t("chat.copy_question")} />
        {remembering.value && <MemoryActions message={message} />}
      </div>
      {last && <Unanswered question={message.id} />}
    </>
  );
}

/** A question without an answer, such as after a reload: nothing was lost, and it can be asked again. */
function Unanswered({ question }: { readonly question: string }): JSX.Element | null {
  const asked = useSignal(false);
  if (running.value !== null || failures.value.has(question)) return null;
  return (
    <div class="unanswered">
      <span class="quiet">{t("chat.unanswered")}</span>
      <Button
        icon="retry" busy={asked.value}
        onClick={() => {
          asked.value = true;
          void tryAgain(question).finally(() => { asked.value = false; });
        }}
      >
        {t("chat.ask_again")}
      </Button>
    </div>
  );
}

function File({ file }: { readonly file: AttachmentView }): JSX.Element {
  return (
    <li>
      <button
        type="button" class="file" title={t("chat.save_file", { name: file.name })} onClick={() => void saveAttachment(file.id)}
      >
        <Icon name={file.type.startsWith("image/") ? "image" : "file"} />
        <span class="file-name" dir="auto">{file.name}</span>
        <span class="file-size">{bytes(file.size)}</span>
      </button>
    </li>
  );
}
