/**
 * A hybrid logical clock: which of two writings of a field is the later one. Source: specs/merge.md, section "Clock".
 *
 * A stamp that a person saw is always followed by a later one, whatever the clock on the wall says. A stamp from the far
 * future moves nobody's clock.
 */

import type { Bytes } from "@privity/protocol/bytes";
import { compare as compareBytes, U32 } from "@privity/protocol/stored/members";

/** Largest time in Unix milliseconds: the year 10889. */
export const MAX_MILLIS = 2 ** 48 - 1;
/** How far ahead of this device's clock another one is believed: an hour. */
export const MAX_DRIFT_MS = 3_600_000;

/** When and by which device (16 bytes) a field was written; the higher triple is the later one. */
export interface Stamp {
  readonly millis: number;
  readonly counter: number;
  readonly device: Bytes;
}

/** The stamp of a field that nobody has written: it loses against every other. */
export const NEVER: Stamp = { millis: 0, counter: 0, device: new Uint8Array(16) };

/** One device's clock: the newest moment that it gave out or believed. Stored with what it stamped. */
export interface Clock {
  readonly device: Bytes;
  readonly millis: number;
  readonly counter: number;
}

/** The clock of a device that stamped nothing yet. */
export function start(device: Bytes): Clock {
  return { device, millis: 0, counter: 0 };
}

/** Below, at or above zero as `one` is earlier than, equal to or later than `other`. */
export function compare(one: Stamp, other: Stamp): number {
  return compareMoments(one, other) || compareBytes(one.device, other.device);
}

/**
 * The clock after one more event at `now` (Unix milliseconds), and the event's stamp.
 *
 * Stamps of one clock rise even when `now` falls.
 */
export function tick(clock: Clock, now: number): { readonly clock: Clock; readonly stamp: Stamp } {
  const wall = { millis: Math.min(Math.max(now, 0), MAX_MILLIS), counter: 0 };
  const moment = compareMoments(wall, clock) > 0 ? wall : after(clock);
  const stamp = { ...moment, device: clock.device };
  return { clock: stamp, stamp };
}

/**
 * The clock after it saw another device's stamp: what it gives out from now on is later.
 *
 * A stamp that is too far ahead of `now` is not followed.
 */
export function observe(clock: Clock, stamp: Stamp, now: number): Clock {
  if (isAhead(stamp, now) || compareMoments(stamp, clock) <= 0) return clock;
  return { device: clock.device, millis: stamp.millis, counter: stamp.counter };
}

/** Whether a stamp is more than MAX_DRIFT_MS ahead of this device's clock, so that it tells nothing. */
export function isAhead(stamp: Stamp, now: number): boolean {
  return stamp.millis > now + MAX_DRIFT_MS;
}

interface Moment {
  readonly millis: number;
  readonly counter: number;
}

function compareMoments(one: Moment, other: Moment): number {
  return one.millis - other.millis || one.counter - other.counter;
}

/** The next moment. At the end of time it stands still: MAX_DRIFT_MS keeps honest clocks far away from it. */
function after({ millis, counter }: Moment): Moment {
  if (counter < U32) return { millis, counter: counter + 1 };
  return millis < MAX_MILLIS ? { millis: millis + 1, counter: 0 } : { millis, counter };
}
