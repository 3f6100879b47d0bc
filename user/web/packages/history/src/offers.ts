/**
 * What a person typed and what lost its place: kept, sealed, on this device until they decide. Source: specs/merge.md,
 * specs/history.md.
 *
 * An offer is sealed under the home box, since the box that it comes from may be deleted before it is read.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import * as deletion from "@privity/vault/deletion";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as merging from "@privity/vault/merge";

import type { Bodies } from "./bodies.ts";
import { Boxes, type Found, isBox } from "./boxes.ts";
import { findBody, type Ground, loggedBody } from "./ground.ts";
import type { Reader } from "./reader.ts";
import type { Offer, Waiting } from "./store.ts";

/** An offer by its key. */
export type Keyed = readonly [key: string, offer: Offer];

/** The offer of a content; under its own box where the device has no home box yet. */
export async function offerOf(
  ground: Ground, found: Omit<Found, "body">, content: Content, members: readonly string[],
): Promise<Keyed> {
  const { boxes, session, world } = ground;
  const { id, box, version } = found;
  const nonce = world.random(12);
  try {
    const body = await boxes.sealAtHome(content, id, session, nonce);
    return keyed({ id, box, version, body, members, atHome: true });
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return keyed({ id, box, version, body: await boxes.seal(content, found, session, nonce), members });
  }
}

/** What an offer holds, null when it does not open. */
export async function contentOf({ boxes, session }: Ground, offer: Offer): Promise<Content | null> {
  try {
    return await (offer.atHome === true ? boxes.openAtHome(offer.body, offer.id, session) : boxes.open(offer, session));
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return null;
  }
}

function keyed(offer: Offer): Keyed {
  return [`${toHex(offer.id)}-${String(offer.version)}-${toHex(offer.body.slice(-8))}`, offer];
}

/** What a person would miss of a change to something that was deleted meanwhile; `boxes` open what is not deleted here. */
export async function ofLost(ground: Ground, waiting: Waiting, boxes = ground.boxes): Promise<readonly Keyed[]> {
  const { id, box, version, body, op, base } = waiting;
  if (body === null || isBox(op)) return [];
  try {
    const mine = await boxes.open({ id, box, version, body }, ground.session);
    const was = base === null ? null : await boxes.open({ id, box, version: version - 1, body: base }, ground.session);
    const members = typedSince(was, mine);
    return mine.kind === Kind.NODE || members.length > 0 ? [await offerOf(ground, { id, box, version }, mine, members)] : [];
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return [keyed({ id, box, version, body, members: [] })];
  }
}

/** Members whose text a person typed since `was`. */
export function typedSince(was: Content | null, mine: Content): readonly string[] {
  return merging.lostTexts<Content>(was?.kind === mine.kind ? was : null, mine).map((one) => one.member);
}

/** The offer of what a person wrote in a content that goes, whole; an answer of the model's is not offered. */
export async function ofTyped(ground: Ground, where: Omit<Found, "body">, content: Content): Promise<readonly Keyed[]> {
  const members = typedSince(null, content);
  const isTyped = content.kind === Kind.NODE ? deletion.isOwn(content) : members.length > 0;
  return isTyped ? [await offerOf(ground, where, content, members)] : [];
}

/** What becomes of changes here when pages delete: what waits and what is offered, for the same transaction. */
export interface Rescued {
  readonly waiting: readonly (readonly [id: Bytes, waiting: Waiting | null])[];
  readonly offers: readonly Keyed[];
}

/**
 * Before the keys of deleted boxes go: changes that wait for a deleted object or box are offered, and what others put into
 * a box whose deletion waits here goes too, offered if a person wrote it.
 */
export async function rescued(
  ground: Ground, waiting: readonly Waiting[], reader: Reader, bodies: Bodies,
): Promise<Rescued> {
  const boxes = new Boxes(async (id) => (await findBody(ground.store, id)) ?? loggedBody(ground.store, id));
  const isGone = (id: Bytes): boolean => reader.rows.get(toHex(id))?.known.deleted === true;
  const [changes, offers]: [(readonly [Bytes, Waiting | null])[], Keyed[]] = [[], []];
  for (const one of waiting) {
    if (one.op !== Op.PUT || !(isGone(one.id) || isGone(one.box))) continue;
    offers.push(...await ofLost(ground, one, boxes));
    changes.push([one.id, null]);
  }
  const going = new Set(waiting.filter((one) => one.op === Op.DELETE_BOX).map((one) => toHex(one.id)));
  const ids = new Set(waiting.map((one) => toHex(one.id)));
  let order = waiting.reduce((most, one) => Math.max(most, one.order), 0);
  for (const row of reader.rows.values()) {
    if (isBox(row.op) || row.known.deleted || !going.has(toHex(row.box)) || ids.has(toHex(row.id))) continue;
    const content = await bodies.content(row);
    if (content !== null) offers.push(...await ofTyped(ground, { ...row, version: row.known.version }, content));
    order += 1;
    const { id, box, kind, known } = row;
    changes.push([id, { id, order, op: Op.DELETE, box, kind, version: known.version + 1, body: null, base: null }]);
  }
  return { waiting: changes, offers };
}
