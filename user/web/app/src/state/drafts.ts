/**
 * What stands in the composer, for each chat. Each letter goes to the vault at once, which seals it: a lock, a crash or a closed
 * tab loses none. A guest's vault ends with the page: its words are held by the tab, and come back into the new chat.
 */

import { computed, effect, signal, untracked } from "@preact/signals";

import { account, chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { failed } from "./failing.ts";
import { ports } from "./ports.ts";
import { dropDraft, heldDraft, holdDraft } from "./tab_draft.ts";

/** By chat; "" is the new chat. */
const texts = new Map<string, string>();
/** Texts that wait to be sent, and lie before what is typed until they were. */
const waiting = new Map<string, string>();
const sending = new Set<string>();
const stale = new Set<string>();
let shown = "";
let warned = false;
/** What the tab held was read. */
let restored = false;

/** The composer's text. */
export const draft = signal("");
export const isEmpty = computed(() => draft.value.trim() === "");

clears(() => {
  texts.clear();
  waiting.clear();
  stale.clear();
  draft.value = "";
  warned = false;
});

/** From now on the composer has the draft of the chat in sight. Returns what ends that. */
export function followDrafts(): () => void {
  return effect(() => {
    const id = chat.value?.row.id ?? null;
    const readable = account.value !== null && account.value.state !== "locked";
    if (account.value?.state === "open") dropDraft();
    untracked(() => void show(id, readable));
  });
}

/** What was typed meanwhile stays. */
async function show(id: string | null, readable: boolean): Promise<void> {
  const key = id ?? "";
  shown = key;
  draft.value = texts.get(key) ?? "";
  if (isGuest() && !restored) await restore();
  if (texts.has(key) || !readable) return;
  try {
    const kept = await ports().vault.ask("composed", { chat: id });
    if (texts.has(key)) return;
    texts.set(key, kept);
    if (shown === key) draft.value = kept;
  } catch (error) {
    failed(error);
  }
}

/** What this tab held when the page was left stands in the new chat, before what was typed meanwhile. */
async function restore(): Promise<void> {
  restored = true;
  const held = await heldDraft();
  if (held !== "") giveBack(null, held);
}

function isGuest(): boolean {
  return account.value?.state === "guest" || account.value?.state === "unproven";
}

/** The composer has this text now. */
export function typed(text: string): void {
  draft.value = text;
  put(shown, text);
}

/** Write into the composer of a chat what comes back to it, before what stands there already. */
export function giveBack(id: string | null, text: string): void {
  const key = id ?? "";
  const before = texts.get(key) ?? "";
  put(key, before === "" ? text : `${text}\n\n${before}`);
  if (shown === key) draft.value = texts.get(key) ?? "";
}

/** The composer's text became a message of this chat. */
export function wasSent(id: string | null): void {
  const key = id ?? "";
  put(key, "");
  if (shown === key) draft.value = "";
}

/** Keep a text of this chat that waits to be sent; null: none waits any longer. */
export function keepWaiting(id: string, text: string | null): void {
  if (text === null) waiting.delete(id);
  else waiting.set(id, text);
  seal(id);
}

/** Wait until every letter is sealed. */
export async function flushDrafts(): Promise<void> {
  while (sending.size > 0) await new Promise((resolve) => setTimeout(resolve, FLUSH_STEP));
}

const FLUSH_STEP = 5;

function put(key: string, text: string): void {
  texts.set(key, text);
  seal(key);
}

function joined(several: readonly string[]): string {
  return several.filter((one) => one !== "").join("\n\n");
}

/** One message on its way for each chat, and then the newest. */
function seal(key: string): void {
  if (isGuest()) holdDraft(joined([...waiting.values(), ...texts.values()]));
  if (sending.has(key)) {
    stale.add(key);
    return;
  }
  sending.add(key);
  const text = joined([waiting.get(key) ?? "", texts.get(key) ?? ""]);
  ports().vault.ask("compose", { chat: key === "" ? null : key, text }).then(() => { warned = false; }, warn).finally(() => {
    sending.delete(key);
    if (stale.delete(key)) seal(key);
  });
}

/** Said once, not with each letter. */
function warn(error: unknown): void {
  if (!warned) failed(error);
  warned = true;
}
