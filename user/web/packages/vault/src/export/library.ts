/** What an archive holds, read or about to be written. Source: specs/export.md, section "Contents". */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import type { Ids } from "../box.ts";
import { NEVER, type Stamp } from "../clock.ts";
import type { Chat, Node, Part } from "../contents/chat.ts";
import type { Folder, Memory, Prompt, Settings } from "../contents/home.ts";
import { type Content, schemaOf } from "../contents/kinds.ts";
import type { Evidence, Receipt } from "../contents/proof.ts";
import { type Field, isField, Kind, type Rule } from "../contents/schema.ts";
import type { Id, Nodes } from "../tree.ts";

/** A value that nobody has written yet. */
export function unwritten<T>(value: T): Field<T> {
  return { value, stamp: NEVER };
}

/** A chat of which nothing is known. */
export const BLANK: Chat = {
  kind: Kind.CHAT, title: unwritten(""), folder: unwritten(null), pinned: unwritten(false), leaf: unwritten(null),
  model: unwritten(null), effort: unwritten(null), instructions: unwritten(""),
};

/** An attachment; its bytes stay in the archive until they are asked for by `path`. `extracted` is another one. */
export interface SavedFile {
  readonly name: string;
  readonly type: string;
  readonly extracted: Bytes | null;
  readonly path: string;
}

/** A chat: its box's id, what the chat object holds, its messages and attachments. */
export interface SavedChat {
  readonly id: Bytes;
  readonly archived: boolean;
  readonly chat: Chat;
  readonly nodes: Nodes;
  readonly files: ReadonlyMap<Id, SavedFile>;
}

/** All that a person takes away. `time` in Unix seconds. Tokens, links, views and keys stay behind. */
export interface Library {
  readonly time: number;
  readonly chats: readonly SavedChat[];
  readonly folders: ReadonlyMap<Id, Folder>;
  readonly settings: Settings | null;
  readonly memories: ReadonlyMap<Id, Memory>;
  readonly prompts: ReadonlyMap<Id, Prompt>;
  readonly receipts: ReadonlyMap<Id, Receipt>;
  readonly evidence: ReadonlyMap<Id, Evidence>;
}

/** Old ids, in hexadecimal, and the new ones. */
type Renamed = ReadonlyMap<Id, Bytes>;

/**
 * The library under ids of this account: importing it twice changes nothing, and no id tells where it was.
 *
 * Chats arrive archived. What names something that the archive does not hold names nothing.
 */
export function adopt(library: Library, ids: Ids): Library {
  const renamed = (what: string, old: Iterable<Id>): Renamed => new Map(Array.from(old, (id) => [id, ids(`${what}/${id}`)]));
  const folders = renamed("folder", library.folders.keys());
  const boxes = renamed("box", library.chats.map(({ id }) => toHex(id)));
  const nodes = renamed("node", library.chats.flatMap((one) => [...one.nodes.keys()]));
  const evidence = renamed("evidence", library.evidence.keys());
  const receipts = [...library.receipts].flatMap(([id, one]): readonly (readonly [Id, Receipt])[] => {
    const node = nodes.get(toHex(one.node));
    if (node === undefined) return [];
    return [[toHex(ids(`receipt/${id}`)), { ...one, node, evidence: pointed(one.evidence, evidence) }]];
  });
  return {
    ...library,
    chats: library.chats.map((one) => adoptChat(one, { boxes, nodes, folders }, ids)),
    folders: moved(library.folders, folders),
    memories: new Map([...library.memories].map(([id, one]) => {
      return [toHex(ids(`memory/${id}`)), { ...one, source: pointedField(one.source, boxes) }];
    })),
    prompts: moved(library.prompts, renamed("prompt", library.prompts.keys())),
    receipts: new Map(receipts),
    evidence: moved(library.evidence, evidence),
  };
}

interface Places {
  readonly boxes: Renamed;
  readonly nodes: Renamed;
  readonly folders: Renamed;
}

function adoptChat(saved: SavedChat, { boxes, nodes, folders }: Places, ids: Ids): SavedChat {
  const box = boxes.get(toHex(saved.id)) ?? saved.id;
  const files: Renamed = new Map([...saved.files.keys()].map((id) => [id, ids(`attachment/${id}`)]));
  const { chat } = saved;
  const renamed = [...saved.nodes].map(([id, one]): readonly [Id, Node] => {
    const parts = one.parts.flatMap((part) => pointedPart(part, files));
    return [toHex(nodes.get(id) ?? box), { ...one, chat: box, parent: pointed(one.parent, nodes), parts }];
  });
  return {
    id: box,
    archived: true,
    chat: { ...chat, folder: pointedField(chat.folder, folders), leaf: pointedField(chat.leaf, nodes) },
    nodes: new Map(renamed),
    files: moved(new Map([...saved.files].map(([id, one]) => [id, { ...one, extracted: pointed(one.extracted, files) }])), files),
  };
}

/** A part under its new id, none when the archive does not hold what it names. */
function pointedPart(part: Part, files: Renamed): readonly Part[] {
  if (part.type !== "attached") return [part];
  const attachment = pointed(part.attachment, files);
  return attachment === null ? [] : [{ ...part, attachment }];
}

function moved<One>(of: ReadonlyMap<Id, One>, renamed: Renamed): ReadonlyMap<Id, One> {
  return new Map([...of].map(([id, one]) => [toHex(renamed.get(id) ?? new Uint8Array(0)), one]));
}

function pointed(id: Bytes | null, known: Renamed): Bytes | null {
  return id === null ? null : known.get(toHex(id)) ?? null;
}

function pointedField(field: Field<Bytes | null>, known: Renamed): Field<Bytes | null> {
  return { ...field, value: pointed(field.value, known) };
}

/** A content of an archive with all its fields written now. */
export function stamped<One extends Content>(content: One, stamp: Stamp): One {
  const rules = Object.entries(schemaOf(content).rules) as readonly (readonly [string, Rule<unknown>])[];
  const fields = rules.filter(([, rule]) => isField(rule)).map(([name]) => {
    const { value } = content[name as keyof One] as Field<unknown>;
    return [name, { value, stamp }] as const;
  });
  return { ...content, ...Object.fromEntries(fields) };
}

/** A chat as an archive has it, from the contents of its box. A chat object that is lost is a blank one. */
export function ofBox(box: Bytes, archived: boolean, contents: ReadonlyMap<Id, Content>): SavedChat {
  const [nodes, files] = [new Map<Id, Node>(), new Map<Id, SavedFile>()];
  let chat: Chat | null = null;
  for (const [id, one] of contents) {
    if (one.kind === Kind.CHAT) chat ??= one;
    else if (one.kind === Kind.NODE) nodes.set(id, one);
    else if (one.kind === Kind.ATTACHMENT) files.set(id, { name: one.name, type: one.type, extracted: one.extracted, path: "" });
  }
  return { id: box, archived, chat: chat ?? BLANK, nodes, files };
}

/** The chat object, under `id`, and the messages; attachments are split by `attachment.split`. */
export function toBox(saved: SavedChat, id: Id, stamp: Stamp): ReadonlyMap<Id, Content> {
  return new Map<Id, Content>([[id, stamped(saved.chat, stamp)], ...saved.nodes]);
}
