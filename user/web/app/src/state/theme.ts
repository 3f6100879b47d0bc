/** Light, dark, or as the system has it. `boot.ts` has painted it before anything else, so that no page flashes. */

import { overview } from "./app.ts";
import { failed } from "./failing.ts";
import { DARK, paint } from "./look.ts";
import { ports } from "./ports.ts";
import { remember, remembered } from "./remembered.ts";

export type Theme = "system" | "light" | "dark";

/** Follow the system from now on where that was chosen. */
export function followSystem(): void {
  matchMedia(DARK).addEventListener("change", ({ matches }) => paint(remembered.value.theme, matches));
}

/** Choose a theme here, and, with an account that is open, for its other devices. */
export function chooseTheme(theme: Theme): void {
  followTheme(theme);
  const shown = overview.value;
  if (shown === null || shown.settings.theme === theme) return;
  const settings = { ...shown.settings, theme };
  overview.value = { ...shown, settings };
  ports().vault.ask("saveSettings", settings).catch((error: unknown) => failed(error));
}

/** Show another theme from now on, here and when this browser loads the page again. */
export function followTheme(theme: Theme): void {
  if (theme !== remembered.value.theme) remember({ theme });
  paint(theme, matchMedia(DARK).matches);
}
