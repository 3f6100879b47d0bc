/** Keys call actions: as listed, or as a person chose; single keys only while nobody types, and not when they are turned off. */

import { computed } from "@preact/signals";

import { ACTIONS, type Action } from "./actions.ts";
import { isSingle, keysOf, shownKeys, spokenKeys, type Stroke } from "./keys.ts";
import { dialog, paletteOpen } from "./opened.ts";
import { remember, remembered } from "./remembered.ts";

/** The keys of each action now; "" is none. */
export const keysNow = computed<ReadonlyMap<string, string>>(() => {
  return new Map(ACTIONS.map(({ name, keys }) => [name, remembered.value.keys[name] ?? keys]));
});

/** The action that has these keys; null: none. */
export function actionFor(keys: string): Action | null {
  return ACTIONS.find(({ name }) => keysNow.value.get(name) === keys) ?? null;
}

/** Give an action other keys; another one that had them has none from then on. Returns the name of that one, or null. */
export function remap(name: string, keys: string): string | null {
  const had = keys === "" ? undefined : ACTIONS.find((one) => one.name !== name && keysNow.value.get(one.name) === keys);
  const taken = had === undefined ? {} : { [had.name]: "" };
  remember({ keys: { ...remembered.value.keys, ...taken, [name]: keys } });
  return had?.name ?? null;
}

/** Every action has again the keys it came with. */
export function resetKeys(): void {
  remember({ keys: {} });
}

/** Whether an event means this action: for keys that act only on what has the focus. */
export function means(event: Stroke, name: string): boolean {
  const keys = keysOf(event);
  return keys !== null && keysNow.value.get(name) === keys;
}

/** What of a key event is looked at. */
export interface Pressed extends Stroke {
  readonly defaultPrevented: boolean;
  readonly isComposing: boolean;
  readonly repeat: boolean;
}

/** The action that a key press calls now; null: it is nobody's. `writing`: the focus is where letters are typed. */
export function called(event: Pressed, writing: boolean): Action | null {
  if (event.defaultPrevented || event.isComposing) return null;
  const keys = keysOf(event);
  const action = keys === null ? null : actionFor(keys);
  if (keys === null || action === null || action.hidden === true || action.fits?.() === false) return null;
  if (isSingle(keys) && (writing || event.repeat || !remembered.value.singleKeys)) return null;
  if ((dialog.value !== null || paletteOpen.value) && action.name !== "palette") return null;
  return action;
}

/** Whether letters are typed into this element. */
export function isWriting(element: EventTarget | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(element.type);
}

/** Listen to the keys of the page. Returns what ends it. */
export function listenToKeys(): () => void {
  const pressed = (event: KeyboardEvent): void => {
    const action = called(event, isWriting(event.target));
    if (action === null) return;
    event.preventDefault();
    action.run();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

/** The keys of an action as assistive technology is told them; undefined: it has none. */
export function spokenOf(name: string): string | undefined {
  const keys = keysNow.value.get(name) ?? "";
  return keys === "" ? undefined : spokenKeys(keys);
}

/** The keys of an action as people read them; "" when it has none. */
export function shownOf(name: string): string {
  return shownKeys(keysNow.value.get(name) ?? "");
}
