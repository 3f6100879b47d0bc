/** Keys as people press and read them: "Mod+Shift+O", where Mod is Ctrl, or ⌘ on Apple's systems. */

/** What a key event tells. */
export interface Stroke {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const MODIFIERS: ReadonlySet<string> = new Set(["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Dead", "Process"]);
const SHOWN: Readonly<Record<string, string>> = {
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space",
};
const APPLE: Readonly<Record<string, string>> = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };

/** Whether this is one of Apple's systems. */
export function isApple(platform: string = typeof navigator === "undefined" ? "" : navigator.userAgent): boolean {
  return /Mac|iPhone|iPad/.test(platform);
}

/**
 * The keys of an event in one spelling; null: only a modifier, or a key of another system's Mod.
 *
 * On a keyboard without Latin letters the place of the key counts, so that Mod+K is there too. A sign that needs Shift, such
 * as "?", is named without it.
 */
export function keysOf(event: Stroke, apple = isApple()): string | null {
  if (MODIFIERS.has(event.key) || event.key === "Unidentified") return null;
  const mod = apple ? event.metaKey : event.ctrlKey;
  if (apple ? event.ctrlKey : event.metaKey) return null;
  const name = nameOf(event);
  const isSign = name.length === 1 && name.toLowerCase() === name.toUpperCase();
  const shift = event.shiftKey && !isSign;
  return [...(mod ? ["Mod"] : []), ...(event.altKey ? ["Alt"] : []), ...(shift ? ["Shift"] : []), name].join("+");
}

function nameOf({ key, code }: Stroke): string {
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  if (key.length === 1 && key > "\u007f" && place !== undefined) return place;
  return key.length === 1 ? key.toUpperCase() : key;
}

/** Whether these keys act without Ctrl, ⌘ or Alt, so that they would be typed in a text. */
export function isSingle(keys: string): boolean {
  return !/^(?:Mod|Alt)\+/.test(keys) && !/^(?:Escape|F\d+)$/.test(keys);
}

/** The keys as people read them on their system. */
export function shownKeys(keys: string, apple = isApple()): string {
  if (keys === "") return "";
  // The last part may be "+" itself.
  const parts = keys.split(/\+(?!$)/);
  const named = parts.map((one) => (apple ? APPLE[one] : undefined) ?? (one === "Mod" ? "Ctrl" : SHOWN[one] ?? one));
  return named.join(apple ? "" : "+");
}

/** The keys as `aria-keyshortcuts` has them. */
export function spokenKeys(keys: string, apple = isApple()): string {
  return keys.replace("Mod", apple ? "Meta" : "Control");
}
