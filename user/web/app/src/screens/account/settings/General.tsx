/** How the page looks and speaks, and which model answers when none was chosen. */

import type { JSX } from "preact";

import { Select } from "../../../parts/Field.tsx";
import { Choice, Switch } from "../../../parts/Switch.tsx";
import { models, overview } from "../../../state/app.ts";
import { chooseLanguage } from "../../../state/language.ts";
import { remember, remembered } from "../../../state/remembered.ts";
import { change } from "../../../state/settings.ts";
import { chooseTheme } from "../../../state/theme.ts";
import { type Language, LANGUAGES, t } from "../../../text/text.ts";

/** Each language by its own name. */
const NAMES: Readonly<Record<string, string>> = { en: "English", de: "Deutsch", ar: "العربية" };

export function General(): JSX.Element {
  const settings = overview.value?.settings;
  const { theme, language, enterSends, previews } = remembered.value;
  const languages = [
    { value: "", label: t("settings.language.system") },
    ...LANGUAGES.filter((one) => Object.hasOwn(NAMES, one) || one === language)
      .map((one) => ({ value: one, label: NAMES[one] ?? one })),
  ];
  return (
    <div class="stack settings-group">
      <Choice
        label={t("settings.theme")} value={theme} onChange={chooseTheme}
        options={[
          { value: "system", label: t("settings.theme.system") }, { value: "light", label: t("settings.theme.light") },
          { value: "dark", label: t("settings.theme.dark") },
        ]}
      />
      <Select
        label={t("settings.language")} value={language ?? ""} options={languages}
        onChange={(value) => void chooseLanguage(languageOf(value))}
      />
      {settings !== undefined && models.value.length > 0 && (
        <Select
          label={t("settings.model")} hint={t("settings.model.hint")} value={settings.model ?? ""}
          options={[
            { value: "", label: t("settings.model.first") }, ...models.value.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(value) => void change({ model: value === "" ? null : value })}
        />
      )}
      <Switch
        label={t("settings.enter")} hint={t("settings.enter.hint")} on={enterSends}
        onChange={(on) => remember({ enterSends: on })}
      />
      <Switch
        label={t("settings.previews")} hint={t("settings.previews.hint")} on={previews}
        onChange={(on) => remember({ previews: on })}
      />
    </div>
  );
}

function languageOf(value: string): Language | null {
  return LANGUAGES.find((one) => one === value) ?? null;
}
