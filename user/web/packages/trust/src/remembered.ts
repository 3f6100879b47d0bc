/**
 * What is remembered of a server's logs between two visits, and the evidence against one that lied.
 *
 * The caller stores both. Trusted: yes. Lost: the next heads are believed as the first ones were. Rolled back: a rollback
 * of the log by as much goes unseen. Source: specs/trust.md.
 */

import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import * as checkpoint from "@privity/tlog/checkpoint";
import { type LogReason, TlogError } from "@privity/tlog/errors";
import { MAX_NOTE } from "@privity/tlog/limits";
import * as note from "@privity/tlog/note";
import { type View } from "@privity/tlog/view";

import { TrustError } from "./errors.ts";

/** bytes */
export const MAX_REMEMBERED = 1024 * 1024;
/** Releases whose first sight is remembered; the oldest goes first. */
export const MAX_RELEASES = 256;
const MAX_VIEWS = 2;
const MAX_PLACES = 32;
const MEMBERS = ["v", "views", "places", "releases"] as const;

/**
 * The largest head believed of each log by origin, the newest place of each kind of leaf, and when each release (leaf hash
 * in hexadecimal) was first seen (Unix seconds; 0 for those of the first contact).
 */
export interface Remembered {
  readonly views: ReadonlyMap<string, View>;
  readonly places: ReadonlyMap<string, number>;
  readonly releases: ReadonlyMap<string, number>;
}

/** What a client remembers that has never met the server. */
export const NOTHING: Remembered = { views: new Map(), places: new Map(), releases: new Map() };

/** The document of what is remembered. */
export function encode(known: Remembered): Bytes {
  const newest = [...known.releases].sort(([, left], [, right]) => left - right).slice(-MAX_RELEASES);
  const views = [...known.views].map(([origin, view]) => [origin, canonical.base64urlEncode(view.note)]);
  return canonical.encode({
    v: 1,
    views: Object.fromEntries(views) as JsonObject,
    places: Object.fromEntries(known.places),
    releases: Object.fromEntries(newest),
  });
}

/** What was remembered. Raises TrustError `memory_unusable`. */
export function decode(data: Uint8Array): Remembered {
  try {
    const value = canonical.members(canonical.decode(data, MAX_REMEMBERED), MEMBERS, "remembered");
    canonical.integer(value.v, "v", 1, 1);
    const views = new Map(named(value.views, MAX_VIEWS).map(([origin, one]) => [origin, viewOf(one)]));
    if ([...views].some(([origin, view]) => view.head.origin !== origin)) throw new Malformed("member_value", "views");
    return { views, places: numbers(value.places, MAX_PLACES), releases: numbers(value.releases, MAX_RELEASES) };
  } catch (error) {
    if (error instanceof Malformed || error instanceof TlogError) throw new TrustError("memory_unusable", error.message);
    throw error;
  }
}

function named(value: Json, most: number): readonly (readonly [string, Json])[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Malformed("member_type", "a map");
  const found = Object.entries(value as JsonObject);
  if (found.length > most) throw new Malformed("member_type", "a map");
  return found;
}

function numbers(value: Json, most: number): ReadonlyMap<string, number> {
  return new Map(named(value, most).map(([name, one]) => [name, canonical.integer(one, name)]));
}

function viewOf(value: Json): View {
  const data = canonical.base64urlDecode(canonical.text(value, "view", 2 * MAX_NOTE));
  if (data === null) throw new Malformed("member_value", "view");
  return { head: checkpoint.decode(note.decode(data).text), note: data };
}

/**
 * Signed notes of one log that contradict each other, met at `time` (Unix seconds): together they convict it.
 *
 * `view_conflict`: what this client holds, of the server `origin`, beside the document of a node that saw another history.
 */
export interface Evidence {
  readonly reason: LogReason | "view_conflict";
  readonly origin: string;
  readonly time: number;
  readonly notes: readonly Bytes[];
  readonly node?: Uint8Array;
}

/** The document of a piece of evidence, to be kept and shown to others. */
export function encodeEvidence({ reason, origin, time, notes, node }: Evidence): Bytes {
  const said = { v: 1, reason, origin, time, notes: notes.map((one) => canonical.base64urlEncode(one)) };
  return canonical.encode(node === undefined ? said : { ...said, node: canonical.base64urlEncode(node) });
}
