/** Light, dark, or as the system has it. `boot.ts` paints it before anything else, so that no page flashes. */

import { overview } from "./app.ts";
import { failed } from "./failing.ts";
import { ports } from "./ports.ts";
import { remember, remembered } from "./remembered.ts";

export type Theme = "system" | "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";

/** Put the chosen theme on the page, and follow the system from now on where that was chosen. */
export function paintTheme(): void {
  const system = matchMedia(DARK);
  paint(system.matches);
  system.addEventListener("change", ({ matches }) => paint(matches));
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
  paint(matchMedia(DARK).matches);
}

function paint(systemIsDark: boolean): void {
  const { theme } = remembered.value;
  document.documentElement.dataset["theme"] = theme === "dark" || (theme === "system" && systemIsDark) ? "dark" : "light";
}
