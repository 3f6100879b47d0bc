/** What the margin line of an answer opens: how that answer was proven when it was made. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import { commandOf, recordOf, saveReceipt, shownReceipt } from "../../state/receipts.ts";
import { moment, t } from "../../text/text.ts";
import { Outcome } from "./Group.tsx";
import { type KeptCheck, readKept } from "./kept.ts";
import { checkName, whyOf } from "./rows.ts";

export function Receipt(): JSX.Element | null {
  const message = shownReceipt.value;
  if (message === null) return null;
  const close = (): void => { shownReceipt.value = null; };
  const actions = message.evidence === null ? undefined : (
    <Button icon="download" onClick={() => void saveReceipt(message)}>{t("panel.receipt.export")}</Button>
  );
  return (
    <Dialog title={t("panel.receipt.title")} onClose={close} size="wide" actions={actions}>
      <p class={`panel-headline panel-${message.proof}`}>{t(`panel.receipt.${message.proof}`)}</p>
      <Facts message={message} />
      {message.evidence !== null && <Checks message={message} />}
      {message.evidence !== null && <Command text={commandOf(message)} />}
    </Dialog>
  );
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

/** How the saved file is judged without this page. */
function Command({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      <p class="panel-soft">{t("panel.receipt.command")}</p>
      <p class="receipt-command" dir="ltr"><code>{text}</code><Copy text={text} /></p>
    </>
  );
}

/** The checks as they were recorded then, not as they would turn out now. */
function Checks({ message }: { readonly message: MessageView }): JSX.Element {
  const found = useSignal<readonly KeptCheck[] | null>(null);
  useEffect(() => {
    void recordOf(message).then((text) => { found.value = text === null ? [] : readKept(text); }, () => { found.value = []; });
  }, [message.id]);
  if (found.value === null) return <p class="panel-soft">{t("panel.loading")}</p>;
  return (
    <Reveal label={t("panel.title")}>
      <ul class="panel-rows">
        {found.value.map(({ check, item, outcome, reason }) => (
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
