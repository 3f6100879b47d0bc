/** Settings, one group at a time. */

import type { JSX } from "preact";

import { Page } from "../../parts/Page.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { back } from "../../state/places.ts";
import { isKept, section, type Section, SECTIONS } from "../../state/settings.ts";
import { t } from "../../text/text.ts";
import { Data } from "./settings/Data.tsx";
import { General } from "./settings/General.tsx";
import { Instructions } from "./settings/Instructions.tsx";
import { Keys } from "./settings/Keys.tsx";
import { Memory } from "./settings/Memory.tsx";
import { Privacy } from "./settings/Privacy.tsx";
import { Shortcuts } from "./settings/Shortcuts.tsx";

export function Settings(): JSX.Element {
  const tabs = SECTIONS.map((name) => ({ name, label: t(`settings.section.${name}`) }));
  return (
    <Page title={t("settings.title")} {...(isKept() ? {} : { lead: t("settings.guest") })} onBack={back}>
      <Tabs label={t("settings.title")} tabs={tabs} chosen={section.value} onChoose={(name) => { section.value = name; }}>
        <Shown name={section.value} />
      </Tabs>
    </Page>
  );
}

function Shown({ name }: { readonly name: Section }): JSX.Element {
  switch (name) {
    case "general": return <General />;
    case "instructions": return <Instructions />;
    case "memory": return <Memory />;
    case "privacy": return <Privacy />;
    case "keys": return <Keys />;
    case "data": return <Data />;
    case "shortcuts": return <Shortcuts />;
  }
}
