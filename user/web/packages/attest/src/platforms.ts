/** The policy's sections for hardware kinds. Source: specs/policy.md. */

import { type Json } from "@privity/protocol/canonical";

import {
  boolean, digest, fromReleaseOr, integer, isUnchecked, listOf, mapOf, mayBeUnchecked, type Of, oneOf, readUnchecked,
  required, section, text, type Unchecked,
} from "./schema.ts";

export const NAME = /^[a-z0-9][a-z0-9._-]*$/;
/** "Revoked" is no choice: it is never acceptable. */
export const TCB_STATUS = [
  "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded", "OutOfDate",
  "OutOfDateConfigurationNeeded",
] as const;
export type TcbStatus = (typeof TCB_STATUS)[number];
const ADVISORY = /^INTEL-[A-Z]+-[0-9]{5}$/;
const REGISTER = /^(?:[0-9]|[12][0-9]|3[01])$/;
const GENERATION = /^(?:milan|genoa|turin)$/;
const STATUS = listOf(oneOf(...TCB_STATUS));
const BITS = listOf(integer(0, 63));
const DIGESTS_48 = listOf(digest(48));
const DIGESTS_32 = listOf(digest(32));
const MEASUREMENTS = listOf(digest(32, 48, 64));
const NAMES = listOf(text(64, NAME));
/** How NVIDIA writes chips and versions: `GH100`, `550.90.07`, `96.00.9F.00.01`. */
export const PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const PARTS = listOf(text(64, PART));

/** Intel TDX. `attributes` are bits of tdattributes: those that must be set, must not, may be either; all others refuse. */
export const TDX = {
  allowed_status: required(STATUS),
  grace_days: required(integer(0, 90)),
  refused_advisories: required(listOf(text(32, ADVISORY))),
  min_tcb_evaluation: mayBeUnchecked(integer()),
  min_module_isvsvn: mayBeUnchecked(mapOf(integer(0, 255), /^TDX_[0-9A-F]{2}$/)),
  mrseam: mayBeUnchecked(DIGESTS_48),
  attributes: required(section({ must: required(BITS), never: required(BITS), may: required(BITS) })),
  xfam_allowed: required(digest(8)),
  require_zero: required(listOf(oneOf("mrservicetd", "mrowner", "mrownerconfig"))),
  shapes: mayBeUnchecked(fromReleaseOr(NAMES)),
  rtmr1: mayBeUnchecked(fromReleaseOr(DIGESTS_48)),
  rtmr2: mayBeUnchecked(fromReleaseOr(DIGESTS_48)),
  rtmr3: mayBeUnchecked(oneOf("by_replay")),
  mrconfigid: mayBeUnchecked(fromReleaseOr(DIGESTS_48)),
  pck_types: mayBeUnchecked(listOf(integer(0, 2))),
  pck_configuration: mayBeUnchecked(
    section({ dynamic_platform: required(boolean), cached_keys: required(boolean), smt: required(boolean) }),
  ),
};
export type Tdx = Of<typeof TDX>;

/** Intel SGX, an enclave by its measurement or by its signer. Debug is always refused. */
export const SGX = {
  allowed_status: required(STATUS),
  mrenclave: mayBeUnchecked(fromReleaseOr(DIGESTS_32)),
  signers: mayBeUnchecked(listOf(section({
    mrsigner: required(digest(32)),
    prodid: required(integer(0, 0xffff)),
    min_isvsvn: required(integer(0, 0xffff)),
  }))),
};
export type Sgx = Of<typeof SGX>;

/** AMD SEV-SNP. */
export const SNP = {
  generations: required(listOf(oneOf("milan", "genoa", "turin"))),
  min_report_version: mayBeUnchecked(integer(2, 16)),
  min_tcb: mayBeUnchecked(mapOf(mapOf(integer(0, 255), /^(?:fmc|bootloader|tee|snp|microcode)$/), GENERATION)),
  min_abi: mayBeUnchecked(mapOf(listOf(integer(0, 255), 2), GENERATION)),
  policy_must: required(BITS),
  policy_must_not: required(BITS),
  platform_info_must: mayBeUnchecked(BITS),
  platform_info_must_not: mayBeUnchecked(BITS),
  vmpl: required(listOf(integer(0, 3))),
  allow_vlek: required(boolean),
  allow_masked_chip: required(boolean),
  measurement: required(fromReleaseOr(DIGESTS_48)),
  host_data: mayBeUnchecked(fromReleaseOr(DIGESTS_32)),
  id_keys: mayBeUnchecked(DIGESTS_48),
  author_keys: mayBeUnchecked(DIGESTS_48),
};
export type Snp = Of<typeof SNP>;

/** How one register of a Nitro document is judged. */
export type Pcr = "by_replay" | "from_release" | readonly string[] | Unchecked;

function pcr(value: Json, what: string): Pcr {
  if (isUnchecked(value)) return readUnchecked(value, what);
  return value === "by_replay" ? value : fromReleaseOr(DIGESTS_48)(value, what);
}

/** AWS Nitro Enclaves: PCR index to how it is judged. */
export const NITRO = { pcrs: required(mapOf(pcr, REGISTER)) };
export type Nitro = Of<typeof NITRO>;

/** NVIDIA GPUs and switches; none is an explicit 0. */
export const GPU = {
  count: required(fromReleaseOr(integer(0, 16))),
  switches: required(fromReleaseOr(integer(0, 16))),
  device_kinds: mayBeUnchecked(fromReleaseOr(PARTS)),
  drivers: mayBeUnchecked(fromReleaseOr(PARTS)),
  vbios: mayBeUnchecked(fromReleaseOr(PARTS)),
  firmware_ids: mayBeUnchecked(fromReleaseOr(DIGESTS_48)),
  golden: mayBeUnchecked(fromReleaseOr(DIGESTS_32)),
  require_ocsp: mayBeUnchecked(boolean),
  allow_hold: required(boolean),
  rim_expired_days: mayBeUnchecked(integer(0, 3650)),
};
export type Gpu = Of<typeof GPU>;

/** PSA and CCA tokens: nothing is accepted until it is named. */
export const ARM = {
  implementation_ids: mayBeUnchecked(DIGESTS_32),
  lifecycle: required(listOf(integer(0, 0xffff))),
  components: mayBeUnchecked(MEASUREMENTS),
  partitions: mayBeUnchecked(listOf(integer())),
  rim: mayBeUnchecked(MEASUREMENTS),
  rem: mayBeUnchecked(MEASUREMENTS),
};
export type Arm = Of<typeof ARM>;
