/** What the tests begin with: an account with a passkey, its ceremony done, and a second browser linked to it. */

import { NEVER } from "@privity/vault/clock";
import { type Chat, type Node, Role, State } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";
import type { Bytes } from "@privity/protocol/bytes";

import { beginPasskey, withPasskey } from "../src/access.ts";
import type { Account } from "../src/account.ts";
import { Ceremony } from "../src/ceremony.ts";
import { begin, finish, type Opening } from "../src/creation.ts";
import { ofPasskey } from "../src/keys.ts";
import { Matched, Offer, scan } from "../src/linking.ts";
import { Browser, draw, Passkey } from "./browser.ts";
import { Strict } from "./service.ts";

export const CHOSEN = { label: "Laptop", passkeyLabel: "Security key", keepUnlocked: true };

export interface Begun {
  readonly service: Strict;
  readonly laptop: Browser;
  readonly passkey: Passkey;
  readonly account: Account;
}

/** An account without its ceremony. */
export async function created(chosen: Partial<typeof CHOSEN> = {}, opening?: Opening): Promise<Begun> {
  const service = new Strict();
  const [laptop, passkey] = [new Browser("laptop", service), new Passkey("key")];
  const challenge = await begin(laptop);
  const registration = await passkey.registration(challenge.challenge);
  const opens = opening ?? { kind: "passkey" as const, material: ofPasskey(await passkey.answer()) };
  return { service, laptop, passkey, account: await finish(laptop, challenge, registration, opens, { ...CHOSEN, ...chosen }) };
}

/** Groups 3 and 7 of a code. */
export function typed(shown: string): readonly [string, string] {
  const groups = shown.split("-");
  return [groups[2] ?? "", groups[6] ?? ""];
}

export interface Saved extends Begun {
  readonly code: string;
}

/** The same with its ceremony done. */
export async function saved(chosen: Partial<typeof CHOSEN> = {}): Promise<Saved> {
  const all = await created(chosen);
  const ceremony = Ceremony.begin(all.account);
  const code = ceremony.shown;
  await ceremony.finish(typed(code));
  return { ...all, code };
}

/** A person proves the passkey again. */
export async function prove(account: Account, passkey: Passkey): Promise<void> {
  const challenge = await beginPasskey(account.place);
  const assertion = await passkey.assertion(challenge.challenge, account.session.identity.account);
  account.tokens.prove(await withPasskey(account.place, challenge, assertion));
}

export function there<T>(value: T | null): T {
  if (value === null) throw new Error("not there yet");
  return value;
}

/** Link a second browser by the text of its link and its digits. */
export async function linked(account: Account, passkey: Passkey, phone: Browser): Promise<Account> {
  const offer = await Offer.make(phone);
  const asked = await scan(account, offer.link);
  const shown = there(await offer.answered());
  const matched = await there(await asked.revealed()).type(shown.digits);
  if (!(matched instanceof Matched)) throw new Error("wrong digits");
  await prove(account, passkey);
  await matched.grant("Phone");
  return there(await shown.granted());
}

export const BOX = draw("box of a chat", 16);

function field<T>(value: T): { readonly value: T; readonly stamp: typeof NEVER } {
  return { value, stamp: NEVER };
}

export const CHAT: Chat = {
  kind: Kind.CHAT, title: field("Chat"), folder: field(null), pinned: field(false), leaf: field(null), model: field(null),
  effort: field(null), instructions: field(""),
};

export function message(text: string, box: Bytes = BOX): Node {
  return {
    kind: Kind.NODE, chat: box, parent: null, role: Role.USER, parts: [{ type: "text", text }], model: null, usage: null,
    state: State.COMPLETE, time: 1_795_600_000_000,
  };
}

/** The texts of all messages, sorted. */
export async function texts(account: Account): Promise<readonly string[]> {
  const items = await account.history.items({ kinds: new Set([Kind.NODE]) });
  return items.flatMap(({ content }) => {
    return content.kind === Kind.NODE ? content.parts.map((part) => (part.type === "text" ? part.text : "")) : [];
  }).sort();
}

