/** The chats: pinned, in folders, by day, archived. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { ChatRow } from "../../bridge/views.ts";
import { Button, IconButton } from "../../parts/Button.tsx";
import { Skeleton } from "../../parts/Skeleton.tsx";
import { account, overview } from "../../state/app.ts";
import { rows } from "../../state/chats.ts";
import { folders } from "../../state/folders.ts";
import { now } from "../../state/now.ts";
import { dialog } from "../../state/opened.ts";
import { localeOf, t } from "../../text/text.ts";
import { dropping, over } from "./dragging.ts";
import { Folder } from "./Folder.tsx";
import { byDate, monthOf } from "./groups.ts";
import { Part } from "./Part.tsx";
import { Row, walkRows } from "./Row.tsx";
import { Nothing } from "./Sidebar.tsx";

/** Rows drawn at once in one part; the rest when it is asked for. */
const MOST = 100;

export function Chats(): JSX.Element {
  const shown = overview.value;
  if (shown === null) return <div class="sidebar-chats">{account.value === null && <Skeleton lines={6} />}</div>;
  const all = rows.value;
  const pinned = all.filter((one) => one.pinned && !one.archived);
  const archived = all.filter((one) => one.archived);
  return (
    <div class="sidebar-chats" onKeyDown={walkRows}>
      {all.length === 0 && folders.value.length === 0 && <Nothing />}
      {pinned.length > 0 && <Part id="pinned" title={t("sidebar.pinned")}><Rows rows={pinned} /></Part>}
      <Folders rows={all} />
      <div {...dropping(null)} class={over.value === "" ? "sidebar-loose sidebar-over" : "sidebar-loose"}>
        {byDate(all, now.value).map((group) => (
          <Part key={group.name} id={`date ${group.name}`} title={titleOf(group.name)}><Rows rows={group.rows} /></Part>
        ))}
      </div>
      {archived.length > 0 && (
        <Part id="archived" title={t("sidebar.archived")} folded><Rows rows={archived} /></Part>
      )}
    </div>
  );
}

function Folders({ rows: all }: { readonly rows: readonly ChatRow[] }): JSX.Element | null {
  const make = (): void => { dialog.value = { kind: "folder", folder: null, chat: null }; };
  if (folders.value.length === 0 && all.length === 0) return null;
  return (
    <section class="sidebar-part" aria-label={t("sidebar.folders")}>
      <div class="sidebar-part-head">
        <h2 class="sidebar-part-title">{t("sidebar.folders")}</h2>
        <IconButton icon="add" name={t("sidebar.new_folder")} onClick={make} />
      </div>
      {folders.value.map((folder) => (
        <Folder key={folder.id} folder={folder} rows={all.filter((one) => one.folder === folder.id && !one.archived)} />
      ))}
    </section>
  );
}

/** A list of rows; of a long one the beginning. */
export function Rows({ rows: all }: { readonly rows: readonly ChatRow[] }): JSX.Element {
  const most = useSignal(MOST);
  return (
    <>
      <ul class="sidebar-rows">{all.slice(0, most.value).map((row) => <Row key={row.id} row={row} />)}</ul>
      {all.length > most.value && (
        <Button kind="quiet" onClick={() => { most.value += MOST; }}>
          {t("sidebar.more", { count: all.length - most.value })}
        </Button>
      )}
    </>
  );
}

function titleOf(name: string): string {
  switch (name) {
    case "today": return t("sidebar.today");
    case "yesterday": return t("sidebar.yesterday");
    case "week": return t("sidebar.week");
    case "month": return t("sidebar.month");
    default: return new Intl.DateTimeFormat(localeOf(), { month: "long", year: "numeric" }).format(monthOf(name) ?? 0);
  }
}
