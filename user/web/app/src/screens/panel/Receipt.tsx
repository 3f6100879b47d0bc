/** What the margin line of an answer opens: how that answer was proven when it was made. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import { type Judged, type KeptProof, keptProof, save } from "../../state/kept_proof.ts";
import { shownReceipt } from "../../state/receipts.ts";
import { moment, t } from "../../text/text.ts";
import { Outcome } from "./Group.tsx";
import { type KeptCheck, readKept } from "./kept.ts";
import { checkName, whyOf } from "./rows.ts";

export function Receipt(): JSX.Element | null {
  const message = shownReceipt.value;
  return message === null ? null : <Open key={message.id} message={message} />;
}

function Open({ message }: { readonly message: MessageView }): JSX.Element {
  const kept = useSignal<KeptProof | "loading" | null>("loading");
  useEffect(() => void keptProof(message).then((found) => { kept.value = found; }), []);
  const found = kept.value;
  const ready = found === "loading" ? null : found;
  return (
    <Dialog
      title={t("panel.receipt.title")} onClose={() => { shownReceipt.value = null; }} size="wide"
      actions={ready === null ? undefined : <Saving kept={ready} />}
    >
      <p class={`panel-headline panel-${message.proof}`}>{t(`panel.receipt.${message.proof}`)}</p>
      <Facts message={message} />
      {message.evidence !== null && found === "loading" && <p class="panel-soft">{t("panel.loading")}</p>}
      {ready !== null && <Checks record={ready.record} />}
      {ready !== null && <Signed kept={ready} />}
      {ready !== null && <Commands kept={ready} />}
    </Dialog>
  );
}

function Saving({ kept: { evidence, signed } }: { readonly kept: KeptProof }): JSX.Element {
  const file = signed === null || signed === "broken" ? null : signed;
  return (
    <>
      {file !== null && <Button icon="download" onClick={() => save(file)}>{t("panel.receipt.save_signed")}</Button>}
      <Button icon="download" onClick={() => save(evidence)}>{t("panel.receipt.export")}</Button>
    </>
  );
}

/** What the enclave signed, if it was asked to. */
function Signed({ kept: { signed } }: { readonly kept: KeptProof }): JSX.Element {
  if (signed === null) return <p class="panel-soft">{t("panel.receipt.unsigned")}</p>;
  if (signed === "broken") return <p class="panel-refused">{t("panel.receipt.broken")}</p>;
  return <p>{t(signed.shown ? "panel.receipt.signed" : "panel.receipt.signed_unshown", { model: signed.model })}</p>;
}

function Facts({ message }: { readonly message: MessageView }): JSX.Element {
  const { model, usage, time } = message;
  return (
    <dl class="panel-measurements">
      <div class="panel-measurement"><dt>{t("panel.receipt.made", { time: moment(time, "full") })}</dt></div>
      {usage !== null && (
        <div class="panel-measurement">
          <dt>{t("panel.receipt.tokens", { prompt: usage[0], completion: usage[2] })}</dt>
        </div>
      )}
      {model !== null && (
        <div class="panel-measurement">
          <dt>{t("panel.receipt.model")}</dt>
          <dd><code>{model}</code><Copy text={model} /></dd>
        </div>
      )}
    </dl>
  );
}

/** How the saved files are judged without this page. */
function Commands({ kept: { evidence, signed } }: { readonly kept: KeptProof }): JSX.Element {
  const all: readonly Judged[] = signed === null || signed === "broken" ? [evidence] : [evidence, signed];
  return (
    <>
      <p class="panel-soft">{t("panel.receipt.command")}</p>
      {all.map(({ command }) => (
        <p key={command} class="receipt-command" dir="ltr"><code>{command}</code><Copy text={command} /></p>
      ))}
    </>
  );
}

/** The checks as they were recorded then, not as they would turn out now. */
function Checks({ record }: { readonly record: string }): JSX.Element {
  const found: readonly KeptCheck[] = useMemo(() => readKept(record), [record]);
  return (
    <Reveal label={t("panel.title")}>
      <ul class="panel-rows">
        {found.map(({ check, item, outcome, reason }) => (
          <li key={`${check} ${item}`} class="panel-row">
            <Outcome outcome={outcome} words={false} />
            <div class="panel-row-words">
              <span>{checkName(check)}</span>
              {reason !== "" && <span class="panel-why">{whyOf(reason)}</span>}
            </div>
          </li>
        ))}
      </ul>
    </Reveal>
  );
}
