/** Making an account, step by step; the way back is open at each, and leaves the chat as it was. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { Page } from "../../parts/Page.tsx";
import { creating, type Creating } from "../../state/beginning.ts";
import {
  askAgain, closeCreate, codeAgain, codeKept, leaveCreate, resumeCreate, typeCode, typeWords, wordsAgain, wordsKept,
} from "../../state/creating.ts";
import { tell } from "../../state/notices.ts";
import { t } from "../../text/text.ts";
import { Begin } from "./Begin.tsx";
import { useFocusOf } from "./focus.ts";
import { Sheet } from "./Sheet.tsx";
import { Steps } from "./Steps.tsx";
import { Typed } from "./Typed.tsx";
import { Unopened } from "./Unopened.tsx";
import { Waiting } from "./Waiting.tsx";

type At<Name extends Creating["at"]> = Extract<Creating, { readonly at: Name }>;

export function Create(): JSX.Element {
  useEffect(() => void resumeCreate(), []);
  const step = creating.value;
  useFocusOf(step.at);
  const leave = (): void => {
    const midway = step.at !== "begin";
    void leaveCreate().then(() => { if (midway) tell(t("entry.create.left")); });
  };
  const { title, lead } = heading(step);
  const stage = stageOf(step);
  return (
    <Page title={title} lead={lead} {...(step.at === "done" ? {} : { onBack: leave })}>
      {stage !== null && <Steps names={[t("entry.step.passkey"), t("entry.step.code"), t("entry.step.check")]} at={stage} />}
      <Step step={step} />
    </Page>
  );
}

function Step({ step }: { readonly step: Creating }): JSX.Element {
  switch (step.at) {
    case "begin": return <Begin fault={step.fault} />;
    case "passkey": return <Waiting what={t("entry.waiting.passkey")} cancellable />;
    case "making": return <Waiting what={t("entry.waiting.making")} />;
    case "again": return <Again />;
    case "unopened": return <Unopened step={step} />;
    case "words": return <Shown kind="words" shown={step.words} onKept={wordsKept} />;
    case "words_typed": return <WordsTyped step={step} />;
    case "code": return <Shown kind="code" shown={step.shown} onKept={codeKept} />;
    case "code_typed":
      return (
        <Typed
          kind="code" fault={step.fault} busy={step.busy} onTyped={(...typed) => void typeCode(...typed)} onAgain={codeAgain}
        />
      );
    case "done": return <Done step={step} />;
  }
}

function Again(): JSX.Element {
  return (
    <div class="actions">
      <Button kind="primary" icon="key" onClick={askAgain}>{t("entry.again.go")}</Button>
    </div>
  );
}

interface ShownProps {
  readonly kind: "code" | "words";
  readonly shown: string;
  readonly onKept: () => void;
}

function Shown({ kind, shown, onKept }: ShownProps): JSX.Element {
  return (
    <div class="stack">
      <Sheet kind={kind} shown={shown} />
      <div class="actions">
        <Button kind="primary" onClick={onKept}>{kind === "code" ? t("entry.code.kept") : t("entry.words.kept")}</Button>
      </div>
    </div>
  );
}

function WordsTyped({ step }: { readonly step: At<"words_typed"> }): JSX.Element {
  const fault = step.differs ? { reason: "passphrase.differs", detail: "" } : null;
  return <Typed kind="words" fault={fault} busy={false} onTyped={(...typed) => void typeWords(...typed)} onAgain={wordsAgain} />;
}

function Done({ step: { chats, busy } }: { readonly step: At<"done"> }): JSX.Element {
  if (chats.length === 0) {
    return (
      <div class="actions">
        <Button kind="primary" onClick={() => void closeCreate(false)}>{t("entry.done.go")}</Button>
      </div>
    );
  }
  return (
    <div class="stack">
      <p>{t("entry.done.chats", { count: chats.length })}</p>
      <div class="actions">
        <Button kind="primary" busy={busy} onClick={() => void closeCreate(true)}>
          {t("entry.done.keep", { count: chats.length })}
        </Button>
        <Button kind="quiet" onClick={() => void closeCreate(false)}>{t("entry.done.not")}</Button>
      </div>
    </div>
  );
}

function heading({ at }: Creating): { readonly title: string; readonly lead: string } {
  switch (at) {
    case "begin": case "passkey": case "making": return { title: t("entry.create.title"), lead: t("entry.create.lead") };
    case "again": return { title: t("entry.again.title"), lead: t("entry.again.lead") };
    case "unopened": return { title: t("entry.unopened.title"), lead: t("entry.unopened.lead") };
    case "words": return { title: t("entry.words.title"), lead: t("entry.words.lead") };
    case "words_typed": return { title: t("entry.typed.words_title"), lead: t("entry.typed.lead") };
    case "code": return { title: t("entry.code.title"), lead: t("entry.code.lead") };
    case "code_typed": return { title: t("entry.typed.code_title"), lead: t("entry.typed.lead") };
    case "done": return { title: t("entry.done.title"), lead: t("entry.done.lead") };
  }
}

function stageOf({ at }: Creating): number | null {
  switch (at) {
    case "begin": case "passkey": case "making": case "again": case "unopened": return 0;
    case "words": case "words_typed": case "code": return 1;
    case "code_typed": return 2;
    case "done": return null;
  }
}
