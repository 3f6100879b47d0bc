/** Stages 6 to 9 of SEV-SNP: does the policy want this processor, firmware, guest policy and measurement? */

import { sha256 } from "@noble/hashes/sha2.js";
import { allZero, concat, equal, toHex } from "@privity/protocol/bytes";

import { fails, NotChecked, type Run } from "../case.ts";
import { Unchecked } from "../schema.ts";
import { HWID, LAYOUTS, parts, productOf } from "./endorsement.ts";
import { CRL, listName } from "./genuine.ts";
import { VCEK, VLEK } from "./report.ts";

export const MUST_BE_ONE = 17;
export const DEBUG = 19;
/** Guest policy bits from here on have no meaning in the ABI that this verifier was written for. */
export const KNOWN_BITS = 26;
const UNKNOWN_BITS = Array.from({ length: 64 - KNOWN_BITS }, (_, index) => KNOWN_BITS + index);

function unchecked(field: Unchecked): NotChecked {
  return new NotChecked(`unchecked_by_policy:${field.reason}`);
}

function isSet(bits: bigint, bit: number): boolean {
  return ((bits >> BigInt(bit)) & 1n) === 1n;
}

function ascending(bits: Iterable<number>): readonly number[] {
  return [...new Set(bits)].sort((one, other) => one - other);
}

/** A debug guest can be read by its host. */
const debug: Run = ({ found }) => fails(isSet(found.snpReport.policy, DEBUG), "debug_enabled");

/** The product is wanted, and the processor that the report names is of it. Version 2 names none. */
const generation: Run = ({ found, policy }) => {
  const { product } = found.endorsement;
  const { cpuid } = found.snpReport;
  return [
    ...fails(!policy.snp.generations.includes(product), `generation:${product}`),
    ...fails(cpuid !== null && productOf(cpuid[0], cpuid[1]) !== product, "generation:cpuid"),
  ];
};

/** The report is recent enough to say what the policy asks. */
const reportVersion: Run = ({ found: { snpReport: { version } }, policy }) => {
  const least = policy.snp.min_report_version;
  if (least instanceof Unchecked) return unchecked(least);
  return fails(version < least, `report_version:${String(version)}`);
};

/** What the guest's owner allowed the host at launch; a bit that nobody knows might allow anything. */
const guestPolicy: Run = ({ found, policy: { snp } }) => {
  const bits = found.snpReport.policy;
  const missing = [MUST_BE_ONE, ...snp.policy_must].filter((bit) => !isSet(bits, bit));
  const wrong = [...missing, ...[...snp.policy_must_not, ...UNKNOWN_BITS].filter((bit) => isSet(bits, bit))];
  // Debug has its own reason.
  return ascending(wrong.filter((bit) => bit !== DEBUG)).map((bit) => `guest_policy:${String(bit)}`);
};

/** What the platform must have done; bits that nobody asks about are ignored. */
const platformInfo: Run = ({ found, policy }) => {
  const due = policy.snp.platform_info_must;
  if (due instanceof Unchecked) return unchecked(due);
  const wrong = due.filter((bit) => !isSet(found.snpReport.platformInfo, bit));
  return ascending(wrong).map((bit) => `platform_info:${String(bit)}`);
};

/** What the platform must not have enabled. */
const platformInfoClear: Run = ({ found, policy }) => {
  const never = policy.snp.platform_info_must_not;
  if (never instanceof Unchecked) return unchecked(never);
  const wrong = never.filter((bit) => isSet(found.snpReport.platformInfo, bit));
  return ascending(wrong).map((bit) => `platform_info:${String(bit)}`);
};

/** The report was asked for at a privilege level that the policy names. */
const vmpl: Run = ({ found, policy }) => {
  const level = found.snpReport.vmpl;
  return fails(!policy.snp.vmpl.includes(level), `vmpl:${String(level)}`);
};

/** The key is of the sort that the report names and the policy allows. */
const signingKey: Run = ({ found, policy }) => {
  const sort = found.endorsement.hwid === null ? VLEK : VCEK;
  return [
    ...fails(found.snpReport.signingKey !== sort, "signing_key:certificate"),
    ...fails(sort === VLEK && !policy.snp.allow_vlek, "signing_key:vlek"),
  ];
};

/** The launch was signed by a key that the policy names. */
const idKey: Run = ({ found, policy }) => {
  const keys = policy.snp.id_keys;
  if (keys instanceof Unchecked) return unchecked(keys);
  return fails(!keys.includes(toHex(found.snpReport.idKeyDigest)), "signing_key:id_key");
};

/** The key that signed the launch was certified by an author whom the policy names. */
const authorKey: Run = ({ found, policy }) => {
  const keys = policy.snp.author_keys;
  if (keys instanceof Unchecked) return unchecked(keys);
  const known = found.snpReport.authorKeyEnabled && keys.includes(toHex(found.snpReport.authorKeyDigest));
  return fails(!known, "signing_key:author_key");
};

/** The report names the chip that the certificate is for, or masks it where the policy allows that. */
const chipId: Run = ({ found, policy }) => {
  const named = found.snpReport.chipId;
  const { hwid } = found.endorsement;
  if (allZero(named)) return fails(!policy.snp.allow_masked_chip, "chip_id_mismatch:masked");
  if (hwid === null) return new NotChecked("not_applicable:loaded key is not a chip's");
  return fails(!equal(named, concat(hwid, new Uint8Array(HWID - hwid.length))), "chip_id_mismatch");
};

/** The certificate is for the firmware that the report reports, reserved bytes included. */
const tcb: Run = ({ found: { endorsement, snpReport } }) => {
  const wrong = LAYOUTS[endorsement.product].filter((_, at) => endorsement.tcb[at] !== snpReport.reportedTcb[at]);
  return wrong.map((name) => `tcb_mismatch:${name}`);
};

/** Reported, committed and launch firmware are new enough: AMD signs no status, so the policy's numbers decide. */
const tcbFloor: Run = ({ found: { endorsement: { product }, snpReport }, policy }) => {
  const floors = policy.snp.min_tcb;
  if (floors instanceof Unchecked) return unchecked(floors);
  const floor = floors.get(product);
  if (floor === undefined) return [`tcb_below_floor:${product}`];
  const versions = [
    ["reported", snpReport.reportedTcb], ["committed", snpReport.committedTcb], ["launch", snpReport.launchTcb],
  ] as const;
  return versions.flatMap(([name, version]) => {
    const levels = parts(product, version);
    const below = [...floor].filter(([part, least]) => (levels.get(part) ?? -1) < least);
    return below.map(([part]) => `tcb_below_floor:${name}.${part}`).sort();
  });
};

/** Current and committed firmware implement an ABI that is new enough. */
const abiFloor: Run = ({ found: { endorsement: { product }, snpReport }, policy }) => {
  const floors = policy.snp.min_abi;
  if (floors instanceof Unchecked) return unchecked(floors);
  const floor = floors.get(product);
  if (floor === undefined) return [`tcb_below_floor:${product}`];
  const versions = [["current", snpReport.currentFirmware], ["committed", snpReport.committedFirmware]] as const;
  const [major = 0, minor = 0] = floor;
  const below = versions.filter(([, found]) => found[0] < major || (found[0] === major && found[1] < minor));
  return below.map(([name]) => `tcb_below_floor:${name}.abi`);
};

/** The revocation list is no older than one that this client has seen. */
const crlRollback: Run = (at) => {
  const { snpCrl } = at.found;
  if (snpCrl === null || at.policy.require_crl.sev_snp instanceof Unchecked) {
    return new NotChecked("not_applicable:no_list");
  }
  const seen = at.given.memory.crl_numbers.get(listName(at)) ?? 0;
  return fails(snpCrl.number < seen, `collateral_rollback:${CRL}`);
};

/** The launch digest is one of the release, for one of its vCPU types and counts. */
const measurement: Run = ({ found, policy }) => {
  const wanted = policy.snp.measurement;
  const released = found.release.platforms.sev_snp;
  if (released === undefined) return ["measurement_mismatch:platform"];
  const allowed = wanted === "from_release" ? released.measurement : wanted;
  return fails(!allowed.includes(toHex(found.snpReport.measurement)), "measurement_mismatch:measurement");
};

/** What the host passed to the launch is what the release or the policy names. */
const hostData: Run = ({ found, policy }) => {
  const wanted = policy.snp.host_data;
  const released = found.release.platforms.sev_snp;
  if (wanted instanceof Unchecked) return unchecked(wanted);
  if (released === undefined) return ["measurement_mismatch:platform"];
  const allowed = wanted === "from_release" ? released.host_data : wanted;
  return fails(!allowed.includes(toHex(found.snpReport.hostData)), "measurement_mismatch:host_data");
};

/** There is none on SEV-SNP: the record says where the configuration is bound instead. */
const runtimeRegister: Run = (at) => {
  const configuration = at.has("configuration") ? sha256(at.item("configuration")) : new Uint8Array(0);
  const inHostData = equal(at.found.snpReport.hostData, configuration);
  const where = inHostData ? "host data and node document" : "node document only";
  return new NotChecked(`not_applicable:no runtime register; configuration in ${where}`);
};

export const CHECKS: Readonly<Record<string, Run>> = {
  debug,
  generation,
  report_version: reportVersion,
  guest_policy: guestPolicy,
  platform_info: platformInfo,
  platform_info_clear: platformInfoClear,
  vmpl,
  signing_key: signingKey,
  id_key: idKey,
  author_key: authorKey,
  chip_id: chipId,
  tcb,
  tcb_floor: tcbFloor,
  abi_floor: abiFloor,
  crl_rollback: crlRollback,
  measurement,
  host_data: hostData,
  runtime_register: runtimeRegister,
};
