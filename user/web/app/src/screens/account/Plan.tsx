/** What is left of today's messages, the plan behind it, and the ways to another one. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { AllowanceView } from "../../bridge/tokens.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Section } from "../../parts/Page.tsx";
import { now } from "../../state/now.ts";
import { allowance } from "../../state/paying.ts";
import {
  buy, checkout, loadPlans, type Offer, planBusy, plans, type PlansView, redeem, voucherFault,
} from "../../state/plans.ts";
import { reasonText } from "../../text/reasons.ts";
import { distance, localeOf, moment, t } from "../../text/text.ts";

/** Only where questions cost something. */
export function Plan(): JSX.Element | null {
  const left = allowance.value;
  useEffect(() => { if (left !== null) void loadPlans(); }, [left === null]);
  if (left === null) return null;
  return (
    <>
      <Messages allowance={left} />
      {plans.value !== null && <Own plan={plans.value} />}
    </>
  );
}

function Messages({ allowance: { left, limit, others, reset } }: { readonly allowance: AllowanceView }): JSX.Element {
  const text = left === null || limit === null ? t("account.usage.messages_free")
    : t("account.usage.messages_left", { left, count: limit });
  return (
    <Section title={t("account.usage.messages")}>
      <div class="used">
        <p class="used-text">{text}</p>
        {left !== null && limit !== null && limit > 0 && (
          <meter class={left === 0 ? "used-full" : ""} aria-label={text} value={Math.min(limit - left, limit)} max={limit} />
        )}
        {others > 0 && left !== null && <p class="quiet">{t("account.usage.messages_others", { count: others })}</p>}
      </div>
      {limit !== null && <p class="quiet">{more(reset)} {t("account.usage.messages_beyond")}</p>}
    </Section>
  );
}

/** When more messages come, in the words and the time of this place. */
export function more(reset: number): string {
  return t("account.usage.more", { when: distance(reset * 1000, now.value), time: moment(reset * 1000, "time") });
}

function Own({ plan: { title, until, graceUntil, vouchers, offers } }: { readonly plan: PlansView }): JSX.Element {
  const over = until !== null && until * 1000 <= now.value;
  const day = (seconds: number): string => moment(seconds * 1000, "day");
  return (
    <Section title={t("account.usage.plan", { title })}>
      {until !== null && !over && <p>{t("account.usage.until", { day: day(until) })}</p>}
      {until !== null && over && graceUntil !== null && (
        <p>{t("account.usage.grace", { day: day(until), last: day(graceUntil) })}</p>
      )}
      {vouchers && <Voucher />}
      {offers.map((offer) => <Buy key={offer.name} offer={offer} />)}
      {checkout.value !== null && <Leave to={checkout.value} />}
    </Section>
  );
}

function Voucher(): JSX.Element {
  const code = useSignal("");
  const fault = voucherFault.value;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void redeem(code.value.trim()).then((taken) => { if (taken) code.value = ""; });
      }}
    >
      <Field
        label={t("account.usage.voucher")} hint={t("account.usage.voucher_hint")} code maxLength={256} value={code.value}
        error={fault === null ? null : reasonText(fault.reason, fault.detail).text} onInput={(text) => { code.value = text; }}
      />
      <div class="actions">
        <Button submit disabled={planBusy.value || code.value.trim() === ""}>{t("account.usage.redeem")}</Button>
      </div>
    </form>
  );
}

function Buy({ offer }: { readonly offer: Offer }): JSX.Element {
  const { title, amount, currency } = offer;
  const format = new Intl.NumberFormat(localeOf(), { style: "currency", currency });
  const price = format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  return (
    <div class="actions">
      <Button kind="primary" disabled={planBusy.value} onClick={() => void buy(offer)}>
        {t("account.usage.buy", { title, price })}
      </Button>
    </div>
  );
}

/** Where a purchase leads is said before anybody goes there. */
function Leave({ to }: { readonly to: URL }): JSX.Element {
  return (
    <p role="status">
      {t("account.usage.leave", { host: to.host })}{" "}
      <a href={to.href} target="_blank" rel="noopener noreferrer">{t("account.usage.go", { host: to.host })}</a>
    </p>
  );
}
