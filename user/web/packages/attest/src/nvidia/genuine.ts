/** Stages 2 to 5 of one device: did NVIDIA's root vouch for the key that signed these measurements, intact? */

import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { type Case, type DeviceRun, fails, NotChecked } from "../case.ts";
import { DerError } from "../der.ts";
import { trustAnchors } from "../policy.ts";
import { isProduction } from "../roots/pins.ts";
import { Unchecked } from "../schema.ts";
import { isOn, P384, SignatureInvalid, verifyRaw } from "../signature.ts";
import * as x509 from "../x509.ts";
import { type Certificate } from "../x509.ts";
import * as device from "./device.ts";
import * as ocsp from "./ocsp.ts";
import { type Answer, type Response } from "./ocsp.ts";
import { SpdmError } from "./spdm.ts";

/** Leaf, the device's own issuer, provisioner, product family, root. */
export const CHAIN = 5;
export const MAX_RESPONSES = 64;
export const OCSP = "nvidia-ocsp";

/** Parse the responses that lie beside the devices; whether one is missing is judged device by device. */
const ocspForm: DeviceRun = (at, label) => {
  if (!at.has(label)) return new NotChecked("not_applicable:absent");
  try {
    const listed = cbor.decode(at.item(label));
    if (!Array.isArray(listed) || listed.length > MAX_RESPONSES) return [`malformed:${label}`];
    at.ocsp = (listed as readonly cbor.Value[]).map((one) => {
      return ocsp.decode(one instanceof Uint8Array ? one : new Uint8Array(0));
    });
  } catch (error) {
    if (error instanceof DerError) return [`malformed:${label}`];
    if (!(error instanceof Malformed)) throw error;
    return [`${error.reason === "trailing_data" ? "trailing_data" : "malformed"}:${label}`];
  }
  return [];
};

/** Parse the messages and take the certificates apart. */
const deviceForm: DeviceRun = (at, label) => {
  try {
    at.devices.found.set(label, device.decode(at.item(label)));
  } catch (error) {
    if (error instanceof SpdmError) return [`${error.code}:${label}`];
    throw error;
  }
  return [];
};

/** Parse the chain. */
const certificateForm: DeviceRun = (at, label) => {
  const one = at.device(label);
  const [leaf, ...issuers] = one.chain;
  try {
    one.path = [at.devices.certificate(leaf), ...issuers.map((data) => at.devices.certificate(data))];
  } catch (error) {
    if (error instanceof DerError) return [`certificate_malformed:${label}`];
    throw error;
  }
  at.ends.push(...one.path.map((certificate) => certificate.notAfter));
  return [];
};

/** Five certificates, each signed by the next, the root by itself. */
const certificateChain: DeviceRun = async (at, label) => {
  const { chain } = at.device(label);
  let whole = chain.length === CHAIN;
  for (const [index, one] of chain.entries()) {
    whole = whole && await at.devices.issued(one, chain[index + 1] ?? one);
  }
  return fails(!whole, `certificate_chain:${label}`);
};

/** Usages, path lengths, critical extensions, and P-384 at the leaf. */
const certificateProfile: DeviceRun = (at, label) => {
  const path = at.devicePath(label);
  return fails(x509.chainFaults(path).length > 0 || !isOn(P384, path[0].key), `certificate_profile:${label}`);
};

/** Every certificate is valid now; those of devices end in 9999. */
const certificateDates: DeviceRun = (at, label) => {
  const path = at.devicePath(label);
  return [
    ...fails(path.some((one) => at.now > one.notAfter), `certificate_expired:${label}`),
    ...fails(path.some((one) => at.now < one.notBefore), `certificate_not_yet_valid:${label}`),
  ];
};

/** The root is one that the policy trusts for devices. */
const root: DeviceRun = (at, label) => {
  const path = at.devicePath(label);
  const { pin } = path.at(-1) ?? path[0];
  if (!trustAnchors(at.policy, "nvidia").has(pin)) return [`root_not_pinned:${label}`];
  at.foreignRoot ||= !isProduction("nvidia", pin);
  return [];
};

type Found = readonly (readonly [Response, Answer])[];

/** What OCSP says of every certificate between leaf and root. The device makes its leaf; nobody else knows it. */
const revocation: DeviceRun = async (at, label) => {
  const required = at.policy.gpu.require_ocsp;
  if (required instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${required.reason}`);
  const [, ...above] = at.devicePath(label);
  const judged: (readonly [Certificate, Certificate, Found])[] = [];
  for (const [index, one] of above.entries()) {
    const issuer = above[index + 1];
    if (issuer !== undefined) judged.push([one, issuer, await about(at, one, issuer)]);
  }
  if (!required && judged.every(([, , found]) => found.length === 0)) {
    return new NotChecked("unchecked_by_policy:OCSP is not required");
  }
  const reasons = new Set<string>();
  for (const [index, [one, issuer, found]] of judged.entries()) {
    const codes = found.length > 0 ? await faults(at, found, issuer) : fails(required, absence(at, one));
    for (const code of codes) reasons.add(`${code}:${label}:${String(index + 1)}`);
  }
  return [...reasons];
};

async function about({ ocsp: responses }: Case, one: Certificate, issuer: Certificate): Promise<Found> {
  const found: (readonly [Response, Answer])[] = [];
  for (const [response, answer] of responses.flatMap((each) => each.answers.map((answer) => [each, answer] as const))) {
    if (await ocsp.isAbout(answer, one.serial, issuer)) found.push([response, answer]);
  }
  return found;
}

/** Whether nothing is said of `one`, or something of its number under another issuer. */
function absence({ ocsp: responses }: Case, one: Certificate): string {
  const named = responses.some(({ answers }) => answers.some((answer) => answer.serial === one.serial));
  return named ? "ocsp_mismatch" : "ocsp_missing";
}

/** What is wrong with the answers about one certificate: all of them count, not the best one. */
async function faults(at: Case, found: Found, issuer: Certificate): Promise<readonly string[]> {
  const codes: string[] = [];
  for (const [response, answer] of found) codes.push(...await fault(at, response, answer, issuer));
  return codes;
}

async function fault(at: Case, response: Response, answer: Answer, issuer: Certificate): Promise<readonly string[]> {
  if (!await at.devices.answered(response, issuer, at.now)) return ["ocsp_signature"];
  const { nextUpdate, thisUpdate, status, reason } = answer;
  const age = at.policy.max_collateral_age;
  if (nextUpdate === null) return ["ocsp_expired"];
  const end = age instanceof Unchecked ? nextUpdate : Math.min(nextUpdate, thisUpdate + age);
  if (thisUpdate - at.policy.clock_skew > at.now || at.now > end) return ["ocsp_expired"];
  at.ends.push(end);
  if (status === "revoked" && reason === ocsp.ON_HOLD) return fails(!at.policy.gpu.allow_hold, "certificate_on_hold");
  return { good: [], revoked: ["certificate_revoked"], unknown: ["ocsp_unknown"] }[status];
}

/** The leaf's key signed both messages; tried even when the chain fails. */
const signature: DeviceRun = async (at, label) => {
  const { report } = at.device(label);
  const [{ key }] = at.devicePath(label);
  if (!isOn(P384, key)) return [`evidence_signature:${label}`];
  try {
    await verifyRaw(P384, key.point, report.signed, report.signature);
  } catch (error) {
    if (error instanceof SignatureInvalid) return [`evidence_signature:${label}`];
    throw error;
  }
  return [];
};

export const CHECKS: Readonly<Record<string, DeviceRun>> = {
  ocsp_form: ocspForm,
  device_form: deviceForm,
  device_certificate_form: certificateForm,
  device_certificate_chain: certificateChain,
  device_certificate_profile: certificateProfile,
  device_certificate_dates: certificateDates,
  device_root: root,
  device_revocation: revocation,
  device_signature: signature,
};
