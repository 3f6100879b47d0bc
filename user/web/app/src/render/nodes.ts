/** Nodes of a list that stay the same objects while what they are drawn from does. */

import type { VNode } from "preact";
import { useRef } from "preact/hooks";

interface Drawn<Item> {
  readonly items: readonly Item[];
  readonly shared: unknown;
  readonly nodes: readonly VNode[];
}

/**
 * The nodes of a list, each drawn by `draw` from its item and `shared` alone. Where both are what they were before, the node is
 * the same object, which Preact leaves without comparing anything in it.
 */
export function useNodes<Item>(items: readonly Item[], shared: unknown, draw: (item: Item) => VNode): readonly VNode[] {
  const before = useRef<Drawn<Item> | null>(null);
  const known = before.current?.shared === shared ? before.current : null;
  const nodes = items.map((item, at) => (known?.items[at] === item ? known.nodes[at] : undefined) ?? draw(item));
  before.current = { items, shared, nodes };
  return nodes;
}
