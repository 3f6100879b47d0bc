/**
 * The tree of a chat's messages, and the branch that is shown. Source: specs/tree.md.
 *
 * The tree only grows: editing a message or asking again adds a sibling. In which order messages arrive changes nothing.
 */

import { toHex } from "@privity/protocol/bytes";

import { MAX_MILLIS } from "./clock.ts";
import type { Node } from "./contents/chat.ts";

/** An object id in hexadecimal: a key of maps, whose order is that of the bytes. */
export type Id = string;
export type Nodes = ReadonlyMap<Id, Node>;

/**
 * Messages by id; the children of each, oldest first, those of null being the beginnings.
 *
 * `detached` do not hang on a beginning: a message above them is missing. They are shown as such.
 */
export interface Tree {
  readonly nodes: Nodes;
  readonly children: ReadonlyMap<Id | null, readonly Id[]>;
  readonly detached: ReadonlySet<Id>;
}

/** The tree of the messages that could be read. */
export function build(nodes: Nodes): Tree {
  const children = new Map<Id | null, Id[]>();
  for (const [id, node] of nodes) {
    const parent = parentOf(node);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  for (const ids of children.values()) ids.sort((one, other) => compareAge(nodes, one, other));
  const held = new Set(below(children, children.get(null) ?? []));
  return { nodes, children, detached: new Set([...nodes.keys()].filter((id) => !held.has(id))) };
}

/**
 * The branch to show, its beginning first.
 *
 * It goes through `leaf`, or through the newest message when the tree does not hold that; and from there on through the
 * newest child each time.
 */
export function shown(tree: Tree, leaf: Id | null): readonly Id[] {
  const held = [...tree.nodes.keys()].filter((id) => !tree.detached.has(id));
  const [first] = held;
  if (first === undefined) return [];
  const newest = held.reduce((best, id) => (compareAge(tree.nodes, id, best) > 0 ? id : best), first);
  const branch: Id[] = [];
  const start = leaf !== null && held.includes(leaf) ? leaf : newest;
  for (let at: Id | null = start; at !== null; at = above(tree, at)) branch.push(at);
  branch.reverse();
  for (let next = youngest(tree, branch); next !== undefined; next = youngest(tree, branch)) branch.push(next);
  return branch;
}

function above(tree: Tree, id: Id): Id | null {
  const node = tree.nodes.get(id);
  return node === undefined ? null : parentOf(node);
}

function youngest(tree: Tree, branch: readonly Id[]): Id | undefined {
  return tree.children.get(branch.at(-1) ?? null)?.at(-1);
}

/** The versions of one message, oldest first, itself among them. */
export function siblings(tree: Tree, id: Id): readonly Id[] {
  return tree.children.get(above(tree, id)) ?? [];
}

/** A message and all below it. */
export function subtree(tree: Tree, id: Id): readonly Id[] {
  return below(tree.children, [id]);
}

/** Whether the chat's `leaf` must be written for this new message to be on the branch that is shown. */
export function needsLeaf(tree: Tree, leaf: Id | null, id: Id): boolean {
  return !shown(tree, leaf).includes(id);
}

/** The time of a new message: never before the one that it follows, whatever the clock says. */
export function replyTime(parent: Node | null, now: number): number {
  const least = parent === null ? 0 : parent.time + 1;
  return Math.min(Math.max(now, least), MAX_MILLIS);
}

function parentOf({ parent }: Node): Id | null {
  return parent === null ? null : toHex(parent);
}

function compareAge(nodes: Nodes, one: Id, other: Id): number {
  const [first, second] = [nodes.get(one)?.time ?? 0, nodes.get(other)?.time ?? 0];
  return first - second || (one < other ? -1 : Number(one > other));
}

/** These and all below them, each once: messages of a broken device may be their own ancestors. */
function below(children: Tree["children"], first: readonly Id[]): readonly Id[] {
  const found = new Set(first);
  for (const id of found) for (const one of children.get(id) ?? []) found.add(one);
  return [...found];
}
