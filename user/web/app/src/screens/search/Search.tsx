/** Search in everything on this device: words in their context, by folder and date. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Found } from "../../bridge/views.ts";
import { Field, Select } from "../../parts/Field.tsx";
import { Page } from "../../parts/Page.tsx";
import { openChat } from "../../state/chats.ts";
import { folders } from "../../state/folders.ts";
import { back } from "../../state/places.ts";
import { filter, look, results, searching, words } from "../../state/searching.ts";
import { moment, t } from "../../text/text.ts";

const DAY = 86_400_000;

export function Search(): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const into = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    const first = list.current?.querySelector<HTMLElement>("button");
    if (first === null || first === undefined) return;
    event.preventDefault();
    if (event.key === "Enter") first.click();
    else first.focus();
  };
  return (
    <Page title={t("sidebar.search")} onBack={back}>
      <div class="search-fields">
        <Field
          label={t("sidebar.search_label")} labelHidden type="search" value={words.value} placeholder={t("sidebar.search_hint")}
          element={field} onInput={(value) => look({ words: value })} onKeyDown={into}
        />
        <Filters />
      </div>
      <Results list={list} />
    </Page>
  );
}

function Filters(): JSX.Element {
  const { folder, since } = filter.value;
  const age = since === null ? "" : String(Math.round((Date.now() - since) / DAY));
  return (
    <div class="search-filters">
      <Select
        label={t("sidebar.search_folder")} labelHidden value={folder ?? ""}
        onChange={(value) => look({ filter: { folder: value === "" ? null : value } })}
        options={[
          { value: "", label: t("sidebar.all_folders") }, ...folders.value.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      <Select
        label={t("sidebar.search_since")} labelHidden value={age}
        onChange={(value) => look({ filter: { since: value === "" ? null : Date.now() - Number(value) * DAY } })}
        options={[
          { value: "", label: t("sidebar.any_time") }, { value: "7", label: t("sidebar.week") },
          { value: "30", label: t("sidebar.month") }, { value: "365", label: t("sidebar.year") },
        ]}
      />
    </div>
  );
}

function Results({ list }: { readonly list: { readonly current: HTMLOListElement | null } }): JSX.Element {
  const shown = results.value;
  if (shown === null) return <p class="quiet">{t("sidebar.search_where")}</p>;
  return (
    <>
      <p class="quiet" role="status">
        {shown.found.length === 0 && !searching.value
          ? t("sidebar.found_nothing", { words: shown.words })
          : t(shown.more ? "sidebar.found_more" : "sidebar.found", { count: shown.found.length })}
      </p>
      <ol class="found" ref={list} onKeyDown={walk}>
        {shown.found.map((one) => <Place key={`${one.chat} ${one.message ?? ""}`} found={one} />)}
      </ol>
    </>
  );
}

function Place({ found }: { readonly found: Found }): JSX.Element {
  const { context, from, to } = found;
  const folder = folders.value.find(({ id }) => id === found.folder)?.name;
  const day = moment(found.time, "day");
  return (
    <li>
      <button type="button" class="found-place" onClick={() => void openChat(found.chat, found.message)}>
        <span class="found-head">
          <span class="found-title" dir="auto">{found.title}</span>
          <span class="quiet">{folder !== undefined && <><bdi>{folder}</bdi>{" · "}</>}<bdi>{day}</bdi></span>
        </span>
        <span class="found-words" dir="auto">
          {context.slice(0, from)}<mark>{context.slice(from, to)}</mark>{context.slice(to)}
        </span>
      </button>
    </li>
  );
}

function walk(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
  const next = all[all.findIndex((one) => one === document.activeElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
