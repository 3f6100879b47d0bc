/** Another passkey that opens the account: made, then asked once more behind a button. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Refusal } from "../../bridge/line.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { addPasskey } from "../../state/devices.ts";
import type { Fault } from "../../state/faults.ts";
import { cancel } from "../../state/gestures.ts";
import { tell } from "../../state/notices.ts";
import { t } from "../../text/text.ts";
import { passkeyName } from "../entry/name.ts";
import { Waiting } from "../entry/Waiting.tsx";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

interface Click {
  readonly go: () => void;
  readonly leave: () => void;
}

export function AddPasskey({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const at = useSignal<"asked" | "again" | "ended">("asked");
  const fault = useSignal<Fault | null>(null);
  const click = useRef<Click | null>(null);
  const again = (): Promise<void> => {
    at.value = "again";
    return new Promise((resolve, reject) => {
      click.current = { go: resolve, leave: () => reject(new Refusal("passkey.cancelled")) };
    });
  };
  const start = (): void => {
    [at.value, fault.value] = ["asked", null];
    void addPasskey(passkeyName(), again).then((found) => {
      [at.value, fault.value] = ["ended", found];
      if (found !== null) return;
      onClose();
      tell(t("account.passkey.added"));
    });
  };
  useEffect(() => {
    start();
    return () => {
      cancel();
      click.current?.leave();
    };
  }, []);
  const finish = (): void => {
    at.value = "asked";
    click.current?.go();
    click.current = null;
  };
  return (
    <Dialog title={t("account.passkey.add")} onClose={onClose}>
      {at.value === "asked" && <Waiting what={t("entry.waiting.passkey")} />}
      {at.value === "again" && (
        <div class="stack">
          <p>{t("entry.again.lead")}</p>
          <div class="dialog-buttons"><Button kind="primary" icon="key" onClick={finish}>{t("entry.again.go")}</Button></div>
        </div>
      )}
      {fault.value !== null && <ReasonNotice {...fault.value} act={{ try_again: start }} />}
    </Dialog>
  );
}
