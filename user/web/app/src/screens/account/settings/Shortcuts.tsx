/** Every key: as it is, given another, or none. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../../parts/Button.tsx";
import { Switch } from "../../../parts/Switch.tsx";
import { ACTIONS, type Action } from "../../../state/actions.ts";
import { keysOf, shownKeys } from "../../../state/keys.ts";
import { say } from "../../../state/notices.ts";
import { remember, remembered } from "../../../state/remembered.ts";
import { keysNow, remap, resetKeys } from "../../../state/shortcuts.ts";
import { t } from "../../../text/text.ts";

export function Shortcuts(): JSX.Element {
  const changing = useSignal<string | null>(null);
  return (
    <div class="stack settings-group">
      <Switch
        label={t("settings.single_keys")} hint={t("settings.single_keys.hint")} on={remembered.value.singleKeys}
        onChange={(on) => remember({ singleKeys: on })}
      />
      <ul class="rows keys">
        {ACTIONS.map((action) => (
          <Row
            key={action.name} action={action} keys={keysNow.value.get(action.name) ?? ""}
            changing={changing.value === action.name}
            onChanging={(on) => { changing.value = on ? action.name : null; }}
          />
        ))}
      </ul>
      <div class="actions"><Button icon="retry" onClick={resetKeys}>{t("settings.keys.reset")}</Button></div>
    </div>
  );
}

interface RowProps {
  readonly action: Action;
  readonly keys: string;
  readonly changing: boolean;
  readonly onChanging: (on: boolean) => void;
}

function Row({ action: { name, text }, keys, changing, onChanging }: RowProps): JSX.Element {
  const pressed = (event: KeyboardEvent): void => {
    if (!changing || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    const found = keysOf(event);
    if (found === null) return;
    onChanging(false);
    if (found === "Escape" && keys !== "Escape") return;
    const chosen = found === "Backspace" || found === "Delete" ? "" : found;
    const taken = remap(name, chosen);
    const other = ACTIONS.find((one) => one.name === taken);
    say(other === undefined ? t("settings.keys.set") : t("settings.keys.taken", { action: t(other.text) }));
  };
  return (
    <li class="row keys-row">
      <span class="row-words">{t(text)}</span>
      <button
        type="button" class="keys-button" aria-pressed={changing} onKeyDown={pressed}
        onBlur={() => { if (changing) onChanging(false); }}
        onClick={() => onChanging(!changing)}
      >
        <span class="spoken">{t("settings.keys.change", { action: t(text) })}</span>
        {changing ? t("settings.keys.press") : keys === "" ? t("settings.keys.none") : <kbd>{shownKeys(keys)}</kbd>}
      </button>
    </li>
  );
}
