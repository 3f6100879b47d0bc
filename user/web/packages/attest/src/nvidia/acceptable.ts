/** Stage 11 of one device: does it answer this node, and is it what policy and release want? */

import * as binding from "@privity/protocol/binding";
import { equal, toHex } from "@privity/protocol/bytes";

import { type Case, type DeviceRun, fails, type Finding, NotChecked } from "../case.ts";
import { type Golden } from "../reference_values.ts";
import { Unchecked } from "../schema.ts";
import { chipOf, firmwareIdentity, isSwitch } from "./device.ts";
import { driverOf, FIELD, madeBySwitch, vbiosOf } from "./spdm.ts";

const DAY = 86_400;
/** The measurement of the video decoder NVDEC0, which means nothing where that engine is switched off. */
export const ENGINE = 36;
const SWITCHED_OFF = Uint8Array.of(0x55);
const A_SWITCH = new NotChecked("not_applicable:switch");

/** The device was asked with the nonce of this node document. */
const nonce: DeviceRun = async (at, label) => {
  const { pk, node, nonce: asked } = at.found.nodeDocument;
  const due = await binding.deviceNonce(pk, node, asked);
  return fails(!equal(at.device(label).report.nonce, due), `device_nonce:${label}`);
};

/** A GPU lies under a GPU's label, a switch under a switch's. */
const role: DeviceRun = (at, label) => {
  return fails(madeBySwitch(at.device(label).report) !== isSwitch(label), `device_kind:${label}:role`);
};

/** The chip is one that may be here. */
const kind: DeviceRun = (at, label) => {
  return listed(at, "device_kinds", chipOf(at.devicePath(label)), `device_kind:${label}`);
};

/** The firmware that reports is the firmware that the leaf's key was made for. */
const firmware: DeviceRun = (at, label) => {
  if (isSwitch(label)) return A_SWITCH;
  const reported = at.device(label).report.opaque.get(FIELD.firmware);
  const certified = firmwareIdentity(at.devicePath(label)[0]);
  const same = reported !== undefined && certified !== null && equal(reported, certified);
  return fails(!same, `firmware_identity:${label}`);
};

/** The firmware is one that may run. */
const firmwareListed: DeviceRun = (at, label) => {
  if (isSwitch(label)) return A_SWITCH;
  const reported = at.device(label).report.opaque.get(FIELD.firmware);
  return listed(at, "firmware_ids", reported && toHex(reported), `firmware_identity:${label}:not_listed`);
};

/** The driver is one that may run. */
const driver: DeviceRun = (at, label) => {
  if (isSwitch(label)) return A_SWITCH;
  return listed(at, "drivers", driverOf(at.device(label).report), `driver_not_allowed:${label}`);
};

/** The VBIOS is one that may run. */
const vbios: DeviceRun = (at, label) => {
  return listed(at, "vbios", vbiosOf(at.device(label).report), `vbios_not_allowed:${label}`);
};

/** The signers of the manifests have not been expired for longer than the policy takes. */
const manifestDates: DeviceRun = (at, label) => {
  const { rim_expired_days: days, golden: wanted } = at.policy.gpu;
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  if (days instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${days.reason}`);
  const late = manifests(at, label).filter((one) => at.now > one.expires + days * DAY);
  return late.map((one) => `rim_expired:${label}:${one.version}`);
};

/** Every measurement that a manifest of this device names is one of the hashes that it allows there. */
const measurements: DeviceRun = (at, label) => {
  const wanted = at.policy.gpu.golden;
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  const found = manifests(at, label);
  const described = new Set(found.filter((one) => one.values.size > 0).map((one) => one.version));
  const missing = parts(at, label).filter(([, version]) => version === undefined || !described.has(version));
  if (missing.length > 0) return missing.map(([part]) => `rim_missing:${label}:${part}`);
  const named = found.flatMap((one) => [...one.values.keys()]).map(Number).sort((one, other) => one - other);
  const conflicts = new Set(named.filter((index, place) => named[place - 1] === index));
  if (conflicts.size > 0) return [...conflicts].map((index) => `rim_conflict:${label}:${String(index)}`);
  const { report } = at.device(label);
  const decoder = report.opaque.get(FIELD.nvdec0);
  const off = decoder !== undefined && equal(decoder, SWITCHED_OFF);
  const allowed = new Map(found.flatMap((one) => [...one.values]));
  const wrong = named.filter((index) => {
    const value = report.measurements.get(index);
    const right = value !== undefined && allowed.get(String(index))?.includes(toHex(value)) === true;
    return !right && !(off && index === ENGINE);
  });
  return wrong.map((index) => `rim_mismatch:${label}:${String(index)}`);
};

/** The parts of a device that a manifest must describe, and their versions. */
function parts(at: Case, label: string): readonly (readonly [string, string | undefined])[] {
  const { report } = at.device(label);
  const own = ["vbios", vbiosOf(report)] as const;
  return madeBySwitch(report) ? [own] : [["driver", driverOf(report)], own];
}

/** The golden values for this device; none where no release was given. */
function manifests(at: Case, label: string): readonly Golden[] {
  const chip = chipOf(at.devicePath(label));
  const versions = parts(at, label).map(([, version]) => version);
  const wanted = at.policy.gpu.golden;
  const rims = wanted instanceof Unchecked || wanted === "from_release" ? null : wanted;
  const all = at.hasRelease ? (at.found.release.platforms.gpu?.golden ?? []) : [];
  const described = all.filter((one) => one.device === chip && versions.includes(one.version));
  return described.filter((one) => rims === null || rims.includes(one.rim));
}

type Named = "device_kinds" | "drivers" | "vbios" | "firmware_ids";

function listed(at: Case, field: Named, value: string | undefined, reason: string): Finding {
  const wanted = at.policy.gpu[field];
  if (wanted instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${wanted.reason}`);
  const allowed = wanted === "from_release" ? (at.found.release.platforms.gpu?.[field] ?? []) : wanted;
  return fails(value === undefined || !allowed.includes(value), reason);
}

export const CHECKS: Readonly<Record<string, DeviceRun>> = {
  device_nonce: nonce,
  device_role: role,
  device_kind: kind,
  device_firmware: firmware,
  device_firmware_listed: firmwareListed,
  device_driver: driver,
  device_vbios: vbios,
  device_manifest_dates: manifestDates,
  device_measurements: measurements,
};
