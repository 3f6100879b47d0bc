/**
 * What each device shows the others, once a day and when it changes: the checkpoints that it believed of both logs, and the
 * objects that the service does not deliver to it. Source: specs/contents.md (kind 13), specs/history.md.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import type { Stamp } from "@privity/vault/clock";
import type { SeenCheckpoint, View } from "@privity/vault/contents/proof";
import { MAX_MISSING } from "@privity/vault/contents/proof";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as page from "@privity/vault/page";

import type { Ground } from "./ground.ts";
import { ServiceError } from "./service.ts";

const DAY_MS = 86_400_000;

/** What a device shows; what is absent stays as it was. */
export interface Showing {
  readonly checkpoints?: readonly SeenCheckpoint[];
  readonly missing?: readonly Bytes[];
}

/** This device's next view, null when what it showed today says the same. */
export function nextView(was: View | null, device: Bytes, showing: Showing, now: number, stamp: Stamp): View | null {
  const checkpoints = showing.checkpoints ?? was?.checkpoints.value ?? [];
  const missing = (showing.missing ?? was?.missing.value ?? []).slice(0, MAX_MISSING);
  const isOld = was === null || day(was.checkpoints.stamp.millis) !== day(now);
  if (!isOld && said(checkpoints, missing) === said(was.checkpoints.value, was.missing.value)) return null;
  return { kind: Kind.VIEW, device, checkpoints: { value: checkpoints, stamp }, missing: { value: missing, stamp } };
}

function day(millis: number): number {
  return Math.floor(millis / DAY_MS);
}

function said(checkpoints: readonly SeenCheckpoint[], missing: readonly Bytes[]): string {
  return [...checkpoints.map(([origin, note]) => `${origin} ${toHex(note)}`), ...missing.map(toHex)].join();
}

/** The ids of what the service does not deliver to this device. */
export async function missingHere({ store }: Ground): Promise<readonly Bytes[]> {
  const lost = (await store.rows()).filter(({ fault, known }) => fault !== null && !known.deleted);
  return lost.filter(({ fault }) => fault === "object.missing" || fault === "object.swapped").map(({ id }) => id);
}

/** Give the service what other devices miss and this one has; how many it took. Raises ServiceError `service.unreachable`. */
export async function giveBack(ground: Ground, ids: readonly Bytes[]): Promise<number> {
  const { store, service } = ground;
  let given = 0;
  for (const id of ids) {
    const row = await store.row(id);
    const body = row?.known.body ? await store.body(row.known.body.hash) : null;
    if (row === null || body === null) continue;
    try {
      await service.giveBack(id, await page.checkBody(row.known, body));
      given += 1;
    } catch (error) {
      // Another version by now, or what is here does not hold: another device may have better.
      const mine = error instanceof VaultError || (error instanceof ServiceError && error.status !== 0);
      if (!mine) throw error;
    }
  }
  return given;
}

/** What the others miss, by views that were not looked at yet: `looked` is moved on. */
export function wanted(views: readonly View[], own: Bytes, looked: Map<string, number>): readonly Bytes[] {
  const due = views.filter(({ device, missing }) => {
    return !equal(device, own) && (looked.get(toHex(device)) ?? -1) < missing.stamp.millis;
  });
  for (const { device, missing } of due) looked.set(toHex(device), missing.stamp.millis);
  return due.flatMap(({ missing }) => missing.value);
}
