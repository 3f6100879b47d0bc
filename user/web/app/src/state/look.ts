/**
 * How this browser was told to look and listen, as it is kept: what boot.ts reads before anything is painted.
 *
 * It is read before anything is unlocked, so it lies in the open: a theme, a language, keys, what is folded. Trusted? No: each
 * member is checked, and one that does not fit is as if it were not there. Nothing is imported here: this comes first.
 */

export interface Remembered {
  readonly theme: "system" | "light" | "dark";
  /** A language's tag; null: what the browser prefers. */
  readonly language: string | null;
  /** Keys that a person gave to actions, by the action's name; "" is none. */
  readonly keys: Readonly<Record<string, string>>;
  /** Whether single keys without Ctrl act. */
  readonly singleKeys: boolean;
  /** Whether Enter sends; else it begins a line and Mod+Enter sends. */
  readonly enterSends: boolean;
  /** Whether the list of chats stands beside the chat on a wide screen. */
  readonly sidebar: boolean;
  /** Whether HTML and SVG in answers can be shown as pictures. */
  readonly previews: boolean;
  /** Whether nodes are asked to sign their answers, which then can be proven to others. */
  readonly receipts: boolean;
  /** Ids of folders and parts of the list that are folded. */
  readonly folded: readonly string[];
}

const NAME = "privity.look";
const MOST = 512;
const PLAIN: Remembered = {
  theme: "system", language: null, keys: {}, singleKeys: true, enterSends: true, sidebar: true, previews: false, receipts: false,
  folded: [],
};

export const DARK = "(prefers-color-scheme: dark)";

/** Put a theme on the page. */
export function paint(theme: Remembered["theme"], systemIsDark: boolean): void {
  document.documentElement.dataset["theme"] = theme === "dark" || (theme === "system" && systemIsDark) ? "dark" : "light";
}

/** What is kept; what was never chosen is as it comes. */
export function readLook(): Remembered {
  try {
    return checked(JSON.parse(shelf()?.getItem(NAME) ?? "{}") as unknown);
  } catch {
    return PLAIN;
  }
}

/** Keep this. Where the browser keeps nothing, it is as if it had never been chosen when the page is loaded again. */
export function keepLook(look: Remembered): void {
  try {
    shelf()?.setItem(NAME, JSON.stringify(look));
  } catch {
    // No room, or forbidden: the page works without.
  }
}

/** Leave no trace of it in this browser. Returns what holds then. */
export function forgetLook(): Remembered {
  shelf()?.removeItem(NAME);
  return PLAIN;
}

/** What fits of something that was kept. */
export function checked(value: unknown): Remembered {
  if (value === null || typeof value !== "object") return PLAIN;
  const found = value as Readonly<Record<string, unknown>>;
  const flag = (name: "singleKeys" | "enterSends" | "sidebar" | "previews" | "receipts"): boolean => {
    const one = found[name];
    return typeof one === "boolean" ? one : PLAIN[name];
  };
  const theme = found["theme"];
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    language: isShort(found["language"]) ? found["language"] : null,
    keys: keysOf(found["keys"]),
    singleKeys: flag("singleKeys"), enterSends: flag("enterSends"), sidebar: flag("sidebar"),
    previews: flag("previews"), receipts: flag("receipts"),
    folded: Array.isArray(found["folded"]) ? found["folded"].filter(isShort).slice(0, MOST) : [],
  };
}

function keysOf(value: unknown): Readonly<Record<string, string>> {
  if (value === null || typeof value !== "object") return {};
  return Object.fromEntries(Object.entries(value).filter((one): one is [string, string] => isShort(one[1])).slice(0, MOST));
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value.length <= 64;
}

function shelf(): Storage | null {
  try {
    // The one thing that may lie here in the open, and must be readable before the vault is: how the page looks.
    // eslint-disable-next-line no-restricted-globals
    return typeof localStorage === "undefined" ? null : localStorage;
  } catch {
    return null;
  }
}
