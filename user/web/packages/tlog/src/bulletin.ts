/**
 * What an operator posts for everybody: the newest leaves of both logs, each with its proof. Source: specs/bulletin.md.
 *
 * One document instead of many requests: a client believes a head of each log once, and everything else hangs from it.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { TlogError } from "./errors.ts";
import * as head from "./head.ts";
import { type Head } from "./head.ts";
import * as fleet from "./leaves/fleet.ts";
import * as issuers from "./leaves/issuers.ts";
import * as reading from "./leaves/reading.ts";
import * as revocations from "./leaves/revocations.ts";
import * as trust from "./leaves/trust.ts";
import { MAX_APPRAISAL, MAX_BULLETIN, MAX_ENTRY, MAX_HASHES, MAX_NOTE, MAX_POSTED } from "./limits.ts";
import * as merkle from "./merkle.ts";
import { HASH } from "./spelling.ts";
import { type WitnessPolicy } from "./witness_policy.ts";

export const KIND = "bulletin";
export const RELEASE = "release";
export const DIRECTORY = "directory";
/** Kinds of which only the newest leaf counts. */
export const ONCE: readonly string[] = [trust.KIND, fleet.KIND, revocations.KIND, DIRECTORY, issuers.KIND];

/** A leaf, its place in the log, and the path from its hash to the root. */
export interface Entry {
  readonly leaf: Bytes;
  readonly index: number;
  readonly path: readonly Bytes[];
}

/** What is posted of one log: the note of its head, and entries by ascending index. */
export interface Section {
  readonly checkpoint: Bytes;
  readonly entries: readonly Entry[];
}

/** A parsed bulletin of which nothing is believed yet; `appraisal` is the appraisal policy document. */
export interface Bulletin {
  readonly appraisal: Bytes;
  readonly release: Section;
  readonly keys: Section;
}

/** What a bulletin established. `releases` (by leaf hash in hexadecimal) and `indices` (by kind); leaves are exact bytes. */
export interface Posted {
  readonly releaseHead: Head;
  readonly keysHead: Head;
  readonly appraisal: Bytes;
  readonly trust: trust.Trust;
  readonly fleet: fleet.Fleet;
  readonly revocations: revocations.Revocations;
  readonly directory: Bytes;
  readonly issuers: issuers.Issuers | null;
  readonly releases: ReadonlyMap<string, Entry>;
  readonly indices: ReadonlyMap<string, number>;
}

/** The bulletin in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Bulletin {
  const names = ["v", "t", "appraisal", "release", "keys"] as const;
  const value = canonical.members(canonical.decode(data, MAX_BULLETIN), names, KIND);
  canonical.integer(value.v, "v", 1, 1);
  if (value.t !== KIND) throw new Malformed("member_value", "t");
  return {
    appraisal: octets(value.appraisal, "appraisal", MAX_APPRAISAL),
    release: section(value.release),
    keys: section(value.keys),
  };
}

/** The document of `bulletin`. Raises Malformed when `decode` would refuse it. */
export function encode(bulletin: Bulletin): Bytes {
  const data = canonical.encode({
    v: 1,
    t: KIND,
    appraisal: canonical.base64urlEncode(bulletin.appraisal),
    release: members(bulletin.release),
    keys: members(bulletin.keys),
  });
  decode(data);
  return data;
}

/**
 * What `bulletin` establishes under the pinned `policy` for the logs with the origins `release` and `keys`.
 *
 * No age is judged here. Raises TlogError: what `head.verify` raises, `inclusion`, `leaf_missing`, `leaf_repeated`,
 * `appraisal_policy`; Malformed for a leaf that is none.
 */
export async function verify(bulletin: Bulletin, policy: WitnessPolicy, release: string, keys: string): Promise<Posted> {
  const rare = await proved(bulletin.release, policy, release);
  const hourly = await proved(bulletin.keys, policy, keys);
  const logged = trust.decode(only(rare.single, trust.KIND).leaf);
  if (toHex(sha256(bulletin.appraisal)) !== logged.appraisalPolicy) {
    throw new TlogError("appraisal_policy", "the logged policy names another one");
  }
  const issued = hourly.single.get(issuers.KIND);
  return {
    releaseHead: rare.head,
    keysHead: hourly.head,
    appraisal: bulletin.appraisal,
    trust: logged,
    fleet: fleet.decode(only(rare.single, fleet.KIND).leaf),
    revocations: revocations.decode(only(rare.single, revocations.KIND).leaf),
    directory: only(hourly.single, DIRECTORY).leaf,
    issuers: issued === undefined ? null : issuers.decode(issued.leaf),
    releases: rare.releases,
    indices: new Map([...rare.single, ...hourly.single].map(([kind, entry]) => [kind, entry.index])),
  };
}

/**
 * The places to remember: of each kind the newest leaf seen, which a later bulletin may not go behind.
 *
 * Without this a withheld revocation or policy would show only by its age. Raises TlogError `leaf_rolled_back`.
 */
export function advance(known: ReadonlyMap<string, number>, posted: Posted): ReadonlyMap<string, number> {
  for (const [kind, index] of known) {
    const found = posted.indices.get(kind) ?? index;
    if (found < index) throw new TlogError("leaf_rolled_back", `${kind} ${String(found)} after ${String(index)}`);
  }
  return new Map([...known, ...posted.indices]);
}

interface Proved {
  readonly head: Head;
  readonly releases: ReadonlyMap<string, Entry>;
  readonly single: ReadonlyMap<string, Entry>;
}

/** The head, the releases by leaf hash, and the leaves of which only one may stand here, by kind. */
async function proved(posted: Section, policy: WitnessPolicy, origin: string): Promise<Proved> {
  const found = await head.verify(posted.checkpoint, policy, origin);
  const releases = new Map<string, Entry>();
  const single = new Map<string, Entry>();
  for (const entry of posted.entries) {
    const digest = merkle.leafHash(entry.leaf);
    merkle.verifyInclusion(digest, entry.index, found.checkpoint.size, entry.path, found.checkpoint.root);
    const kind = reading.kindOf(entry.leaf);
    if (kind === RELEASE) releases.set(toHex(digest), entry);
    else if (single.has(kind)) throw new TlogError("leaf_repeated", kind);
    else if (ONCE.includes(kind)) single.set(kind, entry);
  }
  return { head: found, releases, single };
}

function only(leaves: ReadonlyMap<string, Entry>, kind: string): Entry {
  const found = leaves.get(kind);
  if (found === undefined) throw new TlogError("leaf_missing", kind);
  return found;
}

function section(value: Json): Section {
  const read = canonical.members(value, ["checkpoint", "entries"] as const, "section");
  const entries = canonical.entries(read.entries, "entries", 0, MAX_POSTED).map(entryOf);
  if (entries.some((one, at) => at > 0 && one.index <= (entries[at - 1]?.index ?? 0))) {
    throw new Malformed("member_value", "entries not strictly ascending");
  }
  return { checkpoint: octets(read.checkpoint, "checkpoint", MAX_NOTE), entries };
}

function entryOf(value: Json): Entry {
  const read = canonical.members(value, ["leaf", "index", "path"] as const, "entry");
  const path = canonical.entries(read.path, "path", 0, MAX_HASHES);
  return {
    leaf: octets(read.leaf, "leaf", MAX_ENTRY),
    index: canonical.integer(read.index, "index"),
    path: path.map((one) => canonical.fromBase64url(one, "path", HASH)),
  };
}

function members(posted: Section): JsonObject {
  return {
    checkpoint: canonical.base64urlEncode(posted.checkpoint),
    entries: [...posted.entries].sort((left, right) => left.index - right.index).map((one) => ({
      leaf: canonical.base64urlEncode(one.leaf),
      index: one.index,
      path: one.path.map((step) => canonical.base64urlEncode(step)),
    })),
  };
}

/** 1 to `most` bytes from unpadded base64url. Raises Malformed. */
function octets(value: Json, what: string, most: number): Bytes {
  const text = canonical.text(value, what, 4 * (Math.floor(most / 3) + 1));
  const data = canonical.base64urlDecode(text);
  if (data === null || data.length > most) throw new Malformed("member_value", what);
  return data;
}
