/** The list of chats, and the ways to everything else. */

import type { JSX } from "preact";

import { Button, IconButton } from "../../parts/Button.tsx";
import { Icon, type IconName } from "../../parts/Icon.tsx";
import { Mark } from "../../parts/Mark.tsx";
import { toggleSidebar } from "../../state/actions.ts";
import { account, screen } from "../../state/app.ts";
import { newChat } from "../../state/chats.ts";
import { go } from "../../state/places.ts";
import { shownOf, spokenOf } from "../../state/shortcuts.ts";
import { t } from "../../text/text.ts";
import { Account } from "./Account.tsx";
import { Chats } from "./Chats.tsx";

export function Sidebar(): JSX.Element {
  const open = account.value?.state === "open";
  return (
    <nav class="sidebar" aria-label={t("sidebar.name")}>
      <div class="sidebar-top">
        <Mark />
        <IconButton icon="sidebar" name={t("sidebar.hide")} expanded shortcut={spokenOf("sidebar")} onClick={toggleSidebar} />
      </div>
      <div class="sidebar-first">
        <Line icon="edit" text={t("sidebar.new")} name="new" onClick={() => newChat()} />
        <Line
          icon="search" text={t("sidebar.search")} name="search" current={screen.value === "search"} onClick={() => go("search")}
        />
        {open && (
          <Line icon="temporary" text={t("sidebar.temporary")} name="temporary" onClick={() => newChat({ temporary: true })} />
        )}
      </div>
      <Chats />
      <Account />
    </nav>
  );
}

interface LineProps {
  readonly icon: IconName;
  readonly text: string;
  /** The action whose keys it shows. */
  readonly name: string;
  readonly current?: boolean;
  readonly onClick: () => void;
}

function Line({ icon, text, name, current = false, onClick }: LineProps): JSX.Element {
  const keys = shownOf(name);
  return (
    <button
      type="button" class="sidebar-line" aria-current={current ? "page" : undefined} aria-keyshortcuts={spokenOf(name)}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span>{text}</span>
      {keys !== "" && <kbd aria-hidden="true">{keys}</kbd>}
    </button>
  );
}

/** Shown where nothing was saved yet. */
export function Nothing(): JSX.Element {
  return <p class="sidebar-empty">{account.value?.state === "open" ? t("sidebar.empty") : t("sidebar.empty_guest")}</p>;
}

/** A button that makes a folder. */
export function NewFolder({ onClick }: { readonly onClick: () => void }): JSX.Element {
  return <Button kind="quiet" icon="add" onClick={onClick}>{t("sidebar.new_folder")}</Button>;
}
