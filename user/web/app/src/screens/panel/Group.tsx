/** One group of the panel: folded when all of it passed, open when something did not. */

import type { JSX } from "preact";

import { Icon, type IconName } from "../../parts/Icon.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import { t } from "../../text/text.ts";
import type { Grouped, Row, Shown } from "./rows.ts";

const ICONS: Readonly<Record<Shown, IconName>> = { passed: "passed", failed: "failed", not_checked: "hidden", stated: "info" };

export interface OutcomeProps {
  readonly outcome: Shown;
  readonly words?: boolean;
  /** Instead of the outcome's own word. */
  readonly summary?: string;
}

/** An outcome by shape, colour and word. */
export function Outcome({ outcome, words = true, summary = "" }: OutcomeProps): JSX.Element {
  const word = summary === "" ? t(`panel.outcome.${outcome}`) : summary;
  return (
    <span class={`outcome outcome-${outcome}`}>
      <Icon name={ICONS[outcome]} />
      <span class={words ? undefined : "spoken"}>{word}</span>
    </span>
  );
}

export function Group({ group }: { readonly group: Grouped }): JSX.Element {
  const label = (
    <span class="panel-group-line">
      <span class="panel-group-name">{group.title}</span>
      {group.rows.length > 0 && <Outcome outcome={group.outcome} summary={group.summary} />}
    </span>
  );
  return (
    <section class="panel-group" aria-label={group.title}>
      <Reveal label={label} open={group.outcome === "failed"}>
        {group.rows.length === 0 && <p class="panel-soft">{t("panel.gpu.none")}</p>}
        <ul class="panel-rows">{group.rows.map((row) => <One key={row.id} row={row} />)}</ul>
        {group.group === "gpu" && group.rows.length > 0 && <p class="panel-soft">{t("panel.gpu.through")}</p>}
      </Reveal>
    </section>
  );
}

function One({ row }: { readonly row: Row }): JSX.Element {
  return (
    <li class="panel-row">
      <Outcome outcome={row.outcome} words={false} />
      <div class="panel-row-words">
        <span>{row.name}</span>
        {row.value !== "" && <span class="panel-value"><code>{row.value}</code><Copy text={row.value} /></span>}
        {row.why !== "" && <span class={`panel-why outcome-${row.outcome}`}>{row.why}</span>}
        {(row.source !== "" || row.code !== "") && (
          <span class="panel-soft">
            {row.source !== "" && t("panel.source", { item: row.source })}
            {row.code !== "" && <> · <code>{row.code}</code></>}
          </span>
        )}
      </div>
    </li>
  );
}
