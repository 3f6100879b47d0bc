/** What the service lost or changed of a chat, and texts that gave way to another device's: told where the chat is read. */

import type { JSX } from "preact";

import type { OfferView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Banner } from "../../parts/Page.tsx";
import { chat, overview } from "../../state/app.ts";
import { answerOffer, findElsewhere, hideFault } from "../../state/mending.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export function Faults(): JSX.Element | null {
  const open = chat.value;
  if (open === null || open.row.faults.length === 0) return null;
  return (
    <>
      {open.row.faults.map(({ id, reason }) => (
        <ReasonNotice
          key={id}
          reason={reason}
          act={{
            find_elsewhere: () => void findElsewhere(), try_again: () => void findElsewhere(),
            hide: () => void hideFault(open.row.id, id),
          }}
        />
      ))}
    </>
  );
}

/** Texts of this chat that another device changed at the same time: the person says which one stays. */
export function Offers(): JSX.Element | null {
  const id = chat.value?.row.id;
  const offers = (overview.value?.offers ?? []).filter((one) => one.chat === id);
  return offers.length === 0 ? null : <>{offers.map((one) => <Offer key={one.key} offer={one} />)}</>;
}

function Offer({ offer: { key, text } }: { readonly offer: OfferView }): JSX.Element {
  return (
    <Banner
      actions={(
        <>
          <Button onClick={() => void answerOffer(key, true)}>{t("chat.offer_take")}</Button>
          <Button kind="quiet" onClick={() => void answerOffer(key, false)}>{t("chat.offer_leave")}</Button>
        </>
      )}
    >
      <p>{t("chat.offer")}</p>
      <p class="offer-text" dir="auto">{text}</p>
    </Banner>
  );
}
