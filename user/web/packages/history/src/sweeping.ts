/**
 * What hangs on deleted messages, after devices deleted and wrote at the same time: it is deleted too, and what a person wrote
 * in it is offered first. Source: specs/tree.md, specs/history.md.
 */

import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import * as deletion from "@privity/vault/deletion";

import type { Bodies } from "./bodies.ts";
import type { Ground } from "./ground.ts";
import { readItems } from "./items.ts";
import { type Keyed, offerOf } from "./offers.ts";
import type { Reader } from "./reader.ts";
import type { Waiting } from "./store.ts";

/** The chats in which pages deleted messages, or put some below messages that are deleted. */
export async function touchedBy(ground: Ground, reader: Reader, bodies: Bodies): Promise<readonly Bytes[]> {
  const found = new Map<string, Bytes>();
  for (const row of reader.rows.values()) {
    const parent = bodies.parents.get(toHex(row.id));
    const hangs = parent !== undefined && (await isGone(ground, parent));
    if (row.op === Op.DELETE || hangs) found.set(toHex(row.box), row.box);
  }
  found.delete(toHex(ground.session.identity.account));
  return [...found.values()];
}

/** Sweep these chats. What is lost by the service, and what nobody deleted, is not touched. */
export async function sweep(ground: Ground, boxes: readonly Bytes[]): Promise<void> {
  for (const box of boxes) {
    if (!(await isGone(ground, box))) await sweepBox(ground, box);
  }
}

async function sweepBox(ground: Ground, box: Bytes): Promise<void> {
  const { store } = ground;
  const contents = new Map((await readItems(ground, { box })).map((one) => [toHex(one.id), one.content]));
  const gone = new Set<string>();
  for (const id of namedBy(contents)) {
    if (!contents.has(id) && (await isGone(ground, fromHex(id) ?? new Uint8Array(0)))) gone.add(id);
  }
  if (gone.size === 0) return;
  const { offers } = deletion.sweep(contents, { ids: gone, box: false, answered: new Set() });
  const { deletes } = deletion.sweep(contents, { ids: gone, box: false, answered: new Set(contents.keys()) });
  const kept: Keyed[] = [];
  for (const id of offers.flatMap((one) => one.nodes)) {
    const node = contents.get(id);
    const where = { id: fromHex(id) ?? new Uint8Array(0), box, version: 1 };
    if (node?.kind === Kind.NODE && deletion.isOwn(node)) kept.push(await offerOf(ground, where, node, []));
  }
  const waiting: (readonly [Bytes, Waiting | null])[] = [];
  let order = (await store.waiting()).at(-1)?.order ?? 0;
  for (const id of deletes.flatMap((one) => fromHex(one) ?? [])) {
    const row = await store.row(id);
    order += 1;
    const { kind = null, known = null } = row ?? {};
    const version = (known?.version ?? 0) + 1;
    waiting.push([id, row === null ? null : { id, order, op: Op.DELETE, box, kind, version, body: null, base: null }]);
  }
  await store.commit({ waiting, offers: kept });
}

/** The ids that something in a chat hangs on. */
function namedBy(contents: ReadonlyMap<string, Content>): ReadonlySet<string> {
  return new Set([...contents.values()].flatMap((one): readonly string[] => {
    if (one.kind === Kind.NODE) return one.parent === null ? [] : [toHex(one.parent)];
    if (one.kind === Kind.CHUNK) return [toHex(one.attachment)];
    return one.kind === Kind.RECEIPT ? [toHex(one.node)] : [];
  }));
}

async function isGone({ store }: Ground, id: Bytes): Promise<boolean> {
  const [row, waiting] = await Promise.all([store.row(id), store.waitingFor(id)]);
  return row?.known.deleted === true || (waiting !== null && waiting.body === null);
}
