/** Texts that gave way to another device's and wait for the person's word: as they are shown, and what becomes of them. */

import type { Offer } from "@privity/history/store";
import { toHex } from "@privity/protocol/bytes";
import type { Content } from "@privity/vault/contents/kinds";
import { type Field, Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as title from "@privity/vault/title";

import { Refusal } from "../bridge/line.ts";
import type { OfferView } from "../bridge/views.ts";
import { begun } from "./conversation.ts";
import { field } from "./fields.ts";
import type { Id } from "./ids.ts";
import { textOf } from "./message.ts";
import type { Saved } from "./saved.ts";

/** What stands for a whole message among the fields. */
const MESSAGE = "message";
/** Marks of members that were answered while others of the same offer still wait. */
const PREFIX = "answered/";

interface Opened extends Offer {
  readonly content: Content | null;
}

interface One {
  readonly key: string;
  readonly offer: Opened;
  readonly member: string;
  readonly text: string;
}

/** All that waits for an answer. What an object says anyhow is no question, and is let go. In a turn. */
export async function offersOf(saved: Saved): Promise<readonly OfferView[]> {
  const all = await everything(saved);
  const open: One[] = [];
  for (const one of all) {
    if (await isThere(saved, one)) await settle(saved, one, all);
    else open.push(one);
  }
  return open.map(({ key, offer, member, text }) => {
    const chat = toHex(offer.box);
    return { key: `${key}#${member}`, chat: chat === saved.homeBox ? null : chat, field: member, text };
  });
}

/** The person took a text, or let it go. Raises Refusal `offer.unknown`. */
export async function answer(saved: Saved, key: string, take: boolean): Promise<void> {
  const all = await everything(saved);
  const found = all.find((one) => `${one.key}#${one.member}` === key);
  if (found === undefined) throw new Refusal("offer.unknown");
  if (take) await taken(saved, found);
  await saved.turn(() => settle(saved, found, all));
}

/** One member needs no answer any more; with the last one the offer goes. */
async function settle(saved: Saved, { key, member }: One, all: readonly One[]): Promise<void> {
  const rest = all.filter((one) => one.key === key && one.member !== member);
  const waiting = new Set(await saved.shelf.names(`${PREFIX}${key}#`));
  if (rest.some((one) => !waiting.has(`${PREFIX}${key}#${one.member}`))) {
    await saved.shelf.put([[`${PREFIX}${key}#${member}`, new Uint8Array(0)]]);
    return;
  }
  await saved.account.history.answered(key);
  await saved.shelf.put([...waiting].map((name) => [name, null] as const));
}

async function everything(saved: Saved): Promise<readonly One[]> {
  const answered = new Set(await saved.shelf.names(PREFIX));
  const found = [...await saved.account.history.offers()].flatMap(([key, offer]) => partsOf(key, offer));
  return found.filter(({ key, member }) => !answered.has(`${PREFIX}${key}#${member}`));
}

function partsOf(key: string, offer: Opened): readonly One[] {
  const { content } = offer;
  if (content === null) return [];
  if (content.kind === Kind.NODE) return [{ key, offer, member: MESSAGE, text: textOf(content) }];
  return offer.members.flatMap((member) => {
    const value = (content as unknown as Readonly<Record<string, Field<unknown> | undefined>>)[member]?.value;
    return typeof value === "string" ? [{ key, offer, member, text: value }] : [];
  });
}

/** Whether the object says this very text by now: then there is nothing to ask. */
async function isThere(saved: Saved, { offer, member, text }: One): Promise<boolean> {
  if (member === MESSAGE) return false;
  return (await current(saved, toHex(offer.id)))?.[member]?.value === text;
}

async function current(saved: Saved, id: Id): Promise<Readonly<Record<string, Field<unknown> | undefined>> | null> {
  if (saved.mirror.find(id) === null) return null;
  return (await saved.contents.one(id)) as unknown as Readonly<Record<string, Field<unknown> | undefined>> | null;
}

async function taken(saved: Saved, { offer, member, text }: One): Promise<void> {
  const now = saved.account.place.world.now();
  if (member === MESSAGE) {
    const beginning = { folder: null, model: null, effort: null };
    await begun(saved.book, { parent: null, text, attached: [], files: new Map() }, beginning, now, (id, content, first) => {
      return saved.book.begin(id, content, first);
    });
    return;
  }
  const place = saved.mirror.find(toHex(offer.id));
  const item = place === null ? null : await saved.account.history.item(offer.id).catch(lost);
  if (item !== null) {
    await saved.change(async () => {
      await saved.account.history.edit(item, { [member]: text });
    });
    return;
  }
  // What it belonged to is gone: the text lives on as a prompt.
  await saved.home.add({ kind: Kind.PROMPT, title: field(title.ofText(text), now), text: field(text, now), shortcut: field("") });
}

function lost(error: unknown): null {
  if (error instanceof VaultError) return null;
  throw error;
}
