/**
 * The policy for a single piece of evidence: strict where the vendor speaks, silent where a release would speak.
 *
 * Status up to date, no debug mode, Milan refused, devices only with golden values, Arm keys only when they are pinned.
 * No floors, no ages, no measurements: those belong to a deployment. For vendors' vectors and for auditors.
 */

import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";

import { DAY, defaultDocument } from "./defaults.ts";
import { decode, type Policy } from "./policy.ts";

const OPEN: JsonObject = { unchecked: "item" };
const BITS = Array.from({ length: 64 }, (_, bit) => bit);

function open(...names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, OPEN]));
}

function changed(section: Json | undefined, members: JsonObject): JsonObject {
  return { ...(section as JsonObject), ...members };
}

/** The document of the item policy, issued at `now` (Unix seconds). */
export function itemDocument(now: number): JsonObject {
  const document = defaultDocument({ now, deployment: "item", allowSimulated: false, roots: [] });
  const arm = {
    ...open("implementation_ids", "components", "partitions", "rim", "rem"),
    lifecycle: Array.from({ length: 0x100 }, (_, index) => 0x3000 + index),
  };
  return {
    ...document,
    expires_at: now + DAY,
    kinds: ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca"],
    require_crl: { tdx: true, sgx: true, sev_snp: OPEN, nitro: OPEN },
    max_collateral_age: OPEN,
    tdx: changed(document["tdx"], {
      ...open("min_tcb_evaluation", "shapes", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "pck_types", "pck_configuration"),
      attributes: { must: [28], never: [0], may: BITS.filter((bit) => bit !== 0 && bit !== 28) },
      xfam_allowed: "ffffffffffffffff",
      require_zero: ["mrservicetd"],
    }),
    sgx: changed(document["sgx"], open("mrenclave", "signers")),
    snp: changed(document["snp"], {
      ...open("min_report_version", "platform_info_must"),
      policy_must: [],
      policy_must_not: [19],
      vmpl: [0, 1, 2, 3],
      allow_vlek: true,
      allow_masked_chip: true,
    }),
    nitro: { pcrs: open(...BITS.slice(0, 32).map(String)) },
    gpu: changed(document["gpu"], open("require_ocsp", "device_kinds", "drivers", "vbios", "firmware_ids")),
    psa: arm,
    cca: arm,
  };
}

/**
 * The item policy at `now`; `keys` are what `trust_anchors.psa` and `.cca` pin. Raises PolicyMalformed.
 *
 * `roots` are the development roots (SHA-256, hexadecimal) under which imitations are let in; without any they are not.
 */
export function itemPolicy(now: number, keys: readonly string[] = [], roots: readonly string[] = []): Policy {
  const document = itemDocument(now);
  const anchors = changed(document["trust_anchors"], { psa: keys, cca: keys, simulated: roots });
  return decode(canonical.encode({ ...document, allow_simulated: roots.length > 0, trust_anchors: anchors }));
}
