/** What is remembered: every item, and whether any of it is sent. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { MemoryRow } from "../../../bridge/views.ts";
import { Button, IconButton } from "../../../parts/Button.tsx";
import { Section } from "../../../parts/Page.tsx";
import { Skeleton } from "../../../parts/Skeleton.tsx";
import { Switch } from "../../../parts/Switch.tsx";
import { overview, remembering } from "../../../state/app.ts";
import { rows } from "../../../state/chats.ts";
import { loadMemories, memories, removeMemory } from "../../../state/memories.ts";
import { dialog } from "../../../state/opened.ts";
import { change } from "../../../state/settings.ts";
import { moment, t } from "../../../text/text.ts";

/** Letters by which a button says which memory it means. */
const NAMED = 60;

export function Memory(): JSX.Element {
  useEffect(() => void loadMemories(), [overview.value]);
  const found = memories.value;
  return (
    <div class="stack settings-group">
      <Switch
        label={t("memory.use")} hint={t("memory.use.hint")} on={remembering.value}
        onChange={(memory) => void change({ memory })}
      />
      <Section title={t("memory.list")}>
        {found === null && <Skeleton lines={3} />}
        {found?.length === 0 && <p class="quiet">{t("memory.none")}</p>}
        {found !== null && <ul class="rows">{found.map((one) => <Row key={one.id} row={one} />)}</ul>}
        <div class="actions">
          <Button
            icon="add"
            onClick={() => { dialog.value = { kind: "memory", row: { id: null, text: "", source: null, active: true } }; }}
          >
            {t("memory.add")}
          </Button>
        </div>
      </Section>
    </div>
  );
}

function Row({ row }: { readonly row: MemoryRow }): JSX.Element {
  const { id, text, source, time, active } = row;
  const [title, when] = [rows.value.find((one) => one.id === source)?.title, moment(time, "day")];
  const named = text.length > NAMED ? `${text.slice(0, NAMED)}…` : text;
  return (
    <li class="row">
      <div class="row-words">
        <p class="memory-text" dir="auto">{text}</p>
        <p class="quiet">
          {title === undefined ? t("memory.written", { when }) : t("memory.from", { title, when })}
          {!active && <> · {t("memory.inactive")}</>}
        </p>
      </div>
      <IconButton
        icon="edit" name={t("memory.edit", { text: named })} onClick={() => { dialog.value = { kind: "memory", row }; }}
      />
      <IconButton icon="trash" name={t("memory.remove", { text: named })} onClick={() => void removeMemory(id)} />
    </li>
  );
}
