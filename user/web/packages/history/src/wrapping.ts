/** Boxes as they are written again: under the newest account key, active or archived, behind what other devices wrote. */

import { type Bytes, equal } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import { VaultError } from "@privity/vault/errors";

import { Boxes, type Found } from "./boxes.ts";
import type { Ground } from "./ground.ts";
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
