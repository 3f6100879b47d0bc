/**
 * Evidence of a node as it was judged, in one file: with the bulletin and the paths, so that it can be judged again.
 *
 * Trusted: no. Whoever has the file judges it under a pin of their own. Source: specs/trust.md, "Saved evidence".
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import { MAX_BUNDLE } from "@privity/protocol/limits";
import { MAX_BULLETIN } from "@privity/tlog/limits";

/** Bytes of a file: both parts grow by a third in base64url. */
export const MAX_SAVED = 2 * (MAX_BUNDLE + MAX_BULLETIN);
export const MAX_PATHS = 8;
export const MAX_HASHES = 64;
export const MAX_ORIGIN = 512;
export const KIND = "privity saved evidence";
const MEMBERS = ["v", "kind", "server", "time", "bundle", "bulletin", "paths"] as const;

/** What was fetched of `server` and judged at `time` (Unix seconds); none of it is believed. */
export interface SavedEvidence {
  readonly server: string;
  readonly time: number;
  readonly bundle: Bytes;
  readonly bulletin: Bytes;
  /** Consistency paths of the release log, by the size of the older head. */
  readonly paths: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** The file. */
export function encode({ server, time, bundle, bulletin, paths }: SavedEvidence): Bytes {
  const rising = [...paths].sort(([one], [other]) => one - other);
  return canonical.encode({
    v: 1, kind: KIND, server, time, bundle: canonical.base64urlEncode(bundle), bulletin: canonical.base64urlEncode(bulletin),
    paths: rising.map(([size, hashes]) => ({ size, hashes: hashes.map(toHex) })),
  });
}

/** What a file holds. Raises Malformed. */
export function decode(data: Uint8Array): SavedEvidence {
  const value = canonical.members(canonical.decode(data, MAX_SAVED), MEMBERS, "saved evidence");
  canonical.integer(value.v, "v", 1, 1);
  if (value.kind !== KIND) throw new Malformed("member_value", "kind");
  return {
    server: canonical.text(value.server, "server", MAX_ORIGIN),
    time: canonical.integer(value.time, "time"),
    bundle: octets(value.bundle, "bundle", MAX_BUNDLE),
    bulletin: octets(value.bulletin, "bulletin", MAX_BULLETIN),
    paths: pathsOf(value.paths),
  };
}

function octets(value: Json, what: string, most: number): Bytes {
  const data = canonical.base64urlDecode(canonical.text(value, what, Math.floor(4 * most / 3) + 4, /^[A-Za-z0-9_-]+$/));
  if (data === null || data.length > most) throw new Malformed("member_value", what);
  return data;
}

function pathsOf(value: Json): ReadonlyMap<number, readonly Bytes[]> {
  const rows = canonical.entries(value, "paths", 0, MAX_PATHS).map((row): readonly [number, readonly Bytes[]] => {
    const { size, hashes } = canonical.members(row, ["size", "hashes"], "path");
    const found = canonical.entries(hashes, "hashes", 0, MAX_HASHES).map((one) => canonical.fromHex(one, "hash", 32));
    return [canonical.integer(size, "size", 1), found];
  });
  if (rows.some(([size], at) => at > 0 && size <= (rows[at - 1]?.[0] ?? 0))) {
    throw new Malformed("member_value", "paths: sizes do not rise");
  }
  return new Map(rows);
}

/** SHA-256 (hexadecimal) of the node document in a bundle, null where there is none. */
export function documentDigest(bundle: Uint8Array): string | null {
  try {
    const document = evidence.decode(bundle).items.get("node-document");
    return document === undefined ? null : toHex(sha256(document.data));
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
