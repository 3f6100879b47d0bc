/** What people do in a tab, in the order of the page's own steps. */


import type { AccountState } from "../../src/bridge/views.ts";
import { Profile, type Tab } from "./profile.ts";


/** What a person needs at least between two steps, in milliseconds. */
const SECOND = 1000;

/** An account, made with the profile's passkey, its code typed. */
export async function account(tab: Tab, keepUnlocked = false): Promise<string> {
  const code = await unproven(tab, keepUnlocked);
  const groups = code.split("-");
  await tab.do("typed", { third: groups[2] ?? "", seventh: groups[6] ?? "" });
  return code;
}

/** The same before the code was typed; returns the code. */
export async function unproven(tab: Tab, keepUnlocked = false): Promise<string> {
  const { passkey } = tab.profile;
  const { challenge } = await tab.do("create", { invitation: null });
  const registration = await passkey.registration(challenge);
  await tab.do("created", {
    ...registration, material: await passkey.answer(), label: "Laptop", passkeyLabel: "Key", keepUnlocked,
  });
  return tab.do("ceremony", {});
}

/** The passkey, used for a purpose. */
export async function use(tab: Tab, purpose: string): Promise<AccountState> {
  const { passkey } = tab.profile;
  const { challenge } = await tab.do("proof", {});
  const assertion = await passkey.assertion(challenge, new Uint8Array(16));
  return tab.do("proved", {
    ...assertion, material: await passkey.answer(), purpose, words: null, label: "Phone", keepUnlocked: false,
  });
}

/** A person who has an account, in a tab that is open. */
export async function begun(name = "laptop", keepUnlocked = false): Promise<{ readonly profile: Profile; readonly tab: Tab }> {
  const profile = new Profile(name);
  const tab = await profile.open();
  await account(tab, keepUnlocked);
  return { profile, tab };
}

/** Another browser of the same person. */
export async function another(first: Profile, name: string): Promise<{ readonly profile: Profile; readonly tab: Tab }> {
  const profile = new Profile(name, first.service, first.passkey);
  const tab = await profile.open();
  await use(tab, "enter");
  return { profile, tab };
}

interface Asked {
  readonly chat?: string | null;
  readonly parent?: string | null;
  readonly temporary?: boolean;
  readonly attachments?: readonly string[];
  readonly folder?: string | null;
}

export function write(tab: Tab, text: string, asked: Asked = {}): Promise<{ readonly chat: string; readonly message: string }> {
  tab.profile.browser.world.time += SECOND;
  return tab.do("write", {
    chat: null, parent: null, temporary: false, attachments: [], folder: null, model: null, effort: null, text, ...asked,
  });
}

const NO_PROOF = { proof: "none", document: null, bundle: null, appraisal: null, receipt: null };

/** A question's answer, whole. */
export async function answer(
  tab: Tab, chat: string, message: string, text: string, more: Partial<Finish> = {},
): Promise<string> {
  tab.profile.browser.world.time += SECOND;
  const begunAt = await tab.do("answer", { chat, message });
  await end(tab, chat, begunAt.answer, { text, ...more });
  return begunAt.answer;
}

type Finish = Omit<Parameters<Tab["vault"]["handlers"]["finish"]>[0], "name" | "chat" | "answer">;

export async function end(
  tab: Tab, chat: string, answered: string, given: Partial<Finish> & { readonly text: string },
): Promise<void> {
  await tab.do("finish", {
    chat, answer: answered, reasoning: "", state: "complete", model: null, prompt: 10, cached: 0, completion: 5,
    ...NO_PROOF, ...given,
  });
}

/** Texts of the branch that is shown. */
export async function shown(tab: Tab, chat: string): Promise<readonly string[]> {
  return (await tab.do("open", { chat })).messages.map(({ text }) => text);
}

/** Texts of every saved chat's shown branch, by title. */
export async function everything(tab: Tab): Promise<ReadonlyMap<string, readonly string[]>> {
  const { chats } = await tab.do("overview", {});
  const found = await Promise.all(chats.map(async ({ id, title }) => [title, await shown(tab, id)] as const));
  return new Map(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

