/** The bodies that rows of the log name: those that were here, and those that the service gave, each held against its page. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as page from "@privity/vault/page";

import { Boxes, isBox } from "./boxes.ts";
import { findBody, type Ground, loggedBody } from "./ground.ts";
import type { Reader } from "./reader.ts";
import type { Row } from "./store.ts";

/** Kind of a box's row. */
export const BOX_KIND = 0;

/** Whether a row names exactly these bytes. */
export async function isBody({ known }: Row, body: Bytes): Promise<boolean> {
  if (known.body?.size !== body.length) return false;
  return equal(known.body.hash, new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
}

/** The bodies of what a reader read. */
export class Bodies {
  readonly fresh: ReadonlyMap<string, readonly [hash: Bytes, body: Bytes]>;
  /** By message, the one that it follows, of those that were judged. */
  readonly parents = new Map<string, Bytes>();
  readonly #faults: ReadonlyMap<string, VaultError>;
  readonly #ground: Ground;
  readonly #boxes: Boxes;

  private constructor(ground: Ground, reader: Reader, fresh: Bodies["fresh"], faults: ReadonlyMap<string, VaultError>) {
    this.#ground = ground;
    this.fresh = fresh;
    this.#faults = faults;
    this.#boxes = new Boxes(async (id) => {
      const known = reader.rows.get(toHex(id))?.known;
      if (known === undefined) return (await findBody(ground.store, id)) ?? loggedBody(ground.store, id);
      const body = known.body === null ? null : await this.body(known.body.hash);
      return body === null ? null : { version: known.version, body };
    });
  }

  static async of(ground: Ground, reader: Reader): Promise<Bodies> {
    const open = [...reader.rows.values()];
    const own = new Map((await ground.store.waiting()).map((one) => [toHex(one.id), one.body]));
    const needed: Row[] = [];
    const fresh = new Map<string, readonly [Bytes, Bytes]>();
    for (const row of open) {
      const { body } = row.known;
      if (body === null || (await ground.store.body(body.hash)) !== null) continue;
      const waiting = own.get(toHex(row.id)) ?? null;
      if (waiting !== null && (await isBody(row, waiting))) fresh.set(toHex(body.hash), [body.hash, waiting]);
      else needed.push(row);
    }
    const faults = new Map<string, VaultError>();
    const given = await ground.service.bodies(needed.flatMap(({ known }) => (known.body === null ? [] : [known.body.hash])));
    for (const [at, { known }] of needed.entries()) {
      if (known.body === null) continue;
      try {
        fresh.set(toHex(known.body.hash), [known.body.hash, await page.checkBody(known, given[at] ?? null)]);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        faults.set(toHex(known.body.hash), error);
      }
    }
    return new Bodies(ground, reader, fresh, faults);
  }

  /** The row with its kind, or with the reason why its body cannot be shown: that item alone is lost. */
  async judged(row: Row): Promise<Row> {
    const { known, id, box } = row;
    if (known.body === null) return row;
    const fault = this.#faults.get(toHex(known.body.hash));
    if (fault !== undefined) return { ...row, fault: fault.reason };
    try {
      if (isBox(row.op)) {
        await this.#boxes.get(id, this.#ground.session);
        return { ...row, kind: BOX_KIND };
      }
      const body = await this.body(known.body.hash);
      if (body === null) return { ...row, fault: "object.missing" };
      const content = await this.#boxes.open({ id, box, version: known.version, body }, this.#ground.session);
      if (content.kind === Kind.NODE && content.parent !== null) this.parents.set(toHex(id), content.parent);
      return { ...row, kind: content.kind };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return { ...row, fault: error.reason };
    }
  }

  /** What a row holds, null when it does not open. */
  async content({ id, box, known }: Row): Promise<Content | null> {
    const body = known.body === null ? null : await this.body(known.body.hash);
    if (body === null) return null;
    try {
      return await this.#boxes.open({ id, box, version: known.version, body }, this.#ground.session);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return null;
    }
  }

  /** The bytes of a body that holds, null when it is not here. */
  async body(hash: Bytes): Promise<Bytes | null> {
    return this.fresh.get(toHex(hash))?.[1] ?? this.#ground.store.body(hash);
  }
}
