/** What opens the account, beside the settings; devices have a screen of their own. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../../parts/Button.tsx";
import { Skeleton } from "../../../parts/Skeleton.tsx";
import { beginCreate } from "../../../state/beginning.ts";
import { listed, listFault, load } from "../../../state/devices.ts";
import { go } from "../../../state/places.ts";
import { isKept } from "../../../state/settings.ts";
import { t } from "../../../text/text.ts";
import { ReasonNotice } from "../../states/ReasonNotice.tsx";
import { Openers } from "../Openers.tsx";

export function Keys(): JSX.Element {
  const kept = isKept();
  useEffect(() => { if (kept) void load(); }, []);
  if (!kept) {
    return (
      <div class="stack settings-group">
        <p>{t("settings.keys.guest")}</p>
        <div class="actions"><Button kind="primary" onClick={() => beginCreate()}>{t("entry.ways.create")}</Button></div>
      </div>
    );
  }
  return (
    <div class="stack settings-group settings-keys">
      {listFault.value !== null && <ReasonNotice {...listFault.value} act={{ try_again: () => void load() }} />}
      {listed.value === null ? listFault.value === null && <Skeleton lines={3} /> : <Openers />}
      <div class="actions"><Button icon="device" onClick={() => go("devices")}>{t("account.devices.title")}</Button></div>
    </div>
  );
}
