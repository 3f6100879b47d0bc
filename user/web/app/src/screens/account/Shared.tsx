/** What somebody shared: read-only, with its end, and the way to go on with it. */

import type { JSX } from "preact";

import type { SharedView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Banner, Page } from "../../parts/Page.tsx";
import { Skeleton } from "../../parts/Skeleton.tsx";
import { Answer } from "../../render/Answer.tsx";
import { UserText } from "../../render/UserText.tsx";
import { account } from "../../state/app.ts";
import { adoptShared, closeShared, shared } from "../../state/sharing.ts";
import { moment, t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export function Shared(): JSX.Element {
  const step = shared.value;
  if (step?.at === "shown") return <Shown view={step.view} />;
  return (
    <Page title={t("account.shared.title")} onBack={closeShared}>
      {step?.at === "failed" ? <ReasonNotice {...step.fault} /> : <Skeleton lines={6} />}
    </Page>
  );
}

function Shown({ view }: { readonly view: SharedView }): JSX.Element {
  const goOn = account.value?.state === "guest" ? t("account.shared.continue_guest") : t("account.shared.continue");
  return (
    <Page
      title={view.title === "" ? t("account.shared.title") : view.title} onBack={closeShared}
      lead={t("account.shared.until", { until: moment(view.expiry * 1000, "full") })}
    >
      <Banner actions={<Button kind="primary" onClick={() => void adoptShared()}>{goOn}</Button>}>
        {t("account.shared.lead")}
      </Banner>
      <div class="shared">
        {view.messages.map(({ role, text }, index) => (
          <article key={index} class={role === "user" ? "shared-question" : "shared-answer"} dir="auto">
            <h2 class="spoken">{role === "user" ? t("account.shared.question") : t("account.shared.answer")}</h2>
            {role === "user" ? <UserText text={text} /> : <Answer text={text} streaming={false} />}
          </article>
        ))}
      </div>
    </Page>
  );
}
