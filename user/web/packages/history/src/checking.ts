/**
 * This device's copy from the first page on, judged anew; and what could not be read asked for once more.
 *
 * Source: specs/page.md. Nothing is changed by checking.
 */

import { equal, fromHex, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import { VaultError } from "@privity/vault/errors";
import * as page from "@privity/vault/page";

import { Bodies } from "./bodies.ts";
import { Boxes, isBox } from "./boxes.ts";
import { type Ground, loggedBody, stateOf } from "./ground.ts";
import { Reader } from "./reader.ts";
import type { Row } from "./store.ts";

/** What was verified: pages, devices that signed them, objects whose bodies hold, and how many do not, by reason. */
export interface Report {
  readonly pages: number;
  readonly fingerprint: string;
  readonly revisions: number;
  readonly devices: number;
  readonly objects: number;
  readonly troubled: ReadonlyMap<string, number>;
}

/**
 * Verify every page and body that is here. `progress` hears the number of each page.
 *
 * Raises VaultError `log.omitted` (pages that are not here, `compare` asks the service for them), `log.*`, `page.malformed`.
 */
export async function verify(ground: Ground, progress: (page: number) => void = () => undefined): Promise<Report> {
  const { session, store } = ground;
  const { position } = await stateOf(store);
  const log = new page.Memory(await page.start(session.identity.account), session.trusted);
  for (const one of session.keyrings) log.keyrings.set(toHex(await ring.digest(one.public)), ring.decode(one.public));
  for (const [n, signed] of await store.pages(1)) {
    log.apply(await page.accept(log.view(), signed));
    progress(n);
  }
  if (log.position.n < position.n) throw new VaultError("log.omitted", `pages after ${String(log.position.n)} are not here`);
  if (!equal(log.position.head, position.head)) throw new VaultError("log.forked", "not the page that this device remembers");
  const troubled = new Map<string, number>();
  let objects = 0;
  const boxes = new Boxes((id) => loggedBody(store, id));
  for (const [id, known] of log.objects) {
    if (known.deleted) continue;
    const reason = await troubleOf(ground, boxes, id, known);
    if (reason === null) objects += 1;
    else troubled.set(reason, (troubled.get(reason) ?? 0) + 1);
  }
  const fingerprint = page.fingerprint(log.position);
  return { pages: log.position.n, fingerprint, revisions: session.keyrings.length, devices: log.chains.size, objects, troubled };
}

async function troubleOf({ store, session }: Ground, boxes: Boxes, id: string, known: page.Known): Promise<string | null> {
  const row = await store.row(fromHex(id) ?? new Uint8Array(0));
  if (row?.known.version !== known.version) return "log.version";
  if (!isBox(row.op) && (await store.row(row.box))?.known.deleted === true) return null;
  try {
    const body = await page.checkBody(known, known.body === null ? null : await store.body(known.body.hash));
    const found = { id: row.id, box: row.box, version: known.version, body };
    await (isBox(row.op) ? boxes.get(row.id, session) : boxes.open(found, session));
    return null;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return error.reason;
  }
}

/** Ask for what could not be read once more; how many objects are whole now. Raises ServiceError. */
export async function again(ground: Ground): Promise<number> {
  const { session, store } = ground;
  const lost = (await store.rows()).filter((one) => one.fault !== null && !one.known.deleted);
  const reader = await Reader.at((await stateOf(store)).position, session, store);
  for (const row of lost) reader.rows.set(toHex(row.id), { ...row, fault: null });
  const bodies = await Bodies.of(ground, reader);
  const judged: Row[] = [];
  for (const row of reader.rows.values()) judged.push(await bodies.judged(row));
  await store.commit({ rows: judged, bodies: [...bodies.fresh.values()] });
  return judged.filter((one) => one.fault === null).length;
}
