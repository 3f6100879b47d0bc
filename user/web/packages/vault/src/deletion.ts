/**
 * What to delete, and what is left hanging when devices delete and write at the same time. Source: specs/tree.md.
 *
 * Deletes name every id that the deleting device knew. What it did not know stays without a parent or box: an orphan. The
 * next client removes orphans, after it offered what the person wrote in them.
 */

import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";

import { type Node, Role } from "./contents/chat.ts";
import type { Content } from "./contents/kinds.ts";
import { Kind } from "./contents/schema.ts";
import { isBlank } from "./title.ts";
import { build, type Id, type Nodes, subtree, type Tree } from "./tree.ts";

/** What nobody here can read any more is left so long to a device that can. */
export const GRACE_DAYS = 30;

/** The contents of one box by object id, as far as they could be read. */
export type Contents = ReadonlyMap<Id, Content>;

/** Messages that lost their place, from `top` down, with something in them that the person wrote. */
export interface Offer {
  readonly top: Id;
  readonly nodes: readonly Id[];
}

/** Ids to delete now, and what to offer first. */
export interface Swept {
  readonly deletes: readonly Id[];
  readonly offers: readonly Offer[];
}

/** The ids that go with a message: all below it, their receipts, and attachments that nothing else names. */
export function ofMessage(contents: Contents, id: Id): readonly Id[] {
  const nodes = nodesOf(contents);
  const going = new Set(subtree(build(nodes), id));
  return [...union(going, filesOf(contents, nodes, going), receiptsOf(contents, going))].sort();
}

/** The ids that go with a chat: the box first, for without it nothing opens. */
export function ofChat(box: Id, contents: Contents): readonly Id[] {
  return [box, ...[...contents.keys()].sort()];
}

/** What was deleted: ids, whether the box is among them, and messages of offers that the person took or declined. */
export interface Gone {
  readonly ids: ReadonlySet<Id>;
  readonly box: boolean;
  readonly answered: ReadonlySet<Id>;
}

/**
 * What hangs on a deleted message or box.
 *
 * A message whose parent is missing without being deleted is not touched: the service may withhold it.
 */
export function sweep(contents: Contents, gone: Gone): Swept {
  const nodes = nodesOf(contents);
  const orphans = gone.box ? new Set(nodes.keys()) : orphansOf(nodes, gone.ids);
  const tree = build(new Map([...nodes].filter(([id]) => orphans.has(id))));
  const offers = groupsOf(tree).filter((group) => group.nodes.some((id) => isOpen(nodes, id, gone.answered)));
  const kept = new Set(offers.flatMap((offer) => offer.nodes));
  if (gone.box) return { deletes: kept.size > 0 ? [] : [...contents.keys()].sort(), offers };
  const going = new Set([...orphans].filter((id) => !kept.has(id)));
  const lost = union(receiptsOf(contents, going), withoutParent(contents, gone.ids));
  return { deletes: [...union(going, filesOf(contents, nodes, going), lost)].sort(), offers };
}

/** Whether an object that cannot be read, in a box deleted on `lostDay`, may be removed on `day`. */
export function isAbandoned(lostDay: number, day: number): boolean {
  return day >= lostDay + GRACE_DAYS;
}

/** Whether the person wrote something in this message. */
export function isOwn(node: Node): boolean {
  return node.role === Role.USER && node.parts.some((part) => part.type === "text" && !isBlank(part.text));
}

/**
 * The offered messages as the beginning of another chat, under new ids (`ids` by old id).
 *
 * Attachments stay behind: they belong to the chat that was deleted.
 */
export function asChat(offer: Offer, nodes: Nodes, ids: ReadonlyMap<Id, Id>, chat: Bytes): Nodes {
  const offered = offer.nodes.flatMap((id): readonly (readonly [Id, Node])[] => {
    const [node, renamed] = [nodes.get(id), ids.get(id)];
    if (node === undefined || renamed === undefined) return [];
    const parts = node.parts.filter((part) => part.type !== "attached");
    return [[renamed, { ...node, chat, parent: id === offer.top ? null : renamedParent(node, ids), parts }]];
  });
  return new Map(offered);
}

function renamedParent({ parent }: Node, ids: ReadonlyMap<Id, Id>): Bytes | null {
  return parent === null ? null : fromHex(ids.get(toHex(parent)) ?? "");
}

function isOpen(nodes: Nodes, id: Id, answered: ReadonlySet<Id>): boolean {
  const node = nodes.get(id);
  return node !== undefined && isOwn(node) && !answered.has(id);
}

function nodesOf(contents: Contents): Nodes {
  return new Map([...contents].flatMap(([id, one]) => (one.kind === Kind.NODE ? [[id, one] as const] : [])));
}

function orphansOf(nodes: Nodes, gone: ReadonlySet<Id>): ReadonlySet<Id> {
  const tree = build(nodes);
  const tops = [...nodes].filter(([, { parent }]) => parent !== null && gone.has(toHex(parent)));
  return new Set(tops.flatMap(([id]) => subtree(tree, id)));
}

/** What hangs together, each from its top. Who is its own ancestor has none: the smallest id is taken for it. */
function groupsOf(tree: Tree): readonly Offer[] {
  const tops = [...tree.nodes].filter(([, { parent }]) => parent === null || !tree.nodes.has(toHex(parent)));
  const covered = new Set<Id>();
  const found: Offer[] = [];
  for (const top of [...tops.map(([id]) => id).sort(), ...[...tree.nodes.keys()].sort()]) {
    if (covered.has(top)) continue;
    const nodes = subtree(tree, top);
    found.push({ top, nodes });
    for (const id of nodes) covered.add(id);
  }
  return found;
}

function attachedTo(nodes: Nodes, chosen: (id: Id) => boolean): ReadonlySet<Id> {
  return new Set([...nodes].filter(([id]) => chosen(id)).flatMap(([, { parts }]) => {
    return parts.flatMap((part) => (part.type === "attached" ? [toHex(part.attachment)] : []));
  }));
}

/** The attachments that only messages that go name, their texts, and the chunks of both. */
function filesOf(contents: Contents, nodes: Nodes, going: ReadonlySet<Id>): ReadonlySet<Id> {
  const staying = attachedTo(nodes, (id) => !going.has(id));
  const ids = [...attachedTo(nodes, (id) => going.has(id))].filter((id) => !staying.has(id));
  const found = new Set(ids.filter((id) => contents.has(id)));
  for (const id of ids) {
    const one = contents.get(id);
    const text = one?.kind === Kind.ATTACHMENT && one.extracted !== null ? toHex(one.extracted) : null;
    if (text !== null && contents.has(text)) found.add(text);
  }
  return union(found, idsOf(contents, (one) => one.kind === Kind.CHUNK && found.has(toHex(one.attachment))));
}

function receiptsOf(contents: Contents, nodes: ReadonlySet<Id>): ReadonlySet<Id> {
  return idsOf(contents, (one) => one.kind === Kind.RECEIPT && nodes.has(toHex(one.node)));
}

/** Chunks and receipts of what was deleted. */
function withoutParent(contents: Contents, gone: ReadonlySet<Id>): ReadonlySet<Id> {
  const chunks = idsOf(contents, (one) => one.kind === Kind.CHUNK && gone.has(toHex(one.attachment)));
  return union(chunks, receiptsOf(contents, gone));
}

function idsOf(contents: Contents, chosen: (one: Content) => boolean): ReadonlySet<Id> {
  return new Set([...contents].filter(([, one]) => chosen(one)).map(([id]) => id));
}

function union(...sets: readonly ReadonlySet<Id>[]): ReadonlySet<Id> {
  return new Set(sets.flatMap((one) => [...one]));
}
