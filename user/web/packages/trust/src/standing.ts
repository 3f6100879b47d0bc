/**
 * What a bulletin establishes for this client, and what that says about one node. Source: specs/trust.md.
 *
 * Nothing is fetched or stored here: time, what is remembered and consistency paths are arguments; the outcome is what the
 * appraisal takes as `Logged`.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type FleetKey, idOf } from "@privity/attest/endorsement";
import { PolicyMalformed } from "@privity/attest/errors";
import * as policy from "@privity/attest/policy";
import { type Policy } from "@privity/attest/policy";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as directory from "@privity/protocol/directory";
import { type Directory } from "@privity/protocol/directory";
import * as bulletin from "@privity/tlog/bulletin";
import { type Posted } from "@privity/tlog/bulletin";
import * as head from "@privity/tlog/head";
import { WEEK } from "@privity/tlog/leaves/revocations";
import * as views from "@privity/tlog/view";
import { type View } from "@privity/tlog/view";

import { TrustError } from "./errors.ts";
import { type Pin, witnesses } from "./pins.ts";
import { type Remembered } from "./remembered.ts";

/** Seconds since the quorum saw a head of the release log. */
export const RELEASE_AGE = 7 * 86_400;
/** The same for the log of keys, whose directories are hourly. */
export const KEYS_AGE = 2 * 3600;
/** Seconds by which clocks may differ. */
export const SKEW = 300;
/** Seconds: revocations come weekly, and withholding them must show. */
export const REVOCATIONS_AGE = WEEK + 86_400;

export type Path = readonly Uint8Array[];

/** What is established: the bulletin's leaves, the directory, and the views that a client now holds. */
export interface Standing {
  readonly pin: Pin;
  readonly posted: Posted;
  readonly directory: Directory;
  readonly policy: Policy;
  readonly releaseView: View;
  readonly keysView: View;
}

/**
 * What the bulletin in `data` establishes at `now` (Unix seconds), views not yet held against older ones.
 *
 * Raises TlogError: those of `bulletin.verify`, `checkpoint_stale`, `checkpoint_from_the_future`; Malformed; TrustError
 * `log_outdated` (revocations are withheld, the directory or the appraisal policy has expired), `pin_unusable`.
 */
export async function establish(data: Uint8Array, pin: Pin, now: number): Promise<Standing> {
  const read = bulletin.decode(data);
  const posted = await bulletin.verify(read, witnesses(pin), pin.release, pin.keys);
  head.checkAge(posted.releaseHead, now, RELEASE_AGE, SKEW);
  head.checkAge(posted.keysHead, now, KEYS_AGE, SKEW);
  if (now - posted.revocations.time > REVOCATIONS_AGE) {
    throw new TrustError("log_outdated", "the newest list of what was withdrawn is older than eight days");
  }
  // One from the future would never grow old, and withholding the next would not show.
  if (posted.revocations.time > now + SKEW) {
    throw new TrustError("log_outdated", "the newest list of what was withdrawn bears a time that is still to come");
  }
  const listed = directory.decode(posted.directory);
  if (now < listed.nbf - SKEW || now >= listed.exp + SKEW) {
    throw new TrustError("log_outdated", "the directory has expired, or this machine's clock is wrong");
  }
  if (posted.fleet.deploy !== pin.deploy) {
    throw new TrustError("pin_unusable", `the log is of the deployment ${posted.fleet.deploy}`);
  }
  return {
    pin,
    posted,
    directory: listed,
    policy: appraisalOf(posted),
    releaseView: { head: posted.releaseHead.checkpoint, note: read.release.checkpoint },
    keysView: { head: posted.keysHead.checkpoint, note: read.keys.checkpoint },
  };
}

function appraisalOf(posted: Posted): Policy {
  try {
    return policy.decode(posted.appraisal);
  } catch (error) {
    if (!(error instanceof PolicyMalformed)) throw error;
    throw new TrustError("log_outdated", `the operator's appraisal policy: ${error.detail}`);
  }
}

/** Both views of a standing, the release log's first. */
export function viewsOf({ releaseView, keysView }: Standing): readonly [View, View] {
  return [releaseView, keysView];
}

/**
 * What to remember after `standing`; `paths` by origin show that its heads continue the known ones.
 *
 * Raises TlogError: those of `view.advance`, `leaf_rolled_back`.
 */
export function remember(
  known: Remembered, standing: Standing, paths: ReadonlyMap<string, Path>, now: number,
): Remembered {
  const { release, keys } = standing.pin;
  const grown = new Map([...known.views].filter(([origin]) => origin === release || origin === keys));
  // Where other logs were pinned before, places in them say nothing about these.
  const places = grown.size === known.views.size ? known.places : new Map<string, number>();
  for (const fresh of viewsOf(standing)) {
    const { origin } = fresh.head;
    grown.set(origin, views.advance(grown.get(origin) ?? null, fresh, paths.get(origin) ?? null));
  }
  const first = known.views.size === 0 ? 0 : now;
  const posted = [...standing.posted.releases.keys()].map((name): [string, number] => [name, first]);
  return {
    views: grown,
    places: bulletin.advance(places, standing.posted),
    releases: new Map([...posted, ...known.releases]),
  };
}

/**
 * The operator's logged policy for the logged fleet; `roots` (hexadecimal) are development roots that a person accepts.
 *
 * A test enclave needs both: the operator's policy that names its root, and the person's consent.
 */
export function basePolicy(standing: Standing, roots: ReadonlySet<string>): Policy {
  const { policy: logged, posted } = standing;
  const machines = posted.fleet.platforms.map(({ id }) => id);
  const accepted = logged.trust_anchors.simulated.filter((one) => roots.has(one));
  return {
    ...logged,
    allow_simulated: logged.allow_simulated && accepted.length > 0,
    trust_anchors: { ...logged.trust_anchors, simulated: accepted },
    fleet: {
      platforms: machines.filter((id) => !posted.revocations.platforms.includes(id)),
      keys: fleetKeys(standing).map((key) => toHex(idOf(key))),
    },
  };
}

/** The keys that vouch for nodes: those of the logged fleet that nobody revoked. */
export function fleetKeys({ posted }: Standing): readonly FleetKey[] {
  const revoked = new Set(posted.revocations.keys);
  return posted.fleet.keys.filter((key) => !revoked.has(toHex(idOf(key))) && !revoked.has(digestOf(key.ed25519)));
}

/** SHA-256 in hexadecimal, as leaves spell it. */
export function digestOf(data: Bytes): string {
  return toHex(sha256(data));
}
