/** Boxes as they are written again: under the newest account key, active or archived, behind what other devices wrote. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import { VaultError } from "@privity/vault/errors";
import * as object from "@privity/vault/object";
import { Secret } from "@privity/vault/secret";

import { Boxes, type Found, isBox } from "./boxes.ts";
import { findBody, type Ground } from "./ground.ts";
import { newestKey } from "./session.ts";
import type { Row, Waiting } from "./store.ts";

const NONCE = 12;

/** The same keys as the box's next version. Raises VaultError `object.*`. */
export async function wrapped(
  { session, world }: Ground, id: Bytes, found: Pick<Found, "version" | "body">, version: number,
): Promise<Bytes> {
  const { account } = session.identity;
  const { epoch, key } = newestKey(session);
  const opened = await box.openRaw(found.body, session.keys, { account, id, version: found.version });
  return box.seal(opened, key, { account, version, epoch, nonce: world.random(NONCE) });
}

/** What `rewrapped` found: each box's epoch, null where its body is lost, and boxes to write again with one more chat key. */
interface Rewrapped {
  readonly epochs: ReadonlyMap<string, number | null>;
  readonly again: readonly Omit<Waiting, "order">[];
}

/** Boxes that an earlier account key than the newest wraps, wrapped again. Raises VaultError `object.*`. */
export async function rewrapped({ session, store, world }: Ground): Promise<Rewrapped> {
  const { epoch, key } = newestKey(session);
  const { account } = session.identity;
  const epochs = new Map<string, number | null>();
  const again: Omit<Waiting, "order">[] = [];
  for (const row of (await store.rows()).filter((one) => isBox(one.op) && !one.known.deleted)) {
    const found = await findBody(store, row.id);
    const by = found === null || row.fault !== null ? null : object.readHeader(found.body).generation;
    epochs.set(toHex(row.id), by);
    if (found === null || by === null || by >= epoch || (await store.waitingFor(row.id)) !== null) continue;
    const opened = await box.openRaw(found.body, session.keys, { account, id: row.id, version: found.version });
    const next = box.withNextKey(opened, Secret.take("chat key", world.random(32)));
    const version = found.version + 1;
    const body = await box.seal(next, key, { account, version, epoch, nonce: world.random(NONCE) });
    again.push({ id: row.id, op: row.op, box: row.id, kind: 0, version, body, base: found.body });
  }
  return { epochs, again };
}

/**
 * A box that waits, behind one that others wrote meanwhile: their keys stand, and what waits in it is sealed under them.
 *
 * Returns what to store: the box again where only this device made it active or archived, else null for it.
 */
export async function ontoKeys(
  ground: Ground, waiting: Waiting, row: Row, version: number,
): Promise<readonly (readonly [Bytes, Waiting | null])[]> {
  const there = row.known.body === null ? null : await ground.store.body(row.known.body.hash);
  if (there === null || row.fault !== null) return [[waiting.id, null]];
  const found = { version: row.known.version, body: there };
  const changes: (readonly [Bytes, Waiting | null])[] = await underTheirs(ground, waiting, found);
  if (row.op === waiting.op || waiting.op === Op.DELETE_BOX) return [...changes, [waiting.id, null]];
  const body = await wrapped(ground, waiting.id, found, version);
  return [...changes, [waiting.id, { ...waiting, version, body, base: there }]];
}

/** What waits in the box, if it was sealed under keys that only this device had. */
async function underTheirs(
  { store, session, world }: Ground, { id, version, body }: Waiting, theirs: Pick<Found, "version" | "body">,
): Promise<(readonly [Bytes, Waiting | null])[]> {
  if (body === null) return [];
  const [mine, next] = [new Boxes(() => Promise.resolve({ version, body })), new Boxes(() => Promise.resolve(theirs))];
  const changes: (readonly [Bytes, Waiting])[] = [];
  for (const one of (await store.waiting()).filter((other) => other.op === Op.PUT && equal(other.box, id))) {
    if (one.body === null) continue;
    const found = { ...one, body: one.body };
    try {
      const content = await mine.open(found, session);
      changes.push([one.id, { ...one, body: await next.seal(content, found, session, world.random(NONCE)) }]);
    } catch (error) {
      // Sealed under keys that both have not: it is left as it is.
      if (!(error instanceof VaultError)) throw error;
    }
  }
  return changes;
}
