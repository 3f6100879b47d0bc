/** Stages 10 to 12: is the key bound to this evidence, are the devices those counted, is all of it fresh? */

import { sha256 } from "@noble/hashes/sha2.js";
import * as binding from "@privity/protocol/binding";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { devices, type Item } from "@privity/protocol/evidence";

import { type Case, fails, NotChecked, type Run } from "../case.ts";
import { leafHash } from "../release.ts";
import { Unchecked } from "../schema.ts";

/** Whether two values are equal of which either may be absent. */
function same(left: Bytes | null, right: Bytes | null): boolean {
  return left === null || right === null ? left === right : equal(left, right);
}

function devicesOf(at: Case): readonly Item[] {
  return at.bundle === null ? [] : devices(at.bundle);
}

/** Parse the node document. */
const nodeDocument: Run = (at) => {
  try {
    at.found.nodeDocument = binding.decode(at.item("node-document"));
  } catch (error) {
    if (error instanceof Malformed) return ["node_document_malformed"];
    throw error;
  }
  return [];
};

/** The quote commits to these very bytes of the node document. */
const reportData: Run = async (at) => {
  return fails(!equal(at.found.reportData, await binding.reportData(at.item("node-document"))), "binding_mismatch");
};

/** The node document names the platform that the genuine evidence names. */
const platformBound: Run = ({ kind, found }) => {
  const { plat } = found.nodeDocument;
  return [
    ...fails(plat.type !== kind, "platform_mismatch:type"),
    ...fails(toHex(plat.id) !== found.platformId, "platform_mismatch:id"),
  ];
};

/** `rel` is the leaf hash of the release beside it. */
const releaseBound: Run = (at) => {
  return fails(toHex(at.found.nodeDocument.rel) !== leafHash(at.item("release")), "release_mismatch");
};

/** `cfg` is the hash of the configuration beside it. */
const configurationBound: Run = (at) => {
  return fails(!equal(at.found.nodeDocument.cfg, sha256(at.item("configuration"))), "configuration_mismatch");
};

/** `models` is the hash of the models document beside it. */
const modelsBound: Run = (at) => {
  return fails(!equal(at.found.nodeDocument.models, sha256(at.item("models"))), "models_mismatch");
};

/** `dev` is the hash of the device items, null without any. */
const devicesBound: Run = async (at) => {
  return fails(!same(at.found.nodeDocument.dev, await binding.deviceDigest(devicesOf(at))), "device_digest_mismatch");
};

/** The node belongs to the deployment that was asked. */
const deployment: Run = ({ found, policy }) => {
  return fails(found.nodeDocument.deploy !== policy.deployment, "deployment_mismatch");
};

/** A challenge is answered with the caller's own bytes; a window document carries none. */
const nonce: Run = ({ found, given }) => fails(!same(found.nodeDocument.nonce, given.nonce), "nonce_mismatch");

/** A challenge confirms the key that traffic uses, and no other. */
const key: Run = ({ found, given }) => {
  const expected = given.logged.trafficKey;
  if (given.nonce === null && expected === null) return new NotChecked("not_applicable:window_document");
  return fails(!same(found.nodeDocument.pk, expected), "key_mismatch");
};

/** What may leave the enclave is what the policy allows. */
const egress: Run = ({ found, policy }) => {
  const allowed = policy.egress;
  if (allowed instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${allowed.reason}`);
  return fails(!allowed.includes(found.nodeDocument.egress), "egress_not_allowed");
};

/** As many GPUs and switches as policy or release count; a release that names no devices has none. */
const deviceCount: Run = (at) => {
  const present = devicesOf(at);
  const gpus = present.filter((item) => item.label.startsWith("gpu-")).length;
  const { gpu: wanted } = at.policy;
  const released = at.found.release.platforms.gpu;
  const counted = [
    [wanted.count, released?.count ?? 0, gpus, "gpu"],
    [wanted.switches, released?.switches ?? 0, present.length - gpus, "switch"],
  ] as const;
  return counted.flatMap(([named, inRelease, found, name]) => {
    const due = named === "from_release" ? inRelease : named;
    return fails(found !== due, `${found > due ? "device_count" : "device_missing"}:${name}`);
  });
};

/** No two devices answer with one key: one that answers twice is not two. */
const deviceKeys: Run = (at) => {
  const present = devicesOf(at);
  if (present.length === 0) return new NotChecked("not_applicable:no_devices");
  const pins = [...at.devices.found].flatMap(([label, { path }]) => (path === null ? [] : [{ label, pin: path[0].pin }]));
  const again = pins.filter(({ pin }, place) => pins.findIndex((one) => one.pin === pin) !== place);
  if (again.length === 0 && pins.length < present.length) return new NotChecked("blocked_by:device_certificate_form");
  return again.map(({ label }) => `device_duplicate:${label}`);
};

/** The window of the key admits use now and is no longer than allowed. */
const keyWindow: Run = ({ found, now, policy }) => {
  return binding.windowFaults(found.nodeDocument, now, policy.clock_skew, policy.max_key_lifetime);
};

/** The document was made soon after its anchor. */
const evidenceAge: Run = ({ found, policy }) => {
  const { nbf, anchor } = found.nodeDocument;
  const fresh = nbf - policy.max_anchor_age <= anchor.time && anchor.time <= nbf + policy.clock_skew;
  return fails(!fresh, "evidence_stale:anchor");
};

/** Where the policy wants a fresh answer, a window document alone is not enough. */
const challenge: Run = ({ found, given, now, policy }) => {
  if (given.nonce !== null || policy.challenge === "on_demand") return [];
  const answered = given.memory.challenged.get(toHex(sha256(found.nodeDocument.pk)));
  const recent = answered !== undefined && now - answered <= policy.clock_skew;
  return fails(policy.challenge === "always" ? !recent : answered === undefined, "challenge_required");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  node_document: nodeDocument,
  report_data: reportData,
  platform_bound: platformBound,
  release_bound: releaseBound,
  configuration_bound: configurationBound,
  models_bound: modelsBound,
  devices_bound: devicesBound,
  deployment,
  nonce,
  key,
  egress,
  device_count: deviceCount,
  device_keys: deviceKeys,
  key_window: keyWindow,
  evidence_age: evidenceAge,
  challenge,
};
