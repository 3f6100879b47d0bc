/** What the logs say about one bundle: failures are reasons of checks, and nothing is raised. Source: specs/trust.md. */

import * as endorsement from "@privity/attest/endorsement";
import { EndorsementInvalid } from "@privity/attest/endorsement";
import { BUILT_AT, type Logged, NotProved, type Proof, PROVED } from "@privity/attest/logged";
import { decode as decodeRelease, EMERGENCY } from "@privity/attest/release";
import * as binding from "@privity/protocol/binding";
import { type NodeDocument } from "@privity/protocol/binding";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { type Node } from "@privity/protocol/directory";
import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";
import { type Bundle } from "@privity/protocol/evidence";
import { type Platform } from "@privity/protocol/platform";
import * as checkpoint from "@privity/tlog/checkpoint";
import { type Checkpoint } from "@privity/tlog/checkpoint";
import { TlogError } from "@privity/tlog/errors";
import * as head from "@privity/tlog/head";
import { type Head } from "@privity/tlog/head";
import { leafHash } from "@privity/tlog/merkle";
import * as note from "@privity/tlog/note";
import * as proof from "@privity/tlog/proof";
import * as views from "@privity/tlog/view";

import { witnesses } from "./pins.ts";
import { digestOf, fleetKeys, type Path, RELEASE_AGE, SKEW, type Standing } from "./standing.ts";

/** Consistency paths of the release log by the size of the older head, up to the head of the bulletin. */
export type Paths = ReadonlyMap<number, Path>;

interface Read {
  readonly bundle: Bundle;
  readonly data: Bytes;
  readonly document: NodeDocument;
}

/** The sizes of older heads of the release log that a bundle names: their paths are needed to judge it. */
export function sizes(bundle: Uint8Array): ReadonlySet<number> {
  const found = read(bundle);
  if (found === null) return new Set();
  const proved = proofHead(found.bundle);
  return new Set([found.document.anchor.size, ...(proved === null ? [] : [proved.size])]);
}

/** What the logs say about the bundle of the node `listed` at `now`. Failures are reasons of checks. */
export async function judge(
  standing: Standing, bundle: Uint8Array, listed: Node, now: number, paths: Paths,
): Promise<Logged> {
  const found = read(bundle);
  if (found === null) return spoiled(null);
  return {
    trafficKey: null,
    policy: PROVED,
    release: await releaseProof(standing, found.bundle, now, paths),
    endorsement: await endorsementProof(standing, found),
    directory: directoryProof(standing, found, listed),
    anchor: anchorProof(standing, found.document, paths),
    earliest: BUILT_AT,
  };
}

/** A node that was accepted: its key, and the leaf hash of its release. */
export interface Accepted {
  readonly trafficKey: Bytes;
  readonly release: Bytes;
}

/**
 * What the logs say about the answer to a challenge by a node that was accepted just before.
 *
 * Its document is its own and in no directory: `accepted` ties it to the one that is.
 */
export function challenged(standing: Standing, bundle: Uint8Array, accepted: Accepted, paths: Paths): Logged {
  const { trafficKey, release } = accepted;
  const found = read(bundle);
  if (found === null) return spoiled(trafficKey);
  return {
    trafficKey,
    policy: PROVED,
    release: equal(found.document.rel, release) ? PROVED : ["release_not_logged:another_release"],
    endorsement: PROVED,
    directory: PROVED,
    anchor: anchorProof(standing, found.document, paths),
    earliest: BUILT_AT,
  };
}

/** A bundle's release: its leaf hash (hexadecimal), and the head under which its own proof shows it, if it does. */
export interface Shown {
  readonly release: string;
  readonly head: Head | null;
}

/** The release of a bundle, proved or not. */
export async function releaseOf(standing: Standing, bundle: Uint8Array): Promise<Shown> {
  const found = read(bundle);
  if (found === null) return { release: toHex(new Uint8Array(32)), head: null };
  const release = toHex(found.document.rel);
  const [item, leaf] = [found.bundle.items.get("release-proof"), found.bundle.items.get("release")];
  if (item === undefined || leaf === undefined) return { release, head: null };
  try {
    return { release, head: await proof.verify(item.data, leaf.data, witnesses(standing.pin), standing.pin.release) };
  } catch (error) {
    reasonOf(error);
    return { release, head: null };
  }
}

/** Whether a bundle's release says that it was an emergency: it may mend what others exploit already. */
export function isEmergency(bundle: Uint8Array): boolean {
  const leaf = read(bundle)?.bundle.items.get("release");
  try {
    return leaf !== undefined && decodeRelease(leaf.data).flags.includes(EMERGENCY);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

function spoiled(trafficKey: Bytes | null): Logged {
  const none = new NotProved("container");
  return { trafficKey, policy: PROVED, release: none, endorsement: none, directory: none, anchor: none, earliest: BUILT_AT };
}

function read(bundle: Uint8Array): Read | null {
  try {
    const found = evidence.decode(bundle);
    const item = found.items.get("node-document");
    return item === undefined ? null : { bundle: found, data: item.data, document: binding.decode(item.data) };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function proofHead(bundle: Bundle): Checkpoint | null {
  const item = bundle.items.get("release-proof");
  if (item === undefined) return null;
  try {
    return checkpoint.decode(note.decode(proof.decode(item.data).checkpoint).text);
  } catch (error) {
    reasonOf(error);
    return null;
  }
}

/** The reason of something that is not believed; any other error goes on. */
function reasonOf(error: unknown): string {
  if (error instanceof TlogError || error instanceof Malformed) return error.reason;
  throw error;
}

async function releaseProof(standing: Standing, bundle: Bundle, now: number, paths: Paths): Promise<Proof> {
  const [item, release] = [bundle.items.get("release-proof"), bundle.items.get("release")];
  if (item === undefined || release === undefined) return ["release_not_logged:no_proof"];
  let found: Head;
  try {
    found = await proof.verify(item.data, release.data, witnesses(standing.pin), standing.pin.release);
    sameHistory(standing, found.checkpoint, paths);
  } catch (error) {
    return [`release_not_logged:${reasonOf(error)}`];
  }
  if (standing.posted.revocations.releases.includes(toHex(leafHash(release.data)))) return ["release_revoked"];
  try {
    head.checkAge(found, now, Math.min(RELEASE_AGE, standing.policy.max_release_proof_age), SKEW);
  } catch (error) {
    return [`release_proof_stale:${reasonOf(error)}`];
  }
  return PROVED;
}

/** Check that an older head of the release log belongs to the client's view. Raises TlogError. */
function sameHistory({ releaseView }: Standing, older: Checkpoint, paths: Paths): void {
  const newest = releaseView.head.size;
  const path = older.size === newest ? [] : paths.get(older.size);
  if (path === undefined) throw new TlogError("consistency", `nothing connects ${String(older.size)} to ${String(newest)}`);
  views.sameHistory({ head: older, note: new Uint8Array(0) }, releaseView, path);
}

async function endorsementProof(standing: Standing, { bundle, data, document }: Read): Promise<Proof> {
  const item = bundle.items.get("endorsement")?.data ?? null;
  try {
    await endorsement.verify(item, fleetKeys(standing), { nodeDocument: data, platform: document.plat.id, exp: document.exp });
  } catch (error) {
    if (error instanceof EndorsementInvalid) return [error.reason];
    throw error;
  }
  return PROVED;
}

function directoryProof(standing: Standing, { data, document }: Read, listed: Node): Proof {
  const digest = digestOf(data);
  const entry = standing.directory.nodes.find((one) => toHex(one.nd) === digest);
  if (entry === undefined || !sameNode(entry, listed)) return ["directory_not_listed"];
  if (!samePlatform(entry.plat, document.plat)) return ["directory_not_listed:platform"];
  if (!equal(entry.rel, document.rel)) return ["directory_not_listed:release"];
  if (standing.posted.revocations.keys.includes(digestOf(document.pk))) return ["directory_not_listed:key_revoked"];
  return PROVED;
}

function sameNode(one: Node, other: Node): boolean {
  const documents = equal(one.nd, other.nd) && equal(one.rel, other.rel) && samePlatform(one.plat, other.plat);
  // No model id has a space.
  return documents && one.w === other.w && one.cap.join(" ") === other.cap.join(" ");
}

function samePlatform(one: Platform, other: Platform): boolean {
  return one.type === other.type && equal(one.id, other.id);
}

function anchorProof(standing: Standing, { anchor }: NodeDocument, paths: Paths): Proof {
  if (anchor.origin !== standing.pin.release) return ["anchor_unknown:origin"];
  if (anchor.size > standing.releaseView.head.size) return ["anchor_unknown:ahead"];
  try {
    sameHistory(standing, { origin: anchor.origin, size: anchor.size, root: anchor.root, extensions: [] }, paths);
  } catch (error) {
    return [`anchor_conflict:${reasonOf(error)}`];
  }
  return PROVED;
}
