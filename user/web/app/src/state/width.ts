/** How much room the page has: one column, two, or three. */

import { signal } from "@preact/signals";

/** From 900 px on the list of chats stands beside the chat. */
export const isWide = signal(true);
/** From 1280 px on the verification panel does so too. */
export const isWidest = signal(true);

/** Follow the window, and the keyboard that covers a part of it on a phone. */
export function followWidth(): void {
  for (const [size, kept] of [["900px", isWide], ["1280px", isWidest]] as const) {
    const query = matchMedia(`(min-width: ${size})`);
    kept.value = query.matches;
    query.addEventListener("change", ({ matches }) => { kept.value = matches; });
  }
  const view = window.visualViewport;
  if (view === null) return;
  const fit = (): void => {
    const covered = window.innerHeight - view.height;
    // Zoomed in by hand, the page keeps its size.
    const shown = view.scale > 1.01 || covered < 1 ? "" : `${String(view.height)}px`;
    document.documentElement.style.setProperty("--view-height", shown);
  };
  view.addEventListener("resize", fit);
  fit();
}
