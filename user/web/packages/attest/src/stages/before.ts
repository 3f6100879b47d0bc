/** Stages 0 and 1, and the kind: may this policy be used now, is the container sound, is its kind wanted? */

import { Malformed } from "@privity/protocol/errors";
import * as evidence from "@privity/protocol/evidence";

import { type Case, fails, type Run, SIMULATED_KINDS } from "../case.ts";
import { type Kind, PROOFS } from "../kind.ts";
import { KINDS } from "../kinds.ts";
import { knowsALog } from "../logged.ts";
import { isDevice } from "../nvidia/device.ts";
import { OCSP } from "../nvidia/genuine.ts";
import { belowFloor } from "../policy.ts";

const OF_AN_ITEM: ReadonlySet<string> = new Set(["media_type", "indicator", "item_encoding", "item_too_large"]);

/** Read the container once; `container` reports how that went. */
export function openContainer(at: Case): void {
  try {
    at.bundle = evidence.decode(at.given.data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    at.containerFault = OF_AN_ITEM.has(error.reason) ? `${error.reason}:${error.detail}` : error.reason;
  }
}

/** Only `policy.decode` sets the digest: a policy made otherwise has not been checked. */
const policyForm: Run = ({ policy }) => fails(policy.digest.length !== 64, "policy_malformed");

/** The policy has been issued and has not expired. */
const policyWindow: Run = ({ policy, now }) => {
  const early = now < policy.issued_at - policy.clock_skew;
  return [...fails(now >= policy.expires_at, "policy_expired"), ...fails(early, "policy_expired:not_yet_issued")];
};

/** A policy's version only grows. */
const policyVersion: Run = ({ policy, given }) => {
  return fails(policy.version < (given.memory.policy_versions.get(policy.name) ?? 0), "policy_rollback");
};

/** A policy may be stricter than the client was built with, never looser. */
const policyFloor: Run = ({ policy }) => belowFloor(policy).map((name) => `policy_below_floor:${name}`);

/** The clock is not behind this verifier's build, unless a person looks back. */
const clock: Run = ({ now, given }) => fails(now < given.logged.earliest, "clock_behind_build");

/** The container was read. */
const container: Run = ({ containerFault }) => (containerFault === null ? [] : [containerFault]);

/** What the kind must carry is there, and nothing that nobody would look at. */
const labels: Run = (at) => {
  const { bundle, kind: name, policy } = at;
  const present = new Set(bundle?.items.keys());
  const judged = KINDS.get(name ?? "");
  const due = dueOf(at, judged);
  // Devices are counted in their own stage; of a kind that is not built nothing is looked at anyway.
  const proofs = knowsALog(at.given.logged) ? PROOFS : [];
  const read = judged === undefined ? present : new Set([...due, ...judged.optional(policy), ...proofs]);
  const devices = [...present].some(isDevice);
  const unread = [...present].filter((label) => !read.has(label) && !isDevice(label) && !(devices && label === OCSP));
  const missing = [...due].filter((label) => !present.has(label));
  return [
    ...missing.sort().map((label) => `label_missing:${label}`),
    ...unread.sort().map((label) => `label_unknown:${label}`),
  ];
};

/** What must be there. The endorsed and logged document of a challenged node is the one that traffic uses. */
function dueOf({ given, policy }: Case, judged: Kind | undefined): ReadonlySet<string> {
  const due = judged?.required(policy) ?? new Set(["cpu"]);
  if (given.nonce === null || !knowsALog(given.logged)) return due;
  return new Set([...due].filter((label) => !PROOFS.some((proof) => proof === label)));
}

/** The kind is built and wanted. */
const kind: Run = ({ kind: name, policy }) => {
  if (name === null || !KINDS.has(name)) return [`tee_not_allowed:${name ?? "None"}`];
  if (SIMULATED_KINDS.has(name)) return fails(!policy.allow_simulated, "simulated");
  return fails(!policy.kinds.some((wanted) => wanted === name), `tee_not_allowed:${name}`);
};

export const CHECKS: Readonly<Record<string, Run>> = {
  policy_form: policyForm,
  policy_window: policyWindow,
  policy_version: policyVersion,
  policy_floor: policyFloor,
  clock,
  container,
  labels,
  kind,
};
