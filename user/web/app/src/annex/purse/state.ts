/**
 * What a device keeps of its purse between two looks, sealed. Trusted: for nothing but privacy. Altered: it does not open, and
 * counts as lost. Lost: what was being drawn is lost for the day. Rolled back: the same request goes out again.
 */

import type { IssuerKey, Issuers } from "@privity/tlog/leaves/issuers";
import { fromHex, toHex } from "@privity/protocol/bytes";

import type { Meter } from "../../bridge/tokens.ts";

/** A draw that is under way: the same seed makes the same request and opens the same answer. Hexadecimal. */
export interface Draw {
  readonly plan: string;
  readonly day: string;
  readonly issuer: string;
  readonly seed: string;
  readonly key: string;
  /** Under which the wallet will be written. */
  readonly id: string;
  readonly count: number;
}

/** Claims of a wallet as they were accepted; `of` is the digest of what never changes. */
export interface Accepted {
  readonly of: string;
  readonly claims: readonly (readonly [block: number, device: string])[];
}

export interface State {
  /** The newest list of keys that was believed. */
  readonly issuers: Issuers | null;
  readonly draw: Draw | null;
  readonly accepted: Readonly<Record<string, Accepted>>;
  /** Unix milliseconds at which something is due, by name. */
  readonly due: Readonly<Record<string, number>>;
  /** Unix milliseconds until which a plan and day is not drawn again. */
  readonly none: Readonly<Record<string, number>>;
}

const NOTHING: State = { issuers: null, draw: null, accepted: {}, due: {}, none: {} };
const VERSION = 1;

/** Read what `written` wrote; anything else is nothing. */
export function read(text: string): State {
  if (text === "") return NOTHING;
  try {
    const { v, state } = JSON.parse(text) as { readonly v: number; readonly state: Kept };
    return v === VERSION ? { ...state, issuers: state.issuers === null ? null : issuersOf(state.issuers) } : NOTHING;
  } catch {
    return NOTHING;
  }
}

export function written(state: State): string {
  const issuers = state.issuers === null ? null : spelledIssuers(state.issuers);
  return JSON.stringify({ v: VERSION, state: { ...state, issuers } });
}

/** A list of keys in JSON: their bytes in hexadecimal. */
export function spelledIssuers(issuers: Issuers): Spelled {
  return { ...issuers, keys: issuers.keys.map((one) => ({ ...one, spki: toHex(one.spki) })) };
}

/** What the page was told by the channel worker. */
export function meterOf(text: string): Meter {
  const meter = JSON.parse(text) as Omit<Meter, "issuers"> & { readonly issuers: Spelled };
  return { ...meter, issuers: issuersOf(meter.issuers) };
}

interface Spelled extends Omit<Issuers, "keys"> {
  readonly keys: readonly (Omit<IssuerKey, "spki"> & { readonly spki: string })[];
}
type Kept = Omit<State, "issuers"> & { readonly issuers: Spelled | null };

function issuersOf({ deploy, time, keys }: Spelled): Issuers {
  return { deploy, time, keys: keys.map((one) => ({ ...one, spki: fromHex(one.spki) ?? new Uint8Array(0) })) };
}
