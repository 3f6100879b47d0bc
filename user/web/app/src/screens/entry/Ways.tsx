/** The four ways in, for somebody who is a guest here. The composer beside them works at once. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { beginCreate } from "../../state/beginning.ts";
import { signIn } from "../../state/entering.ts";
import { show } from "../../state/entry.ts";
import { t } from "../../text/text.ts";
import { deviceName } from "./name.ts";

export function Ways(): JSX.Element {
  const enter = (): void => {
    show("unlock");
    void signIn({ label: deviceName(), keepUnlocked: false });
  };
  return (
    <nav class="ways" aria-label={t("entry.ways.name")}>
      <div class="ways-first">
        <Button icon="key" onClick={enter}>{t("entry.ways.sign_in")}</Button>
        <Button kind="primary" onClick={() => beginCreate()}>{t("entry.ways.create")}</Button>
      </div>
      <div class="ways-other">
        <Button kind="quiet" onClick={() => show("recover")}>{t("entry.ways.recover")}</Button>
        <Button kind="quiet" onClick={() => show("link")}>{t("entry.ways.link")}</Button>
      </div>
    </nav>
  );
}
