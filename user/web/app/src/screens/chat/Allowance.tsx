/** How many messages are left where there are few: said before the last one is used, not after. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { allowance } from "../../state/paying.ts";
import { go } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { more } from "../account/Plan.tsx";

/** Messages from which on people are told. */
const FEW = 5;

export function Allowance(): JSX.Element | null {
  const { left = null, limit = null, reset = 0 } = allowance.value ?? {};
  if (left === null || left > FEW) return null;
  const gone = limit === null ? t("account.usage.gone_free") : t("account.usage.gone", { count: limit });
  const text = left === 0 ? `${gone} ${more(reset)}` : t("account.usage.near", { count: left });
  return (
    <div class={`meter-warning meter-${left === 0 ? "over" : "near"}`} role="status">
      <Icon name="warning" />
      <span>{text}</span>
      <Button kind="quiet" onClick={() => go("usage")}>{t("states.action.plans")}</Button>
    </div>
  );
}
