/** The composer's text. It alone is drawn again with each letter. */

import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import type { PromptRow } from "../../bridge/views.ts";
import { grow } from "../../parts/Field.tsx";
import { screen } from "../../state/app.ts";
import { target, turned } from "../../state/chats.ts";
import { attach, submit } from "../../state/composing.ts";
import { draft, followDrafts, typed } from "../../state/drafts.ts";
import { editLast } from "../../state/editing.ts";
import { drafted, tokensIn } from "../../state/meter.ts";
import { composerFocus, dialog, paletteOpen } from "../../state/opened.ts";
import { blanksOf, calling } from "../../state/prompts.ts";
import { means } from "../../state/shortcuts.ts";
import { t } from "../../text/text.ts";
import { Calls, useCalls } from "./Calls.tsx";
import { sends } from "./sending.ts";

/** Milliseconds after a letter before its tokens are counted. */
const PAUSE = 300;

export function Writing(): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const called = useSignal<string | null>(null);
  useEffect(followDrafts, []);
  useFocus(area);
  useCounting();
  useLayoutEffect(() => grow(area.current), [draft.value]);
  const insert = (prompt: PromptRow): void => {
    called.value = null;
    if (blanksOf(prompt.text).length > 0) dialog.value = { kind: "blanks", prompt: prompt.id };
    else typed(prompt.text);
    area.current?.focus();
  };
  const calls = useCalls(called, insert);
  return (
    <>
      {calls.found.length > 0 && <Calls calls={calls} choose={insert} />}
      <textarea
        ref={area}
        class="composer-text"
        dir="auto"
        rows={1}
        aria-label={t("chat.composer")}
        placeholder={t("chat.placeholder")}
        enterkeyhint="enter"
        aria-controls={calls.found.length > 0 ? "calls" : undefined}
        aria-activedescendant={calls.found.length > 0 ? `call-${String(calls.at.value)}` : undefined}
        value={draft.value}
        onInput={(event) => {
          const { value, selectionStart } = event.currentTarget;
          typed(value);
          called.value = calling(value.slice(0, selectionStart));
        }}
        onBlur={() => { called.value = null; }}
        onPaste={(event) => pasted(event)}
        onKeyDown={(event) => pressed(event, calls.pressed)}
      />
    </>
  );
}

function pressed(event: KeyboardEvent, calls: (event: KeyboardEvent) => boolean): void {
  if (calls(event)) {
    event.preventDefault();
    event.stopPropagation();
  } else if (sends(event)) {
    event.preventDefault();
    void submit();
  } else if (draft.value === "" && means(event, "edit_last") && editLast()) event.preventDefault();
}

/** Files on the clipboard are attached. */
function pasted(event: ClipboardEvent): void {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  void attach(files);
}

/** The composer has the focus when a chat comes into sight, except on a phone, where the keyboard would cover it. */
function useFocus(area: { readonly current: HTMLTextAreaElement | null }): void {
  useEffect(() => {
    composerFocus(() => area.current?.focus());
    return () => composerFocus(null);
  }, []);
  useSignalEffect(() => {
    const there = turned.value >= 0 && screen.value === "chat";
    if (!there || dialog.peek() !== null || paletteOpen.peek()) return;
    if (matchMedia("(hover: none) and (pointer: coarse)").matches) return;
    requestAnimationFrame(() => {
      // A message that was looked for has the focus, or will have it.
      const reading = target.peek() !== null || document.querySelector(".message:focus") !== null;
      if (!reading) area.current?.focus();
    });
  });
}

function useCounting(): void {
  useSignalEffect(() => {
    const text = draft.value;
    const clock = setTimeout(() => { drafted.value = tokensIn(text); }, PAUSE);
    return () => clearTimeout(clock);
  });
}
