/** Something is on its way that a person, or the browser's own dialog, must end. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { cancel } from "../../state/gestures.ts";
import { t } from "../../text/text.ts";

export function Waiting({ what, cancellable = false }: { readonly what: string; readonly cancellable?: boolean }): JSX.Element {
  return (
    <div class="waiting" role="status">
      <p>{what}</p>
      <progress aria-label={what} />
      {cancellable && <div class="actions"><Button kind="quiet" onClick={cancel}>{t("shell.cancel")}</Button></div>}
    </div>
  );
}
