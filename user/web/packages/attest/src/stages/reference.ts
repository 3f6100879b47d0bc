/** Stage 2 for our own documents and stage 8: is this release wanted, and does it allow configuration and models? */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { type Case, fails, type Finding, NotChecked, type Run } from "../case.ts";
import * as eventLog from "../event_log.ts";
import { EventLogError } from "../event_log.ts";
import * as release from "../release.ts";
import { isObject, Unchecked } from "../schema.ts";

/** bytes, as the container allows */
export const MAX_CONFIGURATION = 16 * 1024;

/** The finding of a step that reads a document: its one failure when the document does not follow its specification. */
function reading(step: () => void, reason: string): Finding {
  try {
    step();
  } catch (error) {
    if (error instanceof Malformed || error instanceof EventLogError) return [reason];
    throw error;
  }
  return [];
}

/** Parse the runtime log. */
const runtimeLogForm: Run = (at) => {
  return reading(() => (at.found.events = eventLog.decode(at.item("runtime-log"))), "malformed:runtime-log");
};

/** The configuration is canonical JSON; its members are the enclave's business, its hash is ours. */
const configurationForm: Run = (at) => reading(() => {
  const value = canonical.decode(at.item("configuration"), MAX_CONFIGURATION);
  if (!isObject(value)) throw new Malformed("member_type", "configuration");
}, "malformed:configuration");

/** Parse the models document. */
const modelsForm: Run = (at) => {
  return reading(() => (at.found.models = release.decodeModels(at.item("models"))), "malformed:models");
};

/** Parse the release leaf. */
const releaseForm: Run = (at) => {
  return reading(() => (at.found.release = release.decode(at.item("release"))), "malformed:release");
};

/** The release is one of those the policy names. */
const releaseAllowed: Run = ({ policy, found }) => {
  const allowed = policy.release_allow;
  if (allowed instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${allowed.reason}`);
  return fails(!allowed.includes(found.release.leafHash), "release_unknown");
};

/** The release may be used already. */
const releaseTime: Run = ({ now, found }) => fails(now < found.release.notBefore, "release_not_yet_valid");

function digestOf(at: Case, label: string): string {
  return toHex(sha256(at.item(label)));
}

/** The configuration is one that the release lists, and one that the policy names if it names any. */
const configurationAllowed: Run = (at) => {
  const digest = digestOf(at, "configuration");
  const wanted = at.policy.configuration;
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  const named = wanted === "from_release" || wanted.includes(digest);
  return fails(!at.found.release.configuration.includes(digest) || !named, "configuration_not_allowed");
};

/** Every weight file is one that the release lists, and one that the policy names if it names any. */
const modelsAllowed: Run = ({ policy, found }) => {
  const wanted = policy.models;
  const named = wanted instanceof Unchecked ? found.release.models : wanted;
  const allowed = new Set(found.release.models.filter((digest) => named.includes(digest)));
  const refused = found.models.filter((model) => !model.sha256.every((digest) => allowed.has(digest)));
  return refused.map((model) => `model_not_allowed:${model.id}`);
};

/** The log holds configuration, models and the closing mark, in this order, and hashes of the items beside it. */
const runtimeEvents: Run = (at) => {
  const due = [
    { tag: eventLog.CONFIGURATION, payload: digestOf(at, "configuration") },
    { tag: eventLog.MODELS, payload: digestOf(at, "models") },
    { tag: eventLog.CLOSED, payload: "" },
  ];
  const events = at.found.events.map(({ tag, payload }) => ({ tag, payload: toHex(payload) }));
  const missing = due.filter(({ tag }) => !events.some((event) => event.tag === tag));
  if (missing.length > 0) return missing.map(({ tag }) => `event_log_missing:${tag}`);
  if (events.some(({ tag }, index) => tag !== due[index]?.tag)) return ["event_log_payload:order"];
  const differing = due.filter(({ payload }, index) => payload !== events[index]?.payload);
  return differing.map(({ tag }) => `event_log_payload:${tag}`);
};

export const CHECKS: Readonly<Record<string, Run>> = {
  runtime_log_form: runtimeLogForm,
  configuration_form: configurationForm,
  models_form: modelsForm,
  release_form: releaseForm,
  release_allowed: releaseAllowed,
  release_time: releaseTime,
  configuration_allowed: configurationAllowed,
  models_allowed: modelsAllowed,
  runtime_events: runtimeEvents,
};
