/** An answer: its margin line, what the model thought first, its text, how it ended, and what can be done with it. */

import type { JSX } from "preact";
import { useContext, useLayoutEffect } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import type { MenuItem } from "../../parts/Menu.tsx";
import { IconButton } from "../../parts/Button.tsx";
import { lazy } from "../../parts/lazy.tsx";
import { Menu } from "../../parts/Menu.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import type { AnswerProps } from "../../render/Answer.tsx";
import { models, remembering } from "../../state/app.ts";
import { regenerate } from "../../state/asking.ts";
import { modelOf } from "../../state/models.ts";
import { shownReceipt } from "../../state/receipts.ts";
import { remembered } from "../../state/remembered.ts";
import { type Run, running } from "../../state/runs.ts";
import { written } from "../../state/shown.ts";
import { t } from "../../text/text.ts";
import { Branches } from "./Branches.tsx";
import { MarginLine } from "./MarginLine.tsx";
import { MemoryActions } from "./remembering.tsx";
import { Scrolling } from "./scroll.ts";

/** Loaded right after the first paint; the words alone stand there if a chat is faster. */
const Answer = lazy(async () => (await import("../../render/Answer.tsx")).Answer, Words);

function Words({ text }: AnswerProps): JSX.Element {
  return <p class="message-far" dir="auto">{text}</p>;
}

export function AnswerBlock({ message }: { readonly message: MessageView }): JSX.Element {
  const run = running.value;
  return run?.answer === message.id ? <Coming run={run} /> : <Kept message={message} />;
}

/** While it comes. Only this is drawn again with each piece. */
function Coming({ run }: { readonly run: Run }): JSX.Element {
  const [text, reasoning, phase] = [run.text.value, run.reasoning.value, run.phase.value];
  const scroll = useContext(Scrolling);
  useLayoutEffect(() => scroll?.grew());
  return (
    <div class="answer" aria-busy="true">
      {reasoning !== "" && (
        <Reveal label={t("chat.thoughts")} open={text === ""}><div class="thoughts" dir="auto">{reasoning}</div></Reveal>
      )}
      {text !== "" && <Answer text={text} streaming written={written.value} previews={remembered.value.previews} />}
      {phase !== "answering" && phase !== "keeping" && <p class="answer-phase">{t(`chat.phase_${phase}`)}</p>}
    </div>
  );
}

function Kept({ message }: { readonly message: MessageView }): JSX.Element {
  const { text, reasoning, state } = message;
  return (
    <>
      <div class="answer">
        <MarginLine message={message} />
        {reasoning !== "" && <Reveal label={t("chat.thoughts")}><div class="thoughts" dir="auto">{reasoning}</div></Reveal>}
        <Answer text={text} written={written.value} previews={remembered.value.previews} />
        {state !== "complete" && state !== "streaming" && <p class="answer-state">{t(`chat.state_${state}`)}</p>}
      </div>
      <Actions message={message} />
    </>
  );
}

function Actions({ message }: { readonly message: MessageView }): JSX.Element {
  const question = message.parent;
  const busy = running.value !== null;
  const name = modelOf(message.model)?.name;
  const others: readonly MenuItem[] = models.value.length < 2 || question === null ? [] : models.value.map((model) => ({
    label: t("chat.again_with", { model: model.name }), icon: "retry", disabled: busy,
    onSelect: () => void regenerate(question, model.id),
  }));
  const proof: MenuItem = {
    label: t("chat.proof"), icon: message.proof === "verified" ? "passed" : "info",
    onSelect: () => { shownReceipt.value = message; },
  };
  return (
    <div class="message-actions">
      <Branches message={message} />
      <Copy text={message.text} name={t("chat.copy_answer")} />
      {question !== null && (
        <IconButton icon="retry" name={t("chat.again")} disabled={busy} onClick={() => void regenerate(question)} />
      )}
      <Menu name={t("chat.answer_menu")} icon="more" items={others.length === 0 ? [proof] : [...others, "line", proof]} />
      {(remembering.value || message.memories !== undefined) && <MemoryActions message={message} />}
      {name !== undefined && <span class="message-model">{name}</span>}
    </div>
  );
}
