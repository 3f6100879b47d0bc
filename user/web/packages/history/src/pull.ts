/**
 * Reading what others wrote: pages are judged in order, bodies are held against them, and each answer of the service is
 * stored in one batch. Source: specs/page.md.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import * as ring from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import * as page from "@privity/vault/page";

import { Bodies, isBody } from "./bodies.ts";
import { type Ground, halting, stateOf } from "./ground.ts";
import { rescued } from "./offers.ts";
import { Reader } from "./reader.ts";
import { askedAgain } from "./receipts.ts";
import type { Pages } from "./service.ts";
import { sweep, touchedBy } from "./sweeping.ts";
import type { Row, State, Waiting } from "./store.ts";

/**
 * Read to the end of the log; return the rows that changed, the newest of each id.
 *
 * `renew` asks for newer keyrings: a page may name one that was written since they were asked for. Raises VaultError `log.*`,
 * `page.malformed` (after which the device writes no more); ServiceError.
 */
export function pull(first: Ground, renew: () => Promise<Ground> = () => Promise.resolve(first)): Promise<readonly Row[]> {
  return halting(first.store, async () => {
    const changed = new Map<string, Row>();
    const swept = new Map<string, Bytes>();
    let ground = first;
    for (let done = false; !done;) {
      const { position } = await stateOf(ground.store);
      const answer = await ground.service.pages(position.n);
      if (!(await knowsKeyrings(ground, answer))) ground = await renew();
      const state = await stateOf(ground.store);
      const { reader, touched } = await read(ground, state, answer);
      for (const box of touched) swept.set(toHex(box), box);
      await askedAgain(ground, state.posting, answer.pages);
      for (const [id, row] of reader.rows) changed.set(id, row);
      done = answer.pages.length === 0 || reader.position.n >= answer.n;
      if (done) page.checkDelivery(reader.position, answer.n, answer.head);
    }
    await sweep(ground, [...swept.values()]);
    return [...changed.values()];
  });
}

/** Whether every page names a keyring that is known here; what is no page is judged later. */
async function knowsKeyrings({ session }: Ground, { pages }: Pages): Promise<boolean> {
  const known = new Set(await Promise.all(session.keyrings.map(async (one) => toHex(await ring.digest(one.public)))));
  try {
    return pages.every(({ data }) => known.has(toHex(stored.decode(data).keyring)));
  } catch (error) {
    if (error instanceof Malformed) return true;
    throw error;
  }
}

/** Take one answer over, in one batch. */
async function read(
  ground: Ground, state: State, answer: Pages,
): Promise<{ readonly reader: Reader; readonly touched: readonly Bytes[] }> {
  page.checkHead(state.position, answer.n, answer.head);
  const reader = await Reader.at(state.position, ground.session, ground.store);
  for (const signed of answer.pages) await reader.accept(signed);
  if (answer.pages.length === 0) return { reader, touched: [] };
  const bodies = await Bodies.of(ground, reader);
  for (const row of reader.rows.values()) reader.rows.set(toHex(row.id), await bodies.judged(row));
  // The bodies of what landed are among those of the rows: they were taken from what waited.
  const landed = await landedOf(ground, reader);
  const saved = await rescued(ground, await ground.store.waiting(), reader, bodies);
  await ground.store.commit({
    state: { ...state, position: reader.position, posting: unposted(state, reader) },
    chains: [...reader.chains.values()],
    rows: [...reader.rows.values()],
    pages: reader.pages,
    bodies: [
      ...[...reader.superseded.values()].map((hash) => [hash, null] as const),
      ...bodies.fresh.values(),
    ],
    waiting: [...landed.map(({ id }) => [id, null] as const), ...saved.waiting],
    offers: saved.offers,
  });
  return { reader, touched: await touchedBy(ground, reader, bodies) };
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
