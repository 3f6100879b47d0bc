/**
 * The table of checks: what every kind has in common, and how a kind's own checks join it.
 *
 * A check whose input is unusable is not checked, `blocked_by` the check that spoiled it. The verdict demands exactly
 * one record per check of the table, so that nothing is skipped by silence.
 */

import { Fault, STAGE_OF } from "./errors.ts";

/** Parse, chain, revocation and signature: what evidence says is believed only when these passed for its item. */
export function isGenuineStage(stage: number): boolean {
  return stage >= 2 && stage <= 5;
}

/** Items that explain registers: a log that cannot be read says nothing about who signed the evidence. */
const LOGS: ReadonlySet<string> = new Set(["boot-log", "runtime-log"]);

/**
 * One check: the reasons it may give all belong to its stage; `reads` are labels, `needs` checks that must pass.
 *
 * A need names a check of the same item where there is one, else the check of that name.
 */
export interface Check {
  readonly name: string;
  readonly item: string;
  readonly stage: number;
  readonly reasons: ReadonlySet<string>;
  readonly reads: readonly string[];
  readonly needs: readonly string[];
}

interface Inputs {
  readonly reads?: readonly string[];
  readonly needs?: readonly string[];
}

/** The check `name` of `item` whose `reasons` are separated by spaces. */
export function check(name: string, item: string, reasons: string, { reads = [], needs = [] }: Inputs = {}): Check {
  const codes = reasons.split(" ");
  const stage = STAGE_OF.get(codes[0] ?? "");
  if (stage === undefined) throw new Fault(`${name} has no listed reason`);
  return { name, item, stage, reasons: new Set(codes), reads, needs };
}

/** Which of a kind's own checks decide that its CPU evidence is genuine, in order. */
export function genuineNames(own: readonly Check[]): readonly string[] {
  const deciding = own.filter((one) => isGenuineStage(one.stage) && !LOGS.has(one.item));
  return [...new Set(deciding.map((one) => one.name))];
}

export const BEFORE = [
  check("policy_form", "policy", "policy_malformed"),
  check("policy_signature", "policy", "policy_signature"),
  check("policy_window", "policy", "policy_expired"),
  check("policy_version", "policy", "policy_rollback"),
  check("policy_floor", "policy", "policy_below_floor"),
  check("clock", "policy", "clock_behind_build"),
  check(
    "container",
    "bundle",
    "bundle_too_large bundle_not_canonical bundle_type label_unknown media_type indicator item_encoding item_too_large",
  ),
  check("labels", "bundle", "label_missing label_unknown", { needs: ["container"] }),
] as const;
export const KIND = check("kind", "cpu", "tee_not_allowed simulated", { reads: ["cpu"] });
export const COMPLETE = check("complete", "bundle", "check_missing");
export const RUNTIME_LOG_FORM = check("runtime_log_form", "runtime-log", "malformed", { reads: ["runtime-log"] });
export const RUNTIME_EVENTS = check("runtime_events", "runtime-log", "event_log_missing event_log_payload", {
  reads: ["configuration", "models"], needs: ["runtime_log_form"],
});
const FORMS = [
  check("configuration_form", "configuration", "malformed", { reads: ["configuration"] }),
  check("models_form", "models", "malformed", { reads: ["models"] }),
  check("release_form", "release", "malformed", { reads: ["release"] }),
] as const;
const RELEASE = [
  check("release_logged", "release", "release_not_logged release_proof_stale release_revoked"),
  check("release_allowed", "release", "release_unknown", { needs: ["release_form"] }),
  check("release_time", "release", "release_not_yet_valid", { needs: ["release_form"] }),
] as const;
const ALLOWED = [
  check("configuration_allowed", "configuration", "configuration_not_allowed", {
    reads: ["configuration"], needs: ["release_form"],
  }),
  check("models_allowed", "models", "model_not_allowed", { needs: ["release_form", "models_form"] }),
] as const;
const DEVICES = [
  check("device_count", "bundle", "device_count device_missing", { needs: ["container", "release_form"] }),
  check("device_keys", "bundle", "device_duplicate", { needs: ["container"] }),
] as const;
const FRESHNESS = [
  check("key_window", "node-document", "key_expired key_not_yet_valid key_lifetime", { needs: ["node_document"] }),
  check("evidence_age", "node-document", "evidence_stale", { needs: ["node_document"] }),
  check("anchor", "node-document", "anchor_unknown anchor_conflict"),
  check("challenge", "node-document", "challenge_required", { needs: ["node_document"] }),
] as const;
/** A kind whose verifier does not exist is refused by `kind`. */
export const NOT_BUILT: readonly Check[] = [...BEFORE.filter((one) => one.name !== "policy_signature"), KIND, COMPLETE];

/** Only a client that knows no log excuses the simulated kind so; with one, these are checked as for any other kind. */
export const UNLOGGED = "not_applicable:simulated";
const ALLOWED_WITHOUT_LOG = [
  "policy_signature", "platform_listed", "release_logged", "endorsement", "directory", "anchor",
] as const;
/**
 * What the simulated kind is excused from, by check.
 *
 * The last two stay: a development root has no revocation list and an imitation has no trusted computing base to rate.
 */
export const EXCUSED: ReadonlyMap<string, string> = new Map([
  ...ALLOWED_WITHOUT_LOG.map((name): [string, string] => [name, UNLOGGED]),
  ["revocation", "not_applicable:development_root"],
  ["tcb", "not_applicable:no_hardware"],
]);

/**
 * All checks of a kind in the order in which they run: `own` and `devices` between the common ones.
 *
 * `devices` are the checks of those devices that the bundle holds.
 */
export function tableOf(own: readonly Check[], devices: readonly Check[] = []): readonly Check[] {
  const genuine = genuineNames(own);
  const listed = check("platform_listed", "node-document", "platform_not_listed", { needs: genuine });
  const everything = [
    ...BEFORE, KIND, ...RELEASE, ...own, ...DEVICES, ...devices, ...FORMS, listed, ...ALLOWED, ...binding(genuine),
    ...FRESHNESS,
  ];
  return [...everything.sort((one, other) => one.stage - other.stage), COMPLETE];
}

function binding(genuine: readonly string[]): readonly Check[] {
  const needs = ["node_document"];
  const item = "node-document";
  return [
    check("node_document", item, "node_document_malformed", { reads: [item] }),
    check("report_data", "cpu", "binding_mismatch", { reads: [item], needs: genuine }),
    check("platform_bound", item, "platform_mismatch", { needs: [...needs, ...genuine] }),
    check("release_bound", item, "release_mismatch", { reads: ["release"], needs }),
    check("configuration_bound", item, "configuration_mismatch", { reads: ["configuration"], needs }),
    check("models_bound", item, "models_mismatch", { reads: ["models"], needs }),
    check("devices_bound", item, "device_digest_mismatch", { needs }),
    check("deployment", item, "deployment_mismatch", { needs }),
    check("nonce", item, "nonce_mismatch", { needs }),
    check("key", item, "key_mismatch", { needs }),
    check("egress", item, "egress_not_allowed", { needs }),
    check("endorsement", item, "endorsement_missing endorsement_signature"),
    check("directory", item, "directory_not_listed"),
  ];
}
