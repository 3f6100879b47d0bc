/**
 * Writing: what waits becomes a page behind the newest head, is kept before it is sent, and is sent until the answer came.
 * Compare-and-set on the head: when the log moved, pull, put the edits onto what others wrote, and try again.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { type Entry, MAX_ENTRIES, Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import { type Content, WRITTEN_ONCE } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as merging from "@privity/vault/merge";
import * as page from "@privity/vault/page";

import { isBody } from "./bodies.ts";
import type { Erasure, Signed } from "./erasure.ts";
import { isBox } from "./boxes.ts";
import { checkWriting, type Ground, halting, stateOf } from "./ground.ts";
import { deletedBy, erasureKey, erasuresOf } from "./receipts.ts";
import { type Keyed, offerOf, ofLost, typedSince } from "./offers.ts";
import { Reader } from "./reader.ts";
import { ServiceError } from "./service.ts";
import { isActive } from "./session.ts";
import { ontoKeys } from "./wrapping.ts";
import type { Batch, Posting, Row, Waiting } from "./store.ts";

/** Bytes of bodies inside a page's own request; larger ones go before it. */
export const INLINE = 1024 * 1024;
const DAY_MS = 86_400_000;
/** What the service answers when the page has to be built anew behind others' pages or a newer keyring. */
const BEHIND = new Set(["log.moved", "log.sequence", "log.keyring", "log.version", "log.resurrected"]);

/** What a push came to: a page was accepted, there was nothing to write, or others wrote first. */
export type Pushed = "posted" | "nothing" | "behind";

/**
 * Post one page of what waits.
 *
 * Raises Halted; VaultError `log.device` when this device was revoked; ServiceError `plan.*` and the like, with everything
 * still waiting.
 */
export function push(ground: Ground): Promise<Pushed> {
  return halting(ground.store, async () => {
    const state = await checkWriting(ground.store);
    if (!isActive(ground.session)) throw new VaultError("log.device", "this device was revoked");
    const posting = state.posting ?? (await prepared(ground));
    if (posting === null) return "nothing";
    return deliver(ground, posting);
  });
}

/** Sign a page of what waits and keep it: from here on these very bytes are posted. Null when nothing is left to write. */
async function prepared(ground: Ground): Promise<Posting | null> {
  const { session, store, world } = ground;
  const entries: Entry[] = [];
  const bodies: Bytes[] = [];
  for (const { id } of await store.waiting()) {
    if (entries.length === MAX_ENTRIES) break;
    // A box that came before may have changed what waits in it.
    const waiting = await store.waitingFor(id);
    const due = waiting === null ? null : await brought(ground, waiting);
    if (due === null) continue;
    entries.push(await entryOf(ground, due));
    if (due.body !== null) bodies.push(due.body);
  }
  if (entries.length === 0) return null;
  const state = await stateOf(store);
  const reader = await Reader.at(state.position, session, store);
  const { device, signer } = session.identity;
  const signed = await page.write(reader.view(), entries, { device, signer, day: Math.floor(world.now() / DAY_MS) });
  const posting = { page: signed, bodies };
  await store.commit({ state: { ...state, posting } });
  return posting;
}

async function entryOf({ session }: Ground, { id, op, version, box: inside, body }: Waiting): Promise<Entry> {
  const lane = op === Op.PUT ? box.lane(inside, session.names.lane, id) : null;
  if (body === null) return { op, object: id, version, lane, body: null };
  return { op, object: id, version, lane, body: { hash: await hashOf(body), size: body.length } };
}

async function hashOf(body: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", body));
}

/** A change as the next version of its id, null when nothing is left to write of it. What gives way is offered. */
async function brought(ground: Ground, waiting: Waiting): Promise<Waiting | null> {
  const row = await ground.store.row(waiting.id);
  const version = (row?.known.version ?? 0) + 1;
  if (row?.known.deleted === true) return dropped(ground, waiting, await ofLost(ground, waiting));
  // What was deleted here before it ever arrived: it never will.
  if (row === null && waiting.body === null) return dropped(ground, waiting, []);
  if (version === waiting.version && (waiting.body === null || (await follows(row, waiting)))) return waiting;
  if (waiting.body === null) return kept(ground, { ...waiting, version }, await overtaken(ground, waiting, row));
  if (row === null) return dropped(ground, waiting, []);
  if (isBox(waiting.op)) return behindKeys(ground, waiting, row, version);
  return onto(ground, waiting, row, version);
}

/** Keys of a box that others wrote meanwhile stand. */
async function behindKeys(ground: Ground, waiting: Waiting, row: Row, version: number): Promise<Waiting | null> {
  const changes = await ontoKeys(ground, waiting, row, version);
  await ground.store.commit({ waiting: changes });
  return changes.at(-1)?.[1] ?? null;
}

/** Whether the log still has the body that the change was made on: another branch may have another of the same version. */
async function follows(row: Row | null, { base }: Waiting): Promise<boolean> {
  if (row?.fault !== null) return true;
  return base !== null && isBody(row, base);
}

/** What others typed into something whose deletion waits here, since the person decided. */
async function overtaken(ground: Ground, waiting: Waiting, row: Row | null): Promise<readonly Keyed[]> {
  const there = row?.known.body ? await ground.store.body(row.known.body.hash) : null;
  if (row === null || there === null || isBox(row.op)) return [];
  const { boxes, session } = ground;
  const { id, box: inside, base, version } = waiting;
  const where = { id, box: inside, version: row.known.version };
  try {
    const theirs = await boxes.open({ ...where, body: there }, session);
    const was = base === null ? null : await boxes.open({ id, box: inside, version: version - 1, body: base }, session);
    const members = typedSince(was, theirs);
    return members.length === 0 ? [] : [await offerOf(ground, where, theirs, members)];
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return [];
  }
}

/** Put an edit onto what others wrote meanwhile. */
async function onto(ground: Ground, waiting: Waiting, row: Row, version: number): Promise<Waiting | null> {
  const { boxes, session, store, world } = ground;
  const { id, box: inside, body, base } = waiting;
  const there = row.known.body === null ? null : await store.body(row.known.body.hash);
  if (there === null || row.fault !== null) return again(ground, waiting, version);
  // A wallet's claims are made anew on what others claimed (specs/wallet.md).
  if (body === null || isWrittenOnce(waiting.kind) || waiting.kind === Kind.WALLET) return dropped(ground, waiting, []);
  const mine = await boxes.open({ id, box: inside, version: waiting.version, body }, session);
  const theirs = await boxes.open({ id, box: row.box, version: row.known.version, body: there }, session);
  const was = base === null ? null : await boxes.open({ id, box: inside, version: waiting.version - 1, body: base }, session);
  const merged = together(was, mine, theirs, world.now());
  const members = merged.lost.map((one) => one.member);
  const both = members.length === 0 ? [] : [[waiting.version, mine], [row.known.version, theirs]] as const;
  const offers = await Promise.all(both.map(([at, one]) => offerOf(ground, { id, box: inside, version: at }, one, members)));
  if (merged.content === null) return dropped(ground, waiting, offers);
  const sealed = await boxes.seal(merged.content, { id, box: inside, version }, session, world.random(12));
  return kept(ground, { ...waiting, version, body: sealed, base: there }, offers);
}

/** Two writings of one object; without a common beginning the later one of each field counts. */
function together(was: Content | null, mine: Content, theirs: Content, now: number): merging.Merged<Content> {
  if (mine.kind !== theirs.kind) return { content: null, lost: [] };
  if (was?.kind === mine.kind) return merging.merge<Content>(was, mine, theirs, now);
  const { content, lost } = merging.settle<Content>(new Map([["0", theirs], ["1", mine]]), now);
  return { content, lost };
}

function isWrittenOnce(kind: number | null): boolean {
  return [...WRITTEN_ONCE].some((one) => one === kind);
}

/** The same content as a later version: what stands in the log between cannot be read. */
async function again(ground: Ground, waiting: Waiting, version: number): Promise<Waiting> {
  const { id, box: inside, body } = waiting;
  if (body === null) return kept(ground, { ...waiting, version }, []);
  const mine = await ground.boxes.open({ id, box: inside, version: waiting.version, body }, ground.session);
  const sealed = await ground.boxes.seal(mine, { id, box: inside, version }, ground.session, ground.world.random(12));
  return kept(ground, { ...waiting, version, body: sealed }, []);
}

async function dropped(ground: Ground, waiting: Waiting, offers: readonly Keyed[]): Promise<null> {
  await ground.store.commit({ waiting: [[waiting.id, null]], offers });
  return null;
}

async function kept(ground: Ground, waiting: Waiting, offers: readonly Keyed[]): Promise<Waiting> {
  await ground.store.commit({ waiting: [[waiting.id, waiting]], offers });
  return waiting;
}

async function deliver(ground: Ground, posting: Posting): Promise<Pushed> {
  const { store, service } = ground;
  const [inline, before] = split(posting.bodies);
  const key = deletedBy(posting.page).length > 0 ? await erasureKey(ground) : null;
  let signed: Signed | null;
  try {
    for (const body of before) await service.put(await hashOf(body), body);
    signed = await service.post(posting.page, inline);
  } catch (error) {
    if (!(error instanceof ServiceError) || !BEHIND.has(error.reason)) throw error;
    // The service has taken no page with these bytes, or it would have repeated its answer: this one can be forgotten.
    await store.commit({ state: { ...(await stateOf(store)), posting: null } });
    return "behind";
  }
  await landed(ground, posting, await erasuresOf(ground, posting.page, signed, key));
  return "posted";
}

function split(bodies: readonly Bytes[]): readonly [inline: readonly Bytes[], before: readonly Bytes[]] {
  const [inline, before]: [Bytes[], Bytes[]] = [[], []];
  let size = 0;
  for (const body of bodies) {
    const fits = size + body.length <= INLINE;
    if (fits) size += body.length;
    (fits ? inline : before).push(body);
  }
  return [inline, before];
}

/** Take over what the service accepted, judged as a page of anybody else's. */
async function landed(ground: Ground, posting: Posting, erasures: readonly Erasure[]): Promise<void> {
  const { session, store } = ground;
  const state = await stateOf(store);
  const reader = await Reader.at(state.position, session, store);
  await reader.accept(posting.page);
  const hashed = await Promise.all(posting.bodies.map(async (body) => [await hashOf(body), body] as const));
  const bodies = new Map(hashed.map(([hash, body]) => [toHex(hash), body]));
  const gone: (readonly [Bytes, null])[] = [];
  for (const [key, row] of reader.rows) {
    const waiting = await store.waitingFor(row.id);
    if (waiting === null) continue;
    reader.rows.set(key, { ...row, kind: row.kind ?? waiting.kind });
    const sent = row.known.body === null ? null : (bodies.get(toHex(row.known.body.hash)) ?? null);
    const same = sent === null || waiting.body === null ? sent === waiting.body : equal(sent, waiting.body);
    if (same) gone.push([row.id, null]);
  }
  const batch: Batch = {
    state: { ...state, position: reader.position, posting: null },
    chains: [...reader.chains.values()],
    rows: [...reader.rows.values()],
    pages: reader.pages,
    bodies: [...[...reader.superseded.values()].map((hash) => [hash, null] as const), ...hashed],
    waiting: gone,
    erasures,
  };
  await store.commit(batch);
}
