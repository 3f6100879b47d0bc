/** How full the model's context is; from 80 % on in words. What does not fit is refused, never cut. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { newChat } from "../../state/chats.ts";
import { meter } from "../../state/meter.ts";
import { localeOf, t } from "../../text/text.ts";

export function Meter(): JSX.Element | null {
  const found = meter.value;
  if (found === null) return null;
  const { share, used, context, level } = found;
  const text = t("chat.meter", { used: Math.round(used), context });
  return (
    <span
      class={`meter meter-${level}`} role="meter" aria-label={t("chat.meter_name")} aria-valuemin={0} aria-valuemax={context}
      aria-valuenow={Math.min(Math.round(used), context)} aria-valuetext={text} title={text}
    >
      <span class="meter-bar"><span class="meter-fill" style={{ inlineSize: `${String(Math.min(100, share * 100))}%` }} /></span>
      <span class="meter-share">{percent(share)}</span>
    </span>
  );
}

/** The warning above the composer. */
export function MeterWarning(): JSX.Element | null {
  const found = meter.value;
  if (found === null || found.level === "fine") return null;
  const text = found.level === "over" ? t("chat.meter_over") : t("chat.meter_near", { share: percent(found.share) });
  return (
    <div class={`meter-warning meter-${found.level}`} role="status">
      <Icon name="warning" />
      <span>{text}</span>
      <Button kind="quiet" onClick={() => newChat()}>{t("sidebar.new")}</Button>
    </div>
  );
}

function percent(share: number): string {
  return new Intl.NumberFormat(localeOf(), { style: "percent", maximumFractionDigits: 0 }).format(Math.min(share, 9.99));
}
