/** The verification panel: what was proven of the enclave that would be asked, row by row, and what cannot be proven. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { RecordView } from "../../bridge/channel.ts";
import { Button, IconButton } from "../../parts/Button.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import { Skeleton } from "../../parts/Skeleton.tsx";
import { panelOpen, record } from "../../state/app.ts";
import { now } from "../../state/now.ts";
import { provenance } from "../../state/page.ts";
import { running } from "../../state/runs.ts";
import { checkAgain, saveConviction, saveEvidence } from "../../state/verifying.ts";
import { moment, t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { Group } from "./Group.tsx";
import { changeName, counts, groupsOf, headline, limits } from "./rows.ts";

/** Reasons for which the log's own contradicting notes were kept. */
const CONVICTS = new Set(["split_view", "consistency", "checkpoint_rollback", "view_conflict", "anchor_conflict"]);

/** Escape stops an answer first; a dialog over the panel closes by itself. */
function closes(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.defaultPrevented || running.value !== null) return;
  if (document.querySelector("dialog[open]") === null) panelOpen.value = false;
}

export function Panel(): JSX.Element {
  const found = record.value;
  useEffect(() => {
    document.addEventListener("keydown", closes);
    return () => document.removeEventListener("keydown", closes);
  }, []);
  return (
    <aside class="panel" aria-labelledby="panel-title">
      <header class="panel-head">
        <h2 id="panel-title" class="panel-title">{t("panel.title")}</h2>
        <IconButton icon="close" name={t("shell.close")} onClick={() => { panelOpen.value = false; }} />
      </header>
      <div class="panel-body">
        {found === null ? <Waiting /> : <Record found={found} />}
      </div>
    </aside>
  );
}

function Waiting(): JSX.Element {
  return (
    <div>
      <p class="panel-headline">{t("panel.headline.none")}</p>
      <p class="panel-soft">{t("panel.loading")}</p>
      <Skeleton lines={6} />
    </div>
  );
}

function Record({ found }: { readonly found: RecordView }): JSX.Element {
  const { passed, failed, unchecked } = counts(found);
  return (
    <>
      <p class={`panel-headline panel-${found.verdict}`}>{headline(found)}</p>
      {found.verdict === "refused" && found.reasons.map((reason) => <ReasonNotice key={reason} reason={reason} />)}
      <p class="panel-soft">
        {t("panel.counts", { passed, failed, unchecked })}
        {found.verdict !== "refused" && <><br />{t("panel.until", { time: moment(found.until * 1000, "time") })}</>}
      </p>
      <Actions found={found} />
      {found.differences.length > 0 && <Differences found={found} />}
      {groupsOf(found, provenance.value, now.value).map((group) => <Group key={group.group} group={group} />)}
      <section class="panel-section" aria-labelledby="panel-limits">
        <h3 id="panel-limits" class="panel-subtitle">{t("panel.limits.title")}</h3>
        <ul class="panel-limits">{limits(found, provenance.value).map((text) => <li key={text}>{text}</li>)}</ul>
      </section>
      {found.measurements.length > 0 && <Measurements found={found} />}
    </>
  );
}

function Actions({ found }: { readonly found: RecordView }): JSX.Element {
  const checking = useSignal(false);
  const again = (): void => {
    checking.value = true;
    void checkAgain().finally(() => { checking.value = false; });
  };
  const convicted = found.reasons.some((reason) => CONVICTS.has(reason.split(":")[0] ?? ""));
  return (
    <div class="panel-actions">
      <Button icon="retry" busy={checking.value} onClick={again}>
        {checking.value ? t("panel.again.busy") : t("panel.again")}
      </Button>
      <Button icon="download" onClick={() => void saveEvidence()}>{t("panel.save")}</Button>
      {convicted && <Button icon="download" onClick={() => void saveConviction()}>{t("panel.conviction")}</Button>}
      <p class="panel-soft">{t("panel.save.hint")}</p>
    </div>
  );
}

function Differences({ found }: { readonly found: RecordView }): JSX.Element {
  return (
    <section class="panel-section" aria-labelledby="panel-differences">
      <h3 id="panel-differences" class="panel-subtitle">{t("panel.differences")}</h3>
      <ul class="panel-limits">
        {found.differences.map(({ what, before, after }) => (
          <li key={`${what} ${before}`}>{changeName(what)}: <code>{before}</code> → <code>{after}</code></li>
        ))}
      </ul>
    </section>
  );
}

function Measurements({ found }: { readonly found: RecordView }): JSX.Element {
  return (
    <Reveal label={t("panel.measurements")}>
      <dl class="panel-measurements">
        {found.measurements.map(({ name, value }) => (
          <div key={name} class="panel-measurement">
            <dt>{name}</dt>
            <dd><code>{value}</code><Copy text={value} /></dd>
          </div>
        ))}
      </dl>
    </Reveal>
  );
}
