/** The checks of devices: one set per device of the bundle, the item being the device's label. */

import { toHex } from "@privity/protocol/bytes";

import { type Case, type DeviceRun } from "../case.ts";
import { type Check, check } from "../checks.ts";
import { type Claim, type ClaimValue } from "../result.ts";
import * as acceptable from "./acceptable.ts";
import { chipOf } from "./device.ts";
import * as genuine from "./genuine.ts";
import { driverOf, FIELD, text, vbiosOf } from "./spdm.ts";

const FORM = ["device_certificate_form"];
export const GENUINE: readonly string[] = [
  "device_form", ...FORM, "device_certificate_chain", "device_certificate_profile", "device_certificate_dates",
  "device_root", "device_revocation", "device_signature",
];
const ROLE = [...GENUINE, "device_role"];
const RELEASED = [...ROLE, "release_form"];
export const RUN: ReadonlyMap<string, DeviceRun> = new Map(Object.entries({ ...genuine.CHECKS, ...acceptable.CHECKS }));
const OCSP_FORM = check("ocsp_form", genuine.OCSP, "malformed trailing_data");

/** The checks of the devices under `labels`, in the order in which they run inside each stage. */
export function checksOf(labels: readonly string[]): readonly Check[] {
  return labels.length > 0 ? [OCSP_FORM, ...labels.flatMap(ofDevice)] : [];
}

/** What each genuine device says of itself, by label; `usable` says whether a check of an item is. */
export function claimsOf(at: Case, usable: (check: string, item: string) => boolean): ReadonlyMap<string, Claim> {
  const labels = [...at.devices.found.keys()].filter((label) => GENUINE.every((name) => usable(name, label)));
  return new Map(labels.map((label) => [label, { value: said(at, label), item: label }]));
}

function said(at: Case, label: string): ClaimValue {
  const { report } = at.device(label);
  const written = (kind: number, write: typeof text): string | undefined => {
    const value = report.opaque.get(kind);
    return value && write(value);
  };
  const values: Readonly<Record<string, string | undefined>> = {
    kind: chipOf(at.devicePath(label)),
    driver: driverOf(report),
    vbios: vbiosOf(report),
    project: written(FIELD.project, text),
    project_sku: written(FIELD.projectSku, text),
    chip_sku: written(FIELD.chipSku, text),
    firmware: written(FIELD.firmware, toHex),
    feature: written(FIELD.feature, toHex),
    measurements: String(report.measurements.size),
  };
  const known = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return Object.fromEntries(known);
}

function ofDevice(label: string): readonly Check[] {
  const of = (name: string, reasons: string, needs: readonly string[], reads: readonly string[] = []): Check => {
    return check(name, label, reasons, { needs, reads });
  };
  return [
    of("device_form", "malformed trailing_data unsupported_version", [], [label]),
    of("device_certificate_form", "certificate_malformed", ["device_form"]),
    of("device_certificate_chain", "certificate_chain", FORM),
    of("device_certificate_profile", "certificate_profile", FORM),
    of("device_certificate_dates", "certificate_expired certificate_not_yet_valid", FORM),
    of("device_root", "root_not_pinned", FORM),
    of(
      "device_revocation",
      "certificate_revoked certificate_on_hold ocsp_missing ocsp_signature ocsp_mismatch ocsp_expired ocsp_unknown",
      [...FORM, "ocsp_form"],
    ),
    of("device_signature", "evidence_signature", FORM),
    of("device_nonce", "device_nonce", [...GENUINE, "node_document"], ["node-document"]),
    of("device_role", "device_kind", GENUINE),
    of("device_kind", "device_kind", RELEASED),
    of("device_firmware", "firmware_identity", ROLE),
    of("device_firmware_listed", "firmware_identity", RELEASED),
    of("device_driver", "driver_not_allowed", RELEASED),
    of("device_vbios", "vbios_not_allowed", RELEASED),
    of("device_manifest_dates", "rim_expired", RELEASED),
    of("device_measurements", "rim_missing rim_conflict rim_mismatch", RELEASED),
  ];
}
