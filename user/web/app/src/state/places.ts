/** Where a person is, and the way back: the browser's Back button works, and nothing of it stands in an address. */

import { chat, type Screen, screen } from "./app.ts";

interface Place {
  readonly screen: Screen;
  readonly chat: string | null;
  /** How many steps of ours lie behind. */
  readonly depth: number;
}

const SCREENS: ReadonlySet<string> = new Set<Screen>([
  "chat", "create", "unlock", "link", "devices", "usage", "settings", "transfer", "shared", "recover", "search",
]);

let show: (chat: string | null) => void = () => undefined;

/** Go to a screen. */
export function go(to: Screen): void {
  if (screen.value === to) return;
  screen.value = to;
  push({ screen: to, chat: chat.value?.row.id ?? null });
}

/** Go back to where this screen was opened from; to the chat when it was opened from nowhere. */
export function back(): void {
  if (placeNow().depth > 0) history.back();
  else {
    screen.value = "chat";
    replace({ screen: "chat", chat: chat.value?.row.id ?? null });
  }
}

/** A chat is shown, or a new one. `anew`: the same place has another chat, such as a new one that was just begun. */
export function arrived(id: string | null, anew = false): void {
  const place = placeNow();
  if (place.screen === "chat" && place.chat === id) return;
  (anew ? replace : push)({ screen: "chat", chat: id });
}

/** Listen to Back and Forward. `open` shows a chat; it is called at once with the chat of a page that was loaded again. */
export function listen(open: (chat: string | null) => void): void {
  show = open;
  addEventListener("popstate", () => {
    const place = placeNow();
    screen.value = place.screen;
    if (place.chat !== (chat.value?.row.id ?? null)) show(place.chat);
  });
}

/** The chat that this tab showed when it was loaded again; null: none. */
export function leftAt(): string | null {
  return placeNow().chat;
}

function placeNow(): Place {
  const state: unknown = typeof history === "undefined" ? null : history.state;
  const found = state !== null && typeof state === "object" ? state as Readonly<Record<string, unknown>> : {};
  const { screen: at, chat: id, depth } = found;
  return {
    screen: typeof at === "string" && SCREENS.has(at) ? at as Screen : "chat",
    chat: typeof id === "string" ? id : null,
    depth: typeof depth === "number" ? depth : 0,
  };
}

function push(place: Omit<Place, "depth">): void {
  if (typeof history !== "undefined") history.pushState({ ...place, depth: placeNow().depth + 1 }, "");
}

function replace(place: Omit<Place, "depth">): void {
  if (typeof history !== "undefined") history.replaceState({ ...place, depth: placeNow().depth }, "");
}
