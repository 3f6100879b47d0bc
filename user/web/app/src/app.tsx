/** The frame of everything: what is said on every screen, the list of chats, the screen, the panel, and what lies over them. */

import type { FunctionComponent, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { lazy } from "./parts/lazy.tsx";
import { LiveRegions, Notices } from "./parts/Notices.tsx";
import { Sheet } from "./parts/Sheet.tsx";
import { Chat } from "./screens/chat/Chat.tsx";
import { Dialogs } from "./screens/dialogs/Dialogs.tsx";
import { Sidebar } from "./screens/sidebar/Sidebar.tsx";
import { Consent, TestBanner } from "./screens/states/TestBanner.tsx";
import { account, panelOpen, type Screen, screen, sidebarOpen } from "./state/app.ts";
import { paletteOpen } from "./state/opened.ts";
import { remembered } from "./state/remembered.ts";
import { shownReceipt } from "./state/receipts.ts";
import { erased } from "./state/settings.ts";
import { isWide, isWidest } from "./state/width.ts";
import { t } from "./text/text.ts";

const nothing = (): JSX.Element => <></>;
const Panel = lazy(async () => (await import("./screens/panel/Panel.tsx")).Panel);
const Receipt = lazy(async () => (await import("./screens/panel/Receipt.tsx")).Receipt, nothing);
const Palette = lazy(async () => (await import("./screens/palette/Palette.tsx")).Palette, nothing);
const Overlays = lazy(async () => (await import("./screens/account/Overlays.tsx")).Overlays, nothing);

const SCREENS: Readonly<Record<Exclude<Screen, "chat">, FunctionComponent>> = {
  create: lazy(async () => (await import("./screens/entry/Create.tsx")).Create),
  unlock: lazy(async () => (await import("./screens/entry/Unlock.tsx")).Unlock),
  link: lazy(async () => (await import("./screens/entry/Link.tsx")).Link),
  recover: lazy(async () => (await import("./screens/entry/Recover.tsx")).Recover),
  devices: lazy(async () => (await import("./screens/account/Devices.tsx")).Devices),
  usage: lazy(async () => (await import("./screens/account/Usage.tsx")).Usage),
  settings: lazy(async () => (await import("./screens/account/Settings.tsx")).Settings),
  transfer: lazy(async () => (await import("./screens/account/Transfer.tsx")).Transfer),
  shared: lazy(async () => (await import("./screens/account/Shared.tsx")).Shared),
  search: lazy(async () => (await import("./screens/search/Search.tsx")).Search),
};

/** Where somebody comes in, or reads what was shared: without the list of chats. */
const ALONE: ReadonlySet<Screen> = new Set<Screen>(["create", "unlock", "link", "recover", "shared"]);

export function App(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  return (
    <div class="app">
      <LiveRegions />
      <a
        class="skip" href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      <div class="app-banners"><TestBanner /></div>
      <Side />
      <main id="main" class="app-main" tabIndex={-1} ref={main}><Middle /></main>
      <Beside />
      <Over />
      <Notices />
    </div>
  );
}

function Middle(): JSX.Element {
  // Back and Forward lead nowhere while the app is locked.
  const shown = account.value?.state === "locked" && screen.value !== "shared" ? "unlock" : screen.value;
  const first = useRef(true);
  // Whoever goes to a screen by key or by ear is told where they are: its heading has the focus.
  useEffect(() => {
    if (first.current || shown === "chat") first.current = false;
    else requestAnimationFrame(() => focusHeading());
  }, [shown]);
  if (shown === "chat") return <Chat />;
  const Shown = SCREENS[shown];
  return <Shown key={shown} />;
}

function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>("#main h1");
  if (heading === null || document.activeElement?.closest("#main") !== null) return;
  heading.tabIndex = -1;
  heading.focus();
}

function Side(): JSX.Element | null {
  if (ALONE.has(screen.value) || account.value?.state === "locked") return null;
  if (isWide.value) return remembered.value.sidebar ? <div class="app-side"><Sidebar /></div> : null;
  if (!sidebarOpen.value) return null;
  const close = (): void => { sidebarOpen.value = false; };
  return <Sheet name={t("sidebar.name")} side="start" onClose={close}><Sidebar /></Sheet>;
}

function Beside(): JSX.Element | null {
  if (!panelOpen.value) return null;
  if (isWidest.value) return <div class="app-panel"><Panel /></div>;
  const close = (): void => { panelOpen.value = false; };
  return <Sheet name={t("shell.panel")} side={isWide.value ? "end" : "whole"} onClose={close}><Panel /></Sheet>;
}

function Over(): JSX.Element {
  return (
    <>
      <Consent />
      <Dialogs />
      {paletteOpen.value && <Palette />}
      {shownReceipt.value !== null && <Receipt />}
      {(account.value?.state === "open" || erased.value !== null) && <Overlays />}
    </>
  );
}
