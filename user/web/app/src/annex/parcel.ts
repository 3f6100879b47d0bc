/** Libraries in messages between vault worker and annex: contents as they are sealed elsewhere, strictly read. */

import type { Bytes } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { type Content, decode, encode } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { reading, VaultError } from "@privity/vault/errors";
import type { Library, SavedChat } from "@privity/vault/export/library";

import { PARCEL } from "../bridge/annex.ts";
import { fits, type ValueOf } from "../bridge/shapes.ts";

export type Parcel = ValueOf<typeof PARCEL>;
type Of<One extends Kind> = Extract<Content, { readonly kind: One }>;

const ID = /^[0-9a-f]{32}$/;

/** The library as a message. Raises VaultError `object.malformed` for a content that nobody would read. */
export function parcelOf(library: Library): Parcel {
  const { time, chats, folders, settings, memories, prompts, receipts, evidence } = library;
  const home = [...folders, ...memories, ...prompts, ...receipts, ...evidence];
  return {
    time,
    chats: chats.map(({ id, archived, chat, nodes, files }) => ({
      id, archived, chat: written(chat),
      nodes: Array.from(nodes, ([node, content]) => ({ id: node, content: written(content) })),
      files: Array.from(files, ([file, { name, type, extracted, path }]) => ({ id: file, name, type, extracted, path })),
    })),
    home: [...home, ...(settings === null ? [] : [["0".repeat(32), settings] as const])].map(([id, content]) => {
      return { id, kind: content.kind, content: written(content) };
    }),
  };
}

/** The library of a message. Raises VaultError `export.malformed`, `object.malformed`. */
export function libraryOf(parcel: unknown): Library {
  if (!fits(parcel, PARCEL)) throw new VaultError("export.malformed", "no library");
  const { time, chats, home } = parcel as Parcel;
  const of = <One extends Kind>(kind: One): ReadonlyMap<string, Of<One>> => new Map(home.flatMap((row) => {
    return row.kind === kind ? [[idOf(row.id), read(kind, row.content)] as const] : [];
  }));
  return {
    time, chats: chats.map(chatOf), folders: of(Kind.FOLDER), settings: of(Kind.SETTINGS).values().next().value ?? null,
    memories: of(Kind.MEMORY), prompts: of(Kind.PROMPT), receipts: of(Kind.RECEIPT), evidence: of(Kind.EVIDENCE),
  };
}

function chatOf({ id, archived, chat, nodes, files }: Parcel["chats"][number]): SavedChat {
  if (id.length !== 16) throw new VaultError("export.malformed", "not an id");
  return {
    id, archived, chat: read(Kind.CHAT, chat),
    nodes: new Map(nodes.map((row) => [idOf(row.id), read(Kind.NODE, row.content)])),
    files: new Map(files.map(({ id: file, ...rest }) => [idOf(file), rest])),
  };
}

function idOf(id: string): string {
  if (!ID.test(id)) throw new VaultError("export.malformed", "not an id");
  return id;
}

function written(content: Content): Bytes {
  return cbor.encode(encode(content));
}

function read<One extends Kind>(kind: One, content: Bytes): Of<One> {
  return reading("export.malformed", () => decode(kind, cbor.decode(content))) as Of<One>;
}
