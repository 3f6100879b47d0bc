/** Keys among messages: one after the other, and from one version to the next. They act only while a message has the focus. */

import { showBranch } from "../../state/chats.ts";
import { means } from "../../state/shortcuts.ts";

/** Go to the message before or after the one with the focus. Returns whether the key was meant for that. */
export function nextMessage(event: KeyboardEvent): boolean {
  const step = means(event, "next") ? 1 : means(event, "previous") ? -1 : 0;
  const here = messageOf(event.target);
  if (step === 0 || here === null) return false;
  const all = [...document.querySelectorAll<HTMLElement>(".message")];
  const next = all[all.indexOf(here) + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** Show the version before or after the one with the focus. Returns whether the key was meant for that. */
export function branchKeys(event: KeyboardEvent): boolean {
  const step = means(event, "branch_next") ? 1 : means(event, "branch_previous") ? -1 : 0;
  const here = messageOf(event.target);
  if (step === 0 || here === null) return false;
  const siblings = (here.dataset["siblings"] ?? "").split(" ");
  const next = siblings[siblings.indexOf(here.dataset["id"] ?? "") + step];
  if (next !== undefined) void turnTo(next);
  return true;
}

/** Show another version, and keep the focus on it. */
export async function turnTo(message: string): Promise<void> {
  await showBranch(message);
  requestAnimationFrame(() => document.getElementById(`message-${message}`)?.focus());
}

function messageOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(".message") : null;
}
