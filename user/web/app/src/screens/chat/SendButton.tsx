/** Send, stop, or why nothing can be sent. */

import type { JSX } from "preact";

import { Button, IconButton } from "../../parts/Button.tsx";
import { blocked, panelOpen } from "../../state/app.ts";
import { queued, stop, writing } from "../../state/asking.ts";
import { checking, impatient, sendable, submit } from "../../state/composing.ts";
import { running } from "../../state/runs.ts";
import { consentAsked, isTest } from "../../state/verifying.ts";
import { reasonText } from "../../text/reasons.ts";
import { t } from "../../text/text.ts";

export function SendButton(): JSX.Element {
  const reason = blocked.value;
  const run = running.value;
  const early = reason === "no_record" && checking.value;
  if (reason !== null && !early) return <Blocked reason={reason} />;
  const full = run !== null && queued.value.has(run.chat);
  return (
    <div class="send">
      {impatient.value && <span class="quiet" role="status">{t("chat.waits")}</span>}
      {run !== null && (
        <IconButton icon="stop" kind="plain" name={t("chat.stop")} shortcut="Escape" onClick={() => stop(run.chat)} />
      )}
      {(run === null || sendable.value) && (
        <IconButton
          icon="send" kind="primary" name={run === null ? t("chat.send") : t("chat.queue")}
          disabled={!sendable.value || writing.value || full || impatient.value}
          onClick={() => void submit()}
        />
      )}
    </div>
  );
}

/** Instead of Send: the headline reason. Nothing is sent, the message stays; it leads to the details. */
function Blocked({ reason }: { readonly reason: string }): JSX.Element {
  const name = t("chat.blocked", { reason: reasonText(reason).text });
  const look = (): void => {
    if (isTest.value) consentAsked.value = true;
    else panelOpen.value = true;
  };
  const run = running.value;
  return (
    <div class="send send-blocked">
      {run !== null && <IconButton icon="stop" kind="plain" name={t("chat.stop")} onClick={() => stop(run.chat)} />}
      <Button kind="danger" icon="failed" onClick={look}>{name}</Button>
    </div>
  );
}
