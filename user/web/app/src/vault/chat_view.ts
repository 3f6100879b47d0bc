/** A chat as the page shows it: the rows of the list, and the branch of the open one. */

import { toHex } from "@privity/protocol/bytes";
import { type Node, Role } from "@privity/vault/contents/chat";
import type { Folder } from "@privity/vault/contents/home";
import * as tree from "@privity/vault/tree";

import type { ChatRow, ChatView, FolderRow, MessageView } from "../bridge/views.ts";
import type { Listed, Opened } from "./book.ts";
import { leafIdOf } from "./conversation.ts";
import type { Id } from "./ids.ts";
import { filesOf, memoriesOf, reasoningOf, stateOf, textOf } from "./message.ts";

type Folders = ReadonlyMap<Id, Folder>;

/** A chat's row. A folder that is gone is none. */
export function rowOf({ id, content, archived, time, faults }: Listed, temporary: boolean, folders: Folders): ChatRow {
  return {
    id, title: content.title.value, folder: folderOf(content.folder.value, folders), pinned: content.pinned.value,
    archived, temporary, time, faults,
  };
}

export function folderRow(id: Id, { name, instructions, order, colour }: Folder): FolderRow {
  return { id, name: name.value, instructions: instructions.value, order: order.value, colour: colour.value };
}

export function viewOf(opened: Opened, temporary: boolean, folders: Folders): ChatView {
  const { id, content, archived, nodes, faults } = opened;
  const grown = tree.build(nodes);
  const branch = tree.shown(grown, leafIdOf(opened));
  const time = Math.max(0, ...Array.from(nodes.values(), (one) => one.time));
  const folder = folderOf(content.folder.value, folders);
  const named = folder === null ? undefined : folders.get(folder);
  const views = (ids: readonly Id[]): readonly MessageView[] => ids.flatMap((one) => {
    const node = nodes.get(one);
    return node === undefined ? [] : [messageView(opened, one, node, tree.siblings(grown, one))];
  });
  const beside = views(besides(grown, branch.at(-1)));
  return {
    row: rowOf({ id, content, archived, time, faults }, temporary, folders),
    model: content.model.value, effort: content.effort.value, instructions: content.instructions.value,
    folder: folder === null || named === undefined ? null : folderRow(folder, named),
    messages: views(branch),
    ...(beside.length > 0 && { beside }),
  };
}

/** Answers that may be shown beside the one at the end of a branch. */
const MOST_BESIDE = 4;

function besides(grown: tree.Tree, last: Id | undefined): readonly Id[] {
  if (last === undefined || grown.nodes.get(last)?.role !== Role.ASSISTANT) return [];
  return tree.siblings(grown, last).filter((one) => one !== last).slice(-MOST_BESIDE);
}

function messageView({ files, proofs, coming }: Opened, id: Id, node: Node, siblings: readonly Id[]): MessageView {
  const [shown, memories] = [proofs.get(id), memoriesOf(node)];
  return {
    id, parent: node.parent === null ? null : toHex(node.parent),
    role: node.role === Role.USER ? "user" : "assistant",
    text: textOf(node), reasoning: reasoningOf(node),
    attachments: filesOf(node).flatMap((file) => {
      const facts = files.get(toHex(file));
      return facts === undefined ? [] : [{ id: toHex(file), ...facts }];
    }),
    state: coming.has(id) ? "streaming" : stateOf(node),
    time: node.time, siblings, model: node.model === null ? null : toHex(node.model), usage: node.usage,
    proof: shown?.proof ?? "none", evidence: shown?.id ?? null,
    ...(memories.length > 0 && { memories }),
  };
}

function folderOf(folder: Uint8Array | null, folders: Folders): Id | null {
  const id = folder === null ? null : toHex(folder);
  return id !== null && folders.has(id) ? id : null;
}
