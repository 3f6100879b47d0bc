/** The sheet with a recovery code or seven words: shown once, printed or saved, and then in the person's hands alone. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { overview } from "../../state/app.ts";
import { service } from "../../state/local.ts";
import { saveFile } from "../../state/saving.ts";
import { moment, t } from "../../text/text.ts";
import { Groups, groupsOf } from "./Groups.tsx";

export interface SheetProps {
  readonly kind: "code" | "words";
  readonly shown: string;
}

export function Sheet({ kind, shown }: SheetProps): JSX.Element {
  const groups = groupsOf(shown);
  const title = kind === "code" ? t("entry.sheet.code") : t("entry.sheet.words");
  const head = headLine();
  const save = (): void => {
    const name = `privity-${kind === "code" ? "recovery" : "words"}-${new URL(service()).hostname}.txt`;
    saveFile(name, new TextEncoder().encode(sheetText(title, groups, kind, head)), "text/plain");
  };
  return (
    <div class="sheet">
      <div class="sheet-card">
        <p class="sheet-title"><span class="mark" translate={false}>Privity</span> <span>{title}</span></p>
        <Groups label={title} groups={groups} kind={kind} />
        <dl class="sheet-facts">
          <div><dt>{t("entry.sheet.origin")}</dt><dd dir="ltr">{service()}</dd></div>
          <div><dt>{t("entry.sheet.day")}</dt><dd>{moment(Date.now(), "day")}</dd></div>
          {head !== null && <div><dt>{t("entry.sheet.head")}</dt><dd dir="ltr">{head}</dd></div>}
        </dl>
      </div>
      <div class="actions sheet-actions">
        <Button icon="print" onClick={() => print()}>{t("entry.sheet.print")}</Button>
        <Button icon="download" onClick={save}>{t("entry.sheet.save")}</Button>
      </div>
    </div>
  );
}

/** Where the history stands, to be compared one day; null: there is none yet. */
function headLine(): string | null {
  const sync = overview.value?.sync;
  return sync === undefined || sync.n === 0 ? null : `${String(sync.n)} · ${sync.fingerprint}`;
}

function sheetText(title: string, groups: readonly string[], kind: "code" | "words", head: string | null): string {
  const lines = [
    `Privity: ${title}`, "", groups.join(kind === "code" ? "-" : " "), "",
    `${t("entry.sheet.origin")}: ${service()}`, `${t("entry.sheet.day")}: ${moment(Date.now(), "day")}`,
    ...(head === null ? [] : [`${t("entry.sheet.head")}: ${head}`]), "",
    kind === "code" ? t("entry.code.lead") : t("entry.words.lead"), "",
  ];
  return lines.join("\r\n");
}
