/**
 * Making an account: passkey, its second answer, seven words where it opens nothing, then the ceremony of the recovery code.
 *
 * Nothing is saved before the typed-in code has opened the account; leaving at any step leaves a guest with their chats.
 */

import { Refusal } from "../bridge/line.ts";
import type { Challenge } from "../bridge/vault.ts";
import { account, chat, overview, screen } from "./app.ts";
import { creating, wanted } from "./beginning.ts";
import { clears } from "./clearing.ts";
import { became } from "./entry.ts";
import { failed as told } from "./failing.ts";
import { faultOf } from "./faults.ts";
import { cancel, type Enrolled, enrol, forsake } from "./gestures.ts";
import { ports } from "./ports.ts";

export interface Chosen {
  /** Name of this device. */
  readonly label: string;
  /** Name of the passkey, shown in the browser's picker and in Devices. */
  readonly passkeyLabel: string;
  readonly keepUnlocked: boolean;
  readonly invitation: string | null;
}

/** The click that `again` waits for. */
let clicked: { readonly go: () => void; readonly leave: () => void } | null = null;
/** What waits for the person's word about seven words. */
let held: { readonly enrolled: Enrolled; readonly chosen: Chosen } | null = null;
/** The passkey of an account that may yet be given up. */
let unproven: Enrolled | null = null;

clears(() => { [held, unproven, clicked] = [null, null, null]; });

/** The account is there but its code was never typed: go on with the ceremony. */
export async function resumeCreate(): Promise<void> {
  if (account.value?.state === "unproven" && creating.value.at === "begin" && creating.value.fault === null) await showCode();
}

/** The first gesture, and all that follows without a person. */
export async function makePasskey(chosen: Chosen): Promise<void> {
  creating.value = { at: "passkey" };
  try {
    const asked = (): Promise<Challenge> => ports().vault.ask("create", { invitation: chosen.invitation });
    const enrolled = await enrol(asked, chosen.passkeyLabel, again);
    if (enrolled.unopening === null) {
      await finish(enrolled, chosen);
      return;
    }
    held = { enrolled, chosen };
    creating.value = { at: "unopened", why: enrolled.unopening };
  } catch (error) {
    creating.value = { at: "begin", fault: faultOf(error) };
  }
}

/** The person wants seven words; `keepUnlocked` spares typing them at each start. */
export async function takeWords(keepUnlocked: boolean): Promise<void> {
  if (held === null) return;
  const { enrolled, chosen } = held;
  held = null;
  await finish(enrolled, { ...chosen, keepUnlocked });
}

/** Make the account; the passkey of one that could not be made is not offered again. */
async function finish(enrolled: Enrolled, { label, passkeyLabel, keepUnlocked }: Chosen): Promise<void> {
  creating.value = { at: "making" };
  const { rpId, registration, material } = enrolled;
  let words: string | null;
  try {
    words = await ports().vault.ask("created", { ...registration, material, label, passkeyLabel, keepUnlocked });
  } catch (error) {
    creating.value = { at: "begin", fault: faultOf(error) };
    await forsake(rpId, registration.id);
    return;
  }
  unproven = enrolled;
  account.value = { state: "unproven" };
  if (words === null) await showCode();
  else creating.value = { at: "words", words };
}

function again(): Promise<void> {
  creating.value = { at: "again" };
  return new Promise((resolve, reject) => {
    clicked = {
      go: () => {
        creating.value = { at: "passkey" };
        resolve();
      },
      leave: () => reject(new Refusal("passkey.cancelled", "left")),
    };
  });
}

/** The click behind which the passkey is asked once more. */
export function askAgain(): void {
  clicked?.go();
  clicked = null;
}

/** The words are written down: two of them are typed. */
export function wordsKept(): void {
  const { value } = creating;
  if (value.at === "words") creating.value = { at: "words_typed", words: value.words, differs: false };
}

export function wordsAgain(): void {
  const { value } = creating;
  if (value.at === "words_typed") creating.value = { at: "words", words: value.words };
}

/** Words 3 and 7, held against those that were shown. */
export async function typeWords(third: string, seventh: string): Promise<void> {
  const { value } = creating;
  if (value.at !== "words_typed") return;
  const words = value.words.split(/[\s-]+/);
  const same = [third, seventh].every((typed, at) => typed.trim().toLowerCase() === words[at === 0 ? 2 : 6]);
  if (same) await showCode();
  else creating.value = { ...value, differs: true };
}

/** A code is made and shown; nothing is written yet. */
async function showCode(): Promise<void> {
  creating.value = { at: "making" };
  try {
    creating.value = { at: "code", shown: await ports().vault.ask("ceremony", {}) };
  } catch (error) {
    creating.value = { at: "begin", fault: faultOf(error) };
  }
}

export function codeKept(): void {
  const { value } = creating;
  if (value.at === "code") creating.value = { at: "code_typed", shown: value.shown, fault: null, busy: false };
}

export function codeAgain(): void {
  const { value } = creating;
  if (value.at === "code_typed") creating.value = { at: "code", shown: value.shown };
}

/** Groups 3 and 7: when they match, the stored record is opened with the code, and saving begins. */
export async function typeCode(third: string, seventh: string): Promise<void> {
  const { value } = creating;
  if (value.at !== "code_typed" || value.busy) return;
  creating.value = { ...value, fault: null, busy: true };
  try {
    account.value = await ports().vault.ask("typed", { third, seventh });
  } catch (error) {
    creating.value = { ...value, fault: faultOf(error), busy: false };
    return;
  }
  await saved();
}

/** The account is open. What a person wanted to keep is kept; of other chats of the guest they are asked. */
async function saved(): Promise<void> {
  const keep = wanted.value;
  [wanted.value, unproven] = [null, null];
  if (keep !== null) await keepChats([keep]);
  overview.value = await ports().vault.ask("overview", {}).catch(() => overview.value);
  const chats = (overview.value?.chats ?? []).filter((one) => one.temporary).map((one) => one.id);
  creating.value = { at: "done", chats, busy: false };
}

/** Leave the last step; `keep`: the guest's chats become saved ones. */
export async function closeCreate(keep: boolean): Promise<void> {
  const { value } = creating;
  if (value.at !== "done" || value.busy) return;
  creating.value = { ...value, busy: true };
  if (keep) await keepChats(value.chats);
  creating.value = { at: "begin", fault: null };
  screen.value = "chat";
}

async function keepChats(chats: readonly string[]): Promise<void> {
  const open = chat.value?.row.id;
  for (const one of chats) {
    try {
      const kept = await ports().vault.ask("keep", { chat: one });
      if (open === one) chat.value = await ports().vault.ask("open", { chat: kept });
    } catch (error) {
      told(error);
    }
  }
}

/** Close midway: back to a guest whose chats are as they were. What was made is given up. */
export async function leaveCreate(): Promise<void> {
  const made = account.value?.state === "unproven";
  cancel();
  clicked?.leave();
  clicked = null;
  const left = held?.enrolled ?? unproven;
  [held, unproven, wanted.value] = [null, null, null];
  creating.value = { at: "begin", fault: null };
  screen.value = "chat";
  if (left !== null) await forsake(left.rpId, left.registration.id);
  if (!made) return;
  try {
    await became(await ports().vault.ask("abandon", {}));
  } catch (error) {
    told(error);
  }
}
