/** The default values of the appraisal policy, as the document that `policy.decode` reads. Source: specs/policy.md. */

import { type Json, type JsonObject } from "@privity/protocol/canonical";

export const DAY = 86_400;
const FROM_RELEASE = "from_release";

/** What a client must say for itself: the time in Unix seconds, whose deployment, and which imitations it takes. */
export interface Local {
  readonly now: number;
  readonly deployment: string;
  readonly allowSimulated: boolean;
  readonly roots: readonly string[];
}

/** The default policy for `deployment`, issued at `now` for one day. */
export function defaultDocument({ now, deployment, allowSimulated, roots }: Local): JsonObject {
  return {
    format: "privity-policy/1",
    name: "local",
    version: 1,
    issued_at: now,
    expires_at: now + DAY,
    kinds: ["tdx", "sev_snp", "nitro"],
    allow_simulated: allowSimulated,
    trust_anchors: {
      ...each(["tdx", "sgx", "sev_snp", "nitro", "nvidia"], "built_in"),
      psa: [],
      cca: [],
      simulated: roots,
    },
    require_crl: { tdx: true, sgx: true, sev_snp: true, nitro: unchecked("three-hour leaf") },
    release_allow: unchecked("any logged, valid, unrevoked"),
    max_release_proof_age: 7 * DAY,
    deployment,
    models: unchecked("any that the release allows"),
    configuration: FROM_RELEASE,
    egress: ["none"],
    challenge: "on_demand",
    max_anchor_age: DAY,
    max_key_lifetime: 7200,
    clock_skew: 300,
    fleet: { platforms: [], keys: [] },
    max_collateral_age: 7 * DAY,
    tdx: tdx(),
    sgx: { allowed_status: ["UpToDate"], mrenclave: FROM_RELEASE, signers: [] },
    snp: snp(),
    nitro: { pcrs: pcrs() },
    gpu: gpu(),
    psa: arm(),
    cca: arm(),
  };
}

/**
 * The loosest policy that this verifier was built to accept: what no signed policy may go below.
 *
 * It admits every kind that is built, but no debug mode, no migration service, no unrevoked-by-silence and no
 * measurement outside the release. A policy that allows simulation says so by itself, at each run.
 */
export function floorDocument(): JsonObject {
  const open = unchecked("floor");
  const status = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"];
  const ofArm = {
    ...each(["implementation_ids", "components", "partitions", "rim", "rem"], open),
    lifecycle: Array.from({ length: 0x100 }, (_, index) => 0x3000 + index),
  };
  return {
    ...defaultDocument({ now: 0, deployment: "any", allowSimulated: true, roots: [] }),
    kinds: ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca"],
    egress: open,
    max_collateral_age: 30 * DAY,
    tdx: {
      ...tdx(),
      allowed_status: status,
      grace_days: 90,
      min_tcb_evaluation: open,
      attributes: { must: [], never: [0], may: [27, 28, 29, 30, 31, 63] },
      xfam_allowed: "ffffffffffffffff",
      require_zero: ["mrservicetd"],
      ...each(["mrconfigid", "pck_types", "pck_configuration"], open),
    },
    sgx: { allowed_status: status, mrenclave: FROM_RELEASE, signers: open },
    snp: {
      ...snp(),
      generations: ["milan", "genoa", "turin"],
      min_report_version: 2,
      policy_must_not: [19],
      platform_info_must: open,
      vmpl: [0, 1, 2, 3],
      allow_vlek: true,
      allow_masked_chip: true,
    },
    nitro: { pcrs: each(["0", "1", "2"], FROM_RELEASE) },
    gpu: {
      ...gpu(),
      ...each(["device_kinds", "drivers", "vbios", "firmware_ids", "require_ocsp"], open),
      allow_hold: true,
      rim_expired_days: 730,
    },
    psa: ofArm,
    cca: ofArm,
  };
}

function unchecked(reason: string): JsonObject {
  return { unchecked: reason };
}

function each(names: readonly string[], value: Json): JsonObject {
  return Object.fromEntries(names.map((name) => [name, value]));
}

function tdx(): JsonObject {
  return {
    allowed_status: ["UpToDate"],
    grace_days: 0,
    refused_advisories: [],
    min_tcb_evaluation: 18,
    min_module_isvsvn: {},
    mrseam: unchecked("module identity"),
    attributes: { must: [28], never: [0, 29, 63], may: [27, 30, 31] },
    xfam_allowed: "e742060000000000",
    require_zero: ["mrservicetd", "mrowner", "mrownerconfig"],
    ...each(["shapes", "rtmr1", "rtmr2"], FROM_RELEASE),
    rtmr3: "by_replay",
    mrconfigid: FROM_RELEASE,
    pck_types: [1, 2],
    pck_configuration: { dynamic_platform: true, cached_keys: true, smt: true },
  };
}

function snp(): JsonObject {
  return {
    generations: ["genoa", "turin"],
    min_report_version: 3,
    min_tcb: unchecked("no numbers collected yet"),
    min_abi: unchecked("no numbers collected yet"),
    policy_must: [17],
    policy_must_not: [18, 19],
    platform_info_must: [5],
    platform_info_must_not: unchecked("SMT is common"),
    vmpl: [0],
    allow_vlek: false,
    allow_masked_chip: false,
    measurement: FROM_RELEASE,
    host_data: unchecked("bound through the node document"),
    id_keys: unchecked("measurement decides"),
    author_keys: unchecked("measurement decides"),
  };
}

function pcrs(): JsonObject {
  return { ...each(["0", "1", "2"], FROM_RELEASE), ...each(["3", "4", "8"], unchecked("differs by instance")), 16: "by_replay" };
}

function gpu(): JsonObject {
  return {
    count: 0,
    switches: 0,
    ...each(["device_kinds", "drivers", "vbios", "firmware_ids", "golden"], FROM_RELEASE),
    require_ocsp: true,
    allow_hold: false,
    rim_expired_days: 0,
  };
}

function arm(): JsonObject {
  return each(["implementation_ids", "lifecycle", "components", "partitions", "rim", "rem"], []);
}
