/** Boxes as they are opened: each once, from what waits here or from what the log holds. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import type { Box } from "@privity/vault/box";
import { VaultError } from "@privity/vault/errors";
import * as kinds from "@privity/vault/contents/kinds";
import type { Content } from "@privity/vault/contents/kinds";
import * as object from "@privity/vault/object";

import type { Session } from "./session.ts";

/** Where a body comes from: its box's id, its own, and the version that its page gave it. */
export interface Found {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly version: number;
  readonly body: Bytes;
}

/** The newest body of a box, null when there is none or it was deleted. */
export type FindBox = (id: Bytes) => Promise<Omit<Found, "id" | "box"> | null>;

/** Whether an entry of this kind writes a box. */
export function isBox(op: Op): boolean {
  return op === Op.BOX_ACTIVE || op === Op.BOX_ARCHIVED || op === Op.DELETE_BOX;
}

export class Boxes {
  readonly #opened: Map<string, Promise<Box>>;
  readonly #find: FindBox;

  constructor(find: FindBox, opened = new Map<string, Promise<Box>>()) {
    this.#find = find;
    this.#opened = opened;
  }

  /** The same boxes where bodies were looked up before: what was opened is shared. */
  over(find: FindBox): Boxes {
    return new Boxes(find, this.#opened);
  }

  /** The box of this id. Raises VaultError `object.missing`, and those of `box.openBox`. */
  async get(id: Bytes, session: Session): Promise<Box> {
    const found = await this.#find(id);
    if (found === null) throw new VaultError("object.missing", "no box of this id");
    const key = `${toHex(id)} ${String(found.version)} ${String(object.readHeader(found.body).generation)}`;
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const { account } = session.identity;
    const opening = box.openBox(found.body, session.keys, { account, id, version: found.version });
    this.#opened.set(key, opening);
    // One that does not open is asked for again: the account key that it needs may come later.
    opening.catch(() => this.#opened.delete(key));
    return opening;
  }

  /** The content of a body. Raises VaultError `object.*`. */
  async open(found: Found, session: Session): Promise<Content> {
    const { generation } = object.readHeader(found.body);
    const key = box.keyOf(await this.get(found.box, session), generation);
    return kinds.openObject(found.body, { place: placeOf(found, session), key, generation });
  }

  /** The body of a content as `version`, under the newest key of its box. Raises VaultError `object.*`. */
  async seal(content: Content, where: Omit<Found, "body">, session: Session, nonce: Bytes): Promise<Bytes> {
    const { key, generation } = box.newest(await this.get(where.box, session));
    return kinds.seal(content, { place: placeOf(where, session), key, generation }, nonce);
  }

  /** The body of any content under the home box: for what stays on this device. Raises VaultError `object.*`. */
  async sealAtHome(content: Content, id: Bytes, session: Session, nonce: Bytes): Promise<Bytes> {
    const { account } = session.identity;
    const { key, generation } = box.newest(await this.get(account, session));
    return object.seal(kinds.encode(content), { ...atHome(id, account), kind: content.kind, key, generation }, nonce);
  }

  /** What `sealAtHome` sealed. Raises VaultError `object.*`. */
  async openAtHome(body: Bytes, id: Bytes, session: Session): Promise<Content> {
    const { account } = session.identity;
    const { generation } = object.readHeader(body);
    const key = box.keyOf(await this.get(account, session), generation);
    const opened = await object.openKinds(body, { ...atHome(id, account), kinds: ALL, key, generation });
    return kinds.decode(opened.kind, opened.content);
  }
}

const ALL: ReadonlySet<number> = new Set([...kinds.IN_CHAT, ...kinds.AT_HOME]);

/** Version 0 is that of no object in the log: neither can be taken for the other. */
function atHome(id: Bytes, account: Bytes): { readonly place: object.Place } {
  return { place: { account, box: account, object: id, version: 0 } };
}

function placeOf(where: Omit<Found, "body">, session: Session): object.Place {
  return { account: session.identity.account, box: where.box, object: where.id, version: where.version };
}
