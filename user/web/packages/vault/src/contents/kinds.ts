/** All kinds of contents: where each may lie, how often it is written, how it is sealed. Source: specs/contents.md. */

import { type Bytes, equal } from "@privity/protocol/bytes";
import type { CborMap, Value } from "@privity/protocol/cbor";

import { VaultError } from "../errors.ts";
import * as object from "../object.ts";
import type { Place } from "../object.ts";
import type { ChatKey } from "../secret.ts";
import { type Attachment, ATTACHMENT, type Chunk, CHUNK } from "./attachment.ts";
import { type Chat, CHAT, type Node, NODE } from "./chat.ts";
import {
  type Folder, FOLDER, type Memory, MEMORY, type Prompt, PROMPT, type Settings, SETTINGS, type Share, SHARE,
} from "./home.ts";
import { type Evidence, EVIDENCE, type Receipt, RECEIPT, type View, VIEW } from "./proof.ts";
import { Kind, type Schema } from "./schema.ts";
import { type Wallet, WALLET } from "./wallet.ts";

/** What one object holds. */
export type Content =
  | Chat | Node | Folder | Attachment | Chunk | Settings | Memory | Wallet | Receipt | Evidence | Share | Prompt | View;

/** The schema of each kind. */
export const SCHEMAS: { readonly [Of in Kind]: Schema<Extract<Content, { readonly kind: Of }>> } = {
  [Kind.CHAT]: CHAT, [Kind.NODE]: NODE, [Kind.FOLDER]: FOLDER, [Kind.ATTACHMENT]: ATTACHMENT, [Kind.CHUNK]: CHUNK,
  [Kind.SETTINGS]: SETTINGS, [Kind.MEMORY]: MEMORY, [Kind.WALLET]: WALLET, [Kind.RECEIPT]: RECEIPT,
  [Kind.EVIDENCE]: EVIDENCE, [Kind.SHARE]: SHARE, [Kind.PROMPT]: PROMPT, [Kind.VIEW]: VIEW,
};

/** Kinds in the box of their chat. */
export const IN_CHAT: ReadonlySet<Kind> = new Set([Kind.CHAT, Kind.NODE, Kind.ATTACHMENT, Kind.CHUNK, Kind.RECEIPT]);
/** Kinds in the home box. */
export const AT_HOME: ReadonlySet<Kind> = new Set(Object.values(Kind).filter((kind) => !IN_CHAT.has(kind)));
export const WRITTEN_ONCE: ReadonlySet<Kind> = new Set([
  Kind.NODE, Kind.ATTACHMENT, Kind.CHUNK, Kind.RECEIPT, Kind.EVIDENCE,
]);

/** Whether a content of this kind has one version for ever. */
export function isWrittenOnce({ kind }: Pick<Content, "kind">): boolean {
  return WRITTEN_ONCE.has(kind);
}

/** The schema of a content's kind, for code that treats all kinds alike. */
export function schemaOf<One extends Content>(content: One): Schema<One> {
  return SCHEMAS[content.kind] as unknown as Schema<One>;
}

/** The CBOR value of a content. Raises VaultError `object.malformed` for what nobody would read. */
export function encode(content: Content): CborMap {
  return schemaOf(content).write(content);
}

/** Read a content of this kind. Raises VaultError `object.malformed`, `object.wrong_kind` (no such kind). */
export function decode(kind: number, value: Value): Content {
  if (!isKind(kind)) throw new VaultError("object.wrong_kind", `kind ${String(kind)}`);
  return SCHEMAS[kind].read(value);
}

function isKind(kind: number): kind is Kind {
  return Object.hasOwn(SCHEMAS, kind);
}

/** Where a content is sealed, and under which of the box's keys. */
export interface Under {
  readonly place: Place;
  readonly key: ChatKey;
  readonly generation: number;
}

/**
 * The body of a content. `nonce` is 12 random bytes.
 *
 * Raises VaultError: `object.wrong_kind` (another box, or written twice), `object.malformed`, `object.too_large`.
 */
export async function seal(content: Content, under: Under, nonce: Bytes): Promise<Bytes> {
  checkPlace(content, under.place);
  return object.seal(encode(content), { ...under, kind: content.kind }, nonce);
}

/**
 * The content of a body, whichever kind may lie at this place.
 *
 * Raises VaultError: `object.wrong_kind` and those of `object.openBody`.
 */
export async function openObject(body: Bytes, under: Under): Promise<Content> {
  const kinds = isHome(under.place) ? AT_HOME : IN_CHAT;
  const { kind, content } = await object.openKinds(body, { ...under, kinds });
  const found = decode(kind, content);
  checkPlace(found, under.place);
  return found;
}

function isHome({ box, account }: Place): boolean {
  return equal(box, account);
}

function checkPlace(content: Content, place: Place): void {
  const kind = String(content.kind);
  if (AT_HOME.has(content.kind) !== isHome(place)) {
    throw new VaultError("object.wrong_kind", `kind ${kind} in a box where it does not belong`);
  }
  if (WRITTEN_ONCE.has(content.kind) && place.version !== 1) {
    throw new VaultError("object.wrong_kind", `kind ${kind} is written once, not in version ${String(place.version)}`);
  }
  if (content.kind === Kind.NODE && !equal(content.chat, place.box)) {
    throw new VaultError("object.malformed", "a message that names another chat");
  }
}
