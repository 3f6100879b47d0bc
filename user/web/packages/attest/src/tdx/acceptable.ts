/**
 * Stages 6 to 9 of tdx: is this trust domain, on this platform, the one that policy and release want?
 *
 * Sources: Intel "TDX Module ABI" (TD attributes and XFAM), Intel "SGX PCK Certificate and CRL Profile"; specs/policy.md.
 */

import { allZero, equal, fromHex, toHex } from "@privity/protocol/bytes";

import { type Case, fails, type Finding, NotChecked, type Run } from "../case.ts";
import * as dcap from "../dcap/acceptable.ts";
import { moduleIdentity, statusOf } from "../dcap/acceptable.ts";
import { TD_DEBUG, type TdBody } from "../dcap/body.ts";
import * as genuine from "../dcap/genuine.ts";
import { moduleId, svnsOf } from "../dcap/rating.ts";
import { Fault } from "../errors.ts";
import * as eventLog from "../event_log.ts";
import { bitsOf } from "../little_endian.ts";
import * as measuredBoot from "../measured_boot.ts";
import { BootLogError, LAST_CCEL_REGISTER, SHA384 } from "../measured_boot.ts";
import { Unchecked } from "../schema.ts";

export const BOOT_LOG = "boot-log";
export const RUNTIME_LOG = "runtime-log";
export const RUNTIME_RTMR = 3;

/** The trust domain of the quote: `quote_form` lets no enclave through. */
export function bodyOf({ found }: Case): TdBody {
  const { body } = found.dcap.of("quote");
  if (body.tee === "sgx") throw new Fault("an enclave where quote_form lets only trust domains through");
  return body;
}

/** What a policy field leaves unchecked, with its author's reason. */
function unchecked({ reason }: Unchecked): NotChecked {
  return new NotChecked(`unchecked_by_policy:${reason}`);
}

/** Parse the log that firmware and boot loader left. */
const bootLogForm: Run = (at) => {
  if (!at.has(BOOT_LOG)) return new NotChecked("not_applicable:item");
  try {
    at.found.bootEvents = measuredBoot.decode(at.item(BOOT_LOG), SHA384);
  } catch (error) {
    if (error instanceof BootLogError) return [`malformed:${BOOT_LOG}`];
    throw error;
  }
  const strange = at.found.bootEvents.some((one) => one.register > LAST_CCEL_REGISTER);
  return fails(strange || at.bundle?.items.get(BOOT_LOG)?.mediaType !== "ccel", `malformed:${BOOT_LOG}`);
};

/** Every bit is one that the policy demands or admits; debug has a check of its own. */
const tdAttributes: Run = (at) => {
  const { must, never, may } = at.policy.tdx.attributes;
  const found = bitsOf(bodyOf(at).tdattributes);
  const refused = found.filter((bit) => !(must.includes(bit) || may.includes(bit)) || never.includes(bit));
  const faults = new Set([...refused, ...must.filter((bit) => !found.includes(bit))]);
  faults.delete(TD_DEBUG);
  return [...faults].sort((one, other) => one - other).map((bit) => `td_attributes:${String(bit)}`);
};

/** No processor state is enabled that the policy does not admit. */
const xfam: Run = (at) => {
  const allowed = bitsOf(fromHex(at.policy.tdx.xfam_allowed) ?? new Uint8Array(0));
  return bitsOf(bodyOf(at).xfam).filter((bit) => !allowed.includes(bit)).map((bit) => `xfam:${String(bit)}`);
};

/** No service domain is bound to this one, which could migrate it. */
const serviceTd: Run = (at) => {
  if (!at.policy.tdx.require_zero.includes("mrservicetd")) return new NotChecked("unchecked_by_policy:require_zero");
  return fails(!allZero(bodyOf(at).mrservicetd ?? new Uint8Array(0)), "service_td_present");
};

/** The platform is of a type that the policy names. */
const pckType: Run = (at) => {
  const types = at.policy.tdx.pck_types;
  if (types instanceof Unchecked) return unchecked(types);
  const { type } = at.found.dcap.of("pck");
  return fails(!types.includes(type), `pck_configuration:type-${String(type)}`);
};

/** The certificate says nothing of the platform that the policy does not admit. */
const pckConfiguration: Run = (at) => {
  const allowed = at.policy.tdx.pck_configuration;
  if (allowed instanceof Unchecked) return unchecked(allowed);
  const pck = at.found.dcap.of("pck");
  return [
    ...fails(pck.dynamicPlatform === true && !allowed.dynamic_platform, "pck_configuration:dynamic_platform"),
    ...fails(pck.cachedKeys === true && !allowed.cached_keys, "pck_configuration:cached_keys"),
    ...fails(pck.smt === true && !allowed.smt, "pck_configuration:smt"),
  ];
};

/** Intel's documents rest on a recent enough evaluation. */
const tcbFloor: Run = ({ policy, found }) => {
  const least = policy.tdx.min_tcb_evaluation;
  if (least instanceof Unchecked) return unchecked(least);
  return [
    ...fails(found.dcap.of("tcbInfo").evaluation < least, "tcb_below_floor:tcb_info"),
    ...fails(found.dcap.of("qeIdentity").evaluation < least, "tcb_below_floor:qe_identity"),
  ];
};

/** The TDX module has at least the SVN that the policy demands of its version. */
const moduleFloor: Run = (at) => {
  const least = at.policy.tdx.min_module_isvsvn;
  if (least instanceof Unchecked) return unchecked(least);
  const below = svnsOf(bodyOf(at)).filter((svn) => (svn[0] ?? 0) < (least.get(moduleId(svn)) ?? 0));
  return [...new Set(below.map((svn) => `tcb_below_floor:${moduleId(svn)}`))];
};

/** The status is one that the policy allows. */
const tcbStatus: Run = (at) => statusOf(at, at.policy.tdx.allowed_status, at.policy.tdx.grace_days);

/** No advisory that the policy refuses concerns this platform. */
const tcbAdvisory: Run = ({ found, policy }) => {
  const refused = found.dcap.of("rating").advisories.filter((one) => policy.tdx.refused_advisories.includes(one));
  return refused.map((one) => `tcb_advisory:${one}`);
};

/** The TDX module's measurement is one that the policy names. */
const mrseam: Run = (at) => {
  const named = at.policy.tdx.mrseam;
  if (named instanceof Unchecked) return unchecked(named);
  return fails(!named.includes(toHex(bodyOf(at).mrseam)), "measurement_mismatch:mrseam");
};

/** Firmware and machine are a pair that the release lists and the policy admits. */
const shape: Run = (at) => {
  const named = at.policy.tdx.shapes;
  const values = at.found.release.platforms.tdx;
  if (named instanceof Unchecked) return unchecked(named);
  if (values === undefined) return ["measurement_mismatch:platform"];
  const { mrtd, rtmr } = bodyOf(at);
  const admitted = values.shapes.filter((one) => named === "from_release" || named.includes(one.name));
  const ofFirmware = admitted.filter((one) => one.mrtd === toHex(mrtd));
  if (ofFirmware.length === 0) return ["measurement_mismatch:mrtd"];
  return fails(ofFirmware.every((one) => one.rtmr0 !== toHex(rtmr[0])), "measurement_mismatch:rtmr0");
};

function named(at: Case, name: "rtmr1" | "rtmr2" | "mrconfigid", value: string): Finding {
  const wanted = at.policy.tdx[name];
  if (wanted instanceof Unchecked) return unchecked(wanted);
  const listed = wanted === "from_release" ? (at.found.release.platforms.tdx?.[name] ?? []) : wanted;
  return fails(!listed.includes(value), `measurement_mismatch:${name}`);
}

/** The register of boot loader and kernel is one that release or policy names. */
const rtmr1: Run = (at) => named(at, "rtmr1", toHex(bodyOf(at).rtmr[1]));

/** The register of command line and initrd is one that release or policy names. */
const rtmr2: Run = (at) => named(at, "rtmr2", toHex(bodyOf(at).rtmr[2]));

/** What the host configured is what release or policy names. */
const mrconfigid: Run = (at) => named(at, "mrconfigid", toHex(bodyOf(at).mrconfigid));

/** What nobody is to set is not set. */
const zeroRegisters: Run = (at) => {
  const { mrowner, mrownerconfig } = bodyOf(at);
  const registers = { mrowner, mrownerconfig };
  return at.policy.tdx.require_zero.flatMap((name) => {
    return name === "mrservicetd" ? [] : fails(!allZero(registers[name]), `register_not_zero:${name}`);
  });
};

/** Replaying the boot log gives the quoted registers; beside a runtime log it extends none of the last one. */
const bootRegisters: Run = async (at) => {
  const found = await measuredBoot.replay(at.found.bootEvents, SHA384);
  const zero = new Uint8Array(SHA384.size);
  return bodyOf(at).rtmr.flatMap((quoted, index) => {
    const wanted = index === RUNTIME_RTMR && at.has(RUNTIME_LOG) ? zero : quoted;
    return fails(!equal(found.get(index + 1) ?? zero, wanted), `event_log_replay:rtmr${String(index)}`);
  });
};

/** Where the event type says so, a digest is the hash of what the log shows. */
const bootPayloads: Run = async ({ found }) => {
  const places = await measuredBoot.payloadFaults(found.bootEvents, SHA384);
  return places.map((place) => `event_log_payload:${BOOT_LOG}-${String(place)}`);
};

/** Replaying the runtime log gives the quoted runtime register. */
const runtimeRegister: Run = async (at) => {
  const wanted = at.policy.tdx.rtmr3;
  if (wanted instanceof Unchecked) return unchecked(wanted);
  const replayed = await eventLog.replay(at.found.events);
  return fails(!equal(replayed, bodyOf(at).rtmr[RUNTIME_RTMR]), `event_log_replay:rtmr${String(RUNTIME_RTMR)}`);
};

export const CHECKS: Readonly<Record<string, Run>> = {
  ...genuine.CHECKS,
  ...dcap.CHECKS,
  boot_log_form: bootLogForm,
  td_attributes: tdAttributes,
  xfam,
  service_td: serviceTd,
  pck_type: pckType,
  pck_configuration: pckConfiguration,
  tcb_floor: tcbFloor,
  module_floor: moduleFloor,
  module_identity: moduleIdentity,
  tcb_status: tcbStatus,
  tcb_advisory: tcbAdvisory,
  mrseam,
  shape,
  rtmr1,
  rtmr2,
  mrconfigid,
  zero_registers: zeroRegisters,
  boot_registers: bootRegisters,
  boot_payloads: bootPayloads,
  runtime_register: runtimeRegister,
};
