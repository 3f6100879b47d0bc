/** The checks of SEV-SNP, and the values that they vouch for. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import { type Case } from "../case.ts";
import { type Check, check } from "../checks.ts";
import { type ClaimOf, type Kind, LOGGED } from "../kind.ts";
import { type ClaimValue } from "../result.ts";
import * as acceptable from "./acceptable.ts";
import { parts } from "./endorsement.ts";
import * as genuine from "./genuine.ts";
import { CRL, ISSUERS, LEAF } from "./genuine.ts";
import { VLEK } from "./report.ts";

const needs = ["certificate_form"];
const GENUINE = [
  check("report_form", "cpu", "malformed trailing_data unsupported_version unsupported_algorithm", { reads: ["cpu"] }),
  check("collateral", LEAF, "collateral_missing"),
  check("crl_form", CRL, "malformed"),
  check("certificate_form", LEAF, "certificate_malformed", { needs: ["collateral"] }),
  check("certificate_chain", LEAF, "certificate_chain", { needs }),
  check("certificate_profile", LEAF, "certificate_profile", { needs }),
  check("certificate_dates", LEAF, "certificate_expired certificate_not_yet_valid", { needs }),
  check("root", ISSUERS, "root_not_pinned", { needs }),
  check(
    "revocation",
    CRL,
    "crl_missing crl_signature crl_expired crl_not_yet_valid certificate_revoked certificate_on_hold",
    { needs: [...needs, "crl_form"] },
  ),
  check("report_signature", "cpu", "report_signature", { needs: ["report_form", ...needs] }),
] as const;
const SIGNED = GENUINE.map((one) => one.name);

function own(name: string, reasons: string, more: readonly string[] = [], item = "cpu"): Check {
  return check(name, item, reasons, { needs: [...SIGNED, ...more] });
}

const CHECKS = [
  ...GENUINE,
  own("debug", "debug_enabled"),
  own("generation", "generation"),
  own("report_version", "report_version"),
  own("guest_policy", "guest_policy"),
  own("platform_info", "platform_info"),
  own("platform_info_clear", "platform_info"),
  own("vmpl", "vmpl"),
  own("signing_key", "signing_key"),
  own("id_key", "signing_key"),
  own("author_key", "signing_key"),
  own("chip_id", "chip_id_mismatch"),
  own("tcb", "tcb_mismatch"),
  own("tcb_floor", "tcb_below_floor"),
  own("abi_floor", "tcb_below_floor"),
  own("crl_rollback", "collateral_rollback", [], CRL),
  own("measurement", "measurement_mismatch", ["release_form"]),
  own("host_data", "measurement_mismatch", ["release_form"]),
  own("runtime_register", "event_log_replay"),
] as const;

function levels({ found }: Case, tcb: Bytes): ClaimValue {
  return Object.fromEntries([...parts(found.endorsement.product, tcb)].map(([name, level]) => [name, String(level)]));
}

function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function platform({ found: { endorsement, snpReport: report } }: Case): ClaimValue {
  const [launch, current] = report.mitigations ?? [];
  return {
    product: endorsement.product,
    platform_info: hexadecimal(report.platformInfo),
    signing_key: report.signingKey === VLEK ? "vlek" : "vcek",
    current_firmware: report.currentFirmware.join("."),
    committed_firmware: report.committedFirmware.join("."),
    ...(report.cpuid === null ? {} : { cpuid: report.cpuid.join(".") }),
    ...(launch === undefined ? {} : { launch_mitigations: hexadecimal(launch) }),
    ...(current === undefined ? {} : { current_mitigations: hexadecimal(current) }),
  };
}

const VALUES: Readonly<Record<string, (at: Case) => ClaimValue>> = {
  report_version: ({ found }) => found.snpReport.version,
  platform_details: platform,
  guest_policy: ({ found }) => hexadecimal(found.snpReport.policy),
  vmpl: ({ found }) => found.snpReport.vmpl,
  report_data: ({ found }) => toHex(found.snpReport.reportData),
  measurement: ({ found }) => toHex(found.snpReport.measurement),
  host_data: ({ found }) => toHex(found.snpReport.hostData),
  id_key_digest: ({ found }) => toHex(found.snpReport.idKeyDigest),
  author_key_digest: ({ found }) => toHex(found.snpReport.authorKeyDigest),
  chip_id: ({ found }) => toHex(found.snpReport.chipId),
  reported_tcb: (at) => levels(at, at.found.snpReport.reportedTcb),
  committed_tcb: (at) => levels(at, at.found.snpReport.committedTcb),
  launch_tcb: (at) => levels(at, at.found.snpReport.launchTcb),
};
const CLAIMS: Readonly<Record<string, ClaimOf>> = Object.fromEntries(
  Object.entries(VALUES).map(([name, value]) => [name, { item: "cpu", needs: SIGNED, value }]),
);

export const SEV_SNP: Kind = {
  name: "sev_snp",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: (policy) => new Set([...LOGGED, LEAF, ISSUERS, ...(policy.require_crl.sev_snp === true ? [CRL] : [])]),
  optional: () => new Set([CRL]),
};
