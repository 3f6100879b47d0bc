/** Revocations leaf: what must no longer be accepted. Issued weekly, also when it is empty. Source: specs/leaves.md. */

import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";

import * as reading from "./reading.ts";

export const KIND = "revocations";
/** seconds */
export const WEEK = 7 * 86_400;
const MOST = 300;

/**
 * Everything revoked at `time` (Unix seconds), never less than before, in hexadecimal: leaf hashes of releases, SHA-256 of
 * public keys (fleet, node, issuer), SHA-256 of platform identifiers.
 */
export interface Revocations {
  readonly time: number;
  readonly releases: readonly string[];
  readonly keys: readonly string[];
  readonly platforms: readonly string[];
}

/** The revocations in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Revocations {
  const value = reading.leaf(data, KIND, ["time", "releases", "keys", "platforms"]);
  return {
    time: canonical.integer(value.time, "time"),
    releases: reading.digests(value.releases, "releases", MOST),
    keys: reading.digests(value.keys, "keys", MOST),
    platforms: reading.digests(value.platforms, "platforms", MOST),
  };
}

/** The leaf of `revocations`. Raises Malformed. */
export function encode(revocations: Revocations): Bytes {
  const ordered = (list: readonly string[]): readonly string[] => [...new Set(list)].sort();
  const data = reading.encode(KIND, {
    time: revocations.time,
    releases: ordered(revocations.releases),
    keys: ordered(revocations.keys),
    platforms: ordered(revocations.platforms),
  });
  decode(data);
  return data;
}
