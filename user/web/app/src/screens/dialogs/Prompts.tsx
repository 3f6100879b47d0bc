/** The prompts that a person keeps: their names, what they say, and the letters that call them after `/`. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { PromptRow } from "../../bridge/views.ts";
import { Button, IconButton } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field, TextArea } from "../../parts/Field.tsx";
import { overview } from "../../state/app.ts";
import { draft } from "../../state/drafts.ts";
import { closeDialog } from "../../state/opened.ts";
import { removePrompt, savePrompt } from "../../state/prompts.ts";
import { t } from "../../text/text.ts";

type Edited = Omit<PromptRow, "id"> & { readonly id: string | null };

/** Characters, as the vault keeps them. */
const MOST_TITLE = 256;
const MOST_SHORTCUT = 64;
const MOST_TEXT = 16_000;

export function PromptsDialog(): JSX.Element {
  const edited = useSignal<Edited | null>(null);
  const prompts = overview.value?.prompts ?? [];
  return (
    <Dialog title={t("chat.prompts")} size="wide" onClose={closeDialog}>
      {edited.value === null ? (
        <>
          <p class="quiet">{t("chat.prompts_hint")}</p>
          {prompts.length === 0 && <p>{t("chat.prompts_none")}</p>}
          <ul class="rows">{prompts.map((one) => <One key={one.id} prompt={one} edit={() => { edited.value = one; }} />)}</ul>
          <div class="actions">
            <Button icon="add" onClick={() => { edited.value = { id: null, title: "", text: draft.peek(), shortcut: "" }; }}>
              {t("chat.prompt_new")}
            </Button>
          </div>
        </>
      ) : <Edit prompt={edited.value} done={() => { edited.value = null; }} />}
    </Dialog>
  );
}

function One({ prompt, edit }: { readonly prompt: PromptRow; readonly edit: () => void }): JSX.Element {
  const { id, title, text, shortcut } = prompt;
  return (
    <li class="row">
      <div class="row-words">
        <p dir="auto">{title}{shortcut !== "" && <> <kbd>/{shortcut}</kbd></>}</p>
        <p class="quiet prompt-text" dir="auto">{text}</p>
      </div>
      <IconButton icon="edit" name={t("chat.prompt_edit", { title })} onClick={edit} />
      <IconButton icon="trash" name={t("chat.prompt_remove", { title })} onClick={() => void removePrompt(id)} />
    </li>
  );
}

function Edit({ prompt, done }: { readonly prompt: Edited; readonly done: () => void }): JSX.Element {
  const now = useSignal(prompt);
  const { id, title, text, shortcut } = now.value;
  const ready = title.trim() !== "" && text.trim() !== "";
  const save = (event: Event): void => {
    event.preventDefault();
    if (!ready) return;
    const letters = shortcut.replace(/^\/|\s/g, "");
    void savePrompt(id, { title, text, shortcut: letters }).then((saved) => { if (saved !== null) done(); });
  };
  return (
    <form class="stack" onSubmit={save}>
      <Field
        label={t("chat.prompt_title")} value={title} maxLength={MOST_TITLE}
        onInput={(value) => { now.value = { ...now.value, title: value }; }}
      />
      <TextArea
        label={t("chat.prompt_text")} hint={t("chat.prompt_text_hint")} value={text} rows={6} maxLength={MOST_TEXT}
        onInput={(value) => { now.value = { ...now.value, text: value }; }}
      />
      <Field
        label={t("chat.prompt_shortcut")} hint={t("chat.prompt_shortcut_hint")} value={shortcut} maxLength={MOST_SHORTCUT} code
        onInput={(value) => { now.value = { ...now.value, shortcut: value }; }}
      />
      <div class="dialog-foot">
        <Button onClick={done}>{t("shell.cancel")}</Button>
        <Button kind="primary" submit disabled={!ready}>{t("shell.save")}</Button>
      </div>
    </form>
  );
}
