/** What happened, what is safe, what to do; the code is folded below. */

import type { ComponentChildren, JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Copy, Reveal } from "../../parts/Reveal.tsx";
import { t } from "../../text/text.ts";
import { type Action, actionText, reasonText } from "../../text/reasons.ts";

export interface ReasonNoticeProps {
  readonly reason: string;
  readonly detail?: string;
  /** What each action does here; those that are not given are not offered. */
  readonly act?: Readonly<Partial<Record<Action, () => void>>>;
  readonly children?: ComponentChildren;
}

export function ReasonNotice({ reason, detail = "", act = {}, children }: ReasonNoticeProps): JSX.Element {
  const { text, actions, code } = reasonText(reason, detail);
  const offered = actions.filter((action) => act[action] !== undefined);
  return (
    <div class="reason">
      <p class="reason-text">{text}</p>
      {children}
      {offered.length > 0 && (
        <div class="reason-actions">
          {offered.map((action) => <Button key={action} onClick={() => act[action]?.()}>{actionText(action)}</Button>)}
        </div>
      )}
      <Reveal label={actionText("details")}>
        <p class="reason-code"><code>{t("states.code", { code })}</code><Copy text={code} name={actionText("copy_details")} /></p>
      </Reveal>
    </div>
  );
}
