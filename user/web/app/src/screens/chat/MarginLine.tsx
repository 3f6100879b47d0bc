/** The margin line: solid where the answer was verified when it was made, dashed for a test enclave, absent without evidence. */

import type { JSX } from "preact";

import type { MessageView } from "../../bridge/views.ts";
import { shownReceipt } from "../../state/receipts.ts";
import { t } from "../../text/text.ts";

/** It opens what was kept of the proof. */
export function MarginLine({ message }: { readonly message: MessageView }): JSX.Element | null {
  if (message.proof === "none") return null;
  const name = message.proof === "verified" ? t("chat.line_verified") : t("chat.line_test");
  return (
    <button
      type="button" class={`margin-line margin-${message.proof}`} aria-label={name} title={name}
      onClick={() => { shownReceipt.value = message; }}
    />
  );
}
