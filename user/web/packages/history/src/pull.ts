/**
 * Reading what others wrote: pages are judged in order, bodies are held against them, and each answer of the service is
 * stored in one batch. Source: specs/page.md.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { VaultError } from "@privity/vault/errors";
import * as page from "@privity/vault/page";

import { Boxes, isBox } from "./boxes.ts";
import { findBody, type Ground, halting, stateOf } from "./ground.ts";
import { Reader } from "./reader.ts";
import type { Pages } from "./service.ts";
import type { Row, State, Waiting } from "./store.ts";

/** Kind of a box's row. */
export const BOX_KIND = 0;

/**
 * Read to the end of the log; return the rows that changed, the newest of each id.
 *
 * Raises VaultError `log.*`, `page.malformed` (after which the device writes no more); ServiceError.
 */
export function pull(ground: Ground): Promise<readonly Row[]> {
  return halting(ground.store, async () => {
    const changed = new Map<string, Row>();
    for (let done = false; !done;) {
      const state = await stateOf(ground.store);
      const answer = await ground.service.pages(state.position.n);
      const reader = await read(ground, state, answer);
      for (const [id, row] of reader.rows) changed.set(id, row);
      done = answer.pages.length === 0 || reader.position.n >= answer.n;
      if (done) page.checkDelivery(reader.position, answer.n, answer.head);
    }
    return [...changed.values()];
  });
}

/** Take one answer over, in one batch. */
async function read(ground: Ground, state: State, answer: Pages): Promise<Reader> {
  page.checkHead(state.position, answer.n, answer.head);
  const reader = await Reader.at(state.position, ground.session, ground.store);
  for (const signed of answer.pages) await reader.accept(signed);
  if (answer.pages.length === 0) return reader;
  const bodies = await Bodies.of(ground, reader);
  for (const row of reader.rows.values()) reader.rows.set(toHex(row.id), await bodies.judged(row));
  // The bodies of what landed are among those of the rows: they were taken from what waited.
  const landed = await landedOf(ground, reader);
  await ground.store.commit({
    state: { ...state, position: reader.position, posting: unposted(state, reader) },
    chains: [...reader.chains.values()],
    rows: [...reader.rows.values()],
    bodies: [
      ...[...reader.superseded.values()].map((hash) => [hash, null] as const),
      ...bodies.fresh.values(),
    ],
    waiting: landed.map(({ id }) => [id, null]),
  });
  return reader;
}

/** A page of this device that was posted is in what was read, or its place is taken: nothing is left to post. */
function unposted(state: State, reader: Reader): State["posting"] {
  return reader.position.n > state.position.n ? null : state.posting;
}

/** Changes that waited here and stand in the log now: an answer was lost on its way. */
async function landedOf(ground: Ground, reader: Reader): Promise<readonly (Waiting & { readonly row: Row })[]> {
  const waiting = await ground.store.waiting();
  const rows = waiting.map((one) => ({ ...one, row: reader.rows.get(toHex(one.id)) }));
  const matched = await Promise.all(rows.map(async (one) => {
    if (one.row === undefined) return [];
    const same = one.body === null ? one.row.known.deleted : await isBody(one.row, one.body);
    return same ? [{ ...one, row: one.row }] : [];
  }));
  return matched.flat();
}

async function isBody({ known }: Row, body: Bytes): Promise<boolean> {
  if (known.body?.size !== body.length) return false;
  return equal(known.body.hash, new Uint8Array(await crypto.subtle.digest("SHA-256", body)));
}

/** The bodies that an answer's rows name: those that were here, and those that the service gave. */
class Bodies {
  readonly fresh: ReadonlyMap<string, readonly [hash: Bytes, body: Bytes]>;
  readonly #faults: ReadonlyMap<string, VaultError>;
  readonly #ground: Ground;
  readonly #boxes: Boxes;

  private constructor(ground: Ground, reader: Reader, fresh: Bodies["fresh"], faults: ReadonlyMap<string, VaultError>) {
    this.#ground = ground;
    this.fresh = fresh;
    this.#faults = faults;
    this.#boxes = new Boxes(async (id) => {
      const known = reader.rows.get(toHex(id))?.known;
      if (known === undefined) return findBody(ground.store, id);
      const body = known.body === null ? null : await this.#body(known.body.hash);
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
      const body = await this.#body(known.body.hash);
      if (body === null) return { ...row, fault: "object.missing" };
      const content = await this.#boxes.open({ id, box, version: known.version, body }, this.#ground.session);
      return { ...row, kind: content.kind };
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      return { ...row, fault: error.reason };
    }
  }

  async #body(hash: Bytes): Promise<Bytes | null> {
    return this.fresh.get(toHex(hash))?.[1] ?? this.#ground.store.body(hash);
  }
}
