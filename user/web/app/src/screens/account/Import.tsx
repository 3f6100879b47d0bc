/** Chats from a file: read first, shown, added only then, and counted at the end. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { ImportReport } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Section } from "../../parts/Page.tsx";
import { Reveal } from "../../parts/Reveal.tsx";
import { Progress } from "../../parts/Skeleton.tsx";
import { progress } from "../../state/news.ts";
import { adopt, anotherFile, importing, type Importing, openWith, preview } from "../../state/transfer.ts";
import { isKey, t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

/** Titles that a preview shows. */
const TITLES = 20;

export function Import(): JSX.Element {
  // Whoever comes back finds the beginning again, unless something is under way.
  useEffect(() => () => { if (importing.value.at === "done" || importing.value.at === "choose") anotherFile(); }, []);
  return (
    <Section title={t("account.import.title")} lead={t("account.import.lead")}>
      <Step step={importing.value} />
    </Section>
  );
}

function Step({ step }: { readonly step: Importing }): JSX.Element {
  switch (step.at) {
    case "choose":
      return (
        <>
          {step.fault !== null && <ReasonNotice {...step.fault} />}
          <Choose />
        </>
      );
    case "reading": return <Moving label={t("account.import.reading", { name: step.fileName })} />;
    case "words": return <Words step={step} />;
    case "preview":
      return (
        <div class="stack">
          <p class="row-title"><bdi>{step.fileName}</bdi></p>
          <Report report={step.report} />
          <div class="actions">
            {step.report.chats === 0 ? <Button onClick={anotherFile}>{t("account.import.another")}</Button> : (
              <>
                <Button kind="primary" onClick={() => void adopt()}>
                  {t("account.import.go", { count: step.report.chats })}
                </Button>
                <Button kind="quiet" onClick={anotherFile}>{t("shell.cancel")}</Button>
              </>
            )}
          </div>
        </div>
      );
    case "adding": return <Moving label={t("account.import.adding", { count: step.report.chats })} />;
    case "done":
      return (
        <div class="stack" role="status">
          <p>{t("account.import.done")}</p>
          <Report report={step.report} />
          <div class="actions"><Button onClick={anotherFile}>{t("account.import.another")}</Button></div>
        </div>
      );
  }
}

function Choose(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  const take = (files: FileList | null | undefined): void => {
    const [file] = files ?? [];
    if (file !== undefined) void preview(file);
  };
  return (
    <div
      class={over.value ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => { over.value = false; }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        take(event.dataTransfer?.files);
      }}
    >
      <Button icon="upload" onClick={() => input.current?.click()}>{t("account.import.choose")}</Button>
      <p class="quiet">{t("account.import.kinds")}</p>
      <input
        ref={input} type="file" class="spoken" tabIndex={-1} aria-label={t("account.import.choose")} accept=".zip,.json,.privity"
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

function Moving({ label }: { readonly label: string }): JSX.Element {
  return <Progress label={label} done={progress.value?.done ?? 0} of={progress.value?.of ?? null} />;
}

function Words({ step }: { readonly step: Extract<Importing, { readonly at: "words" }> }): JSX.Element {
  const typed = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value.trim() !== "") void openWith(typed.value);
  };
  return (
    <form class="stack" onSubmit={submit}>
      {step.fault !== null && <ReasonNotice {...step.fault} />}
      <Field
        label={t("entry.words.label")} hint={t("account.import.words")} code value={typed.value}
        onInput={(value) => { typed.value = value; }}
      />
      <div class="actions">
        <Button kind="primary" submit>{t("account.import.open")}</Button>
        <Button kind="quiet" onClick={anotherFile}>{t("shell.cancel")}</Button>
      </div>
    </form>
  );
}

function Report({ report }: { readonly report: ImportReport }): JSX.Element {
  const { source, chats, messages, folders, attachments, known, left, titles } = report;
  const rest = titles.length - TITLES;
  return (
    <div class="stack report">
      <p>{t(`account.import.source.${source}`)}</p>
      <ul class="report-counts">
        {(chats > 0 || known === 0) && <li>{t("account.import.chats", { count: chats })}</li>}
        {messages > 0 && <li>{t("account.import.messages", { count: messages })}</li>}
        {folders > 0 && <li>{t("account.import.folders", { count: folders })}</li>}
        {attachments > 0 && <li>{t("account.import.attachments", { count: attachments })}</li>}
        {known > 0 && <li>{t("account.import.known", { count: known })}</li>}
      </ul>
      {left.length > 0 && (
        <div>
          <p>{t("account.import.left")}</p>
          <ul class="report-left">{left.map(({ what, count }) => <li key={what}>{leftText(what, count)}</li>)}</ul>
        </div>
      )}
      {titles.length > 0 && (
        <Reveal label={t("account.import.titles")}>
          <ul class="report-titles">
            {titles.slice(0, TITLES).map((title, index) => <li key={index}><bdi>{title}</bdi></li>)}
            {rest > 0 && <li>{t("account.import.more", { count: rest })}</li>}
          </ul>
        </Reveal>
      )}
    </div>
  );
}

function leftText(what: string, count: number): string {
  return isKey(what) ? t(what, { count }) : t("account.import.left.other", { count });
}
