/** Stages 2 to 5 of SEV-SNP: did a chip under AMD's root sign this report, intact, and is nobody above it revoked? */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import { type Case, fails, NotChecked, type Run } from "../case.ts";
import * as crl from "../crl.ts";
import { DerError } from "../der.ts";
import { trustAnchors } from "../policy.ts";
import { BUILT_IN, isProduction } from "../roots/pins.ts";
import { Unchecked } from "../schema.ts";
import { isOn, P384, PSS384, SignatureInvalid, verifyRaw } from "../signature.ts";
import * as x509 from "../x509.ts";
import { endorsement } from "./endorsement.ts";
import * as report from "./report.ts";
import { ReportError } from "./report.ts";

export const LEAF = "snp-leaf";
export const ISSUERS = "snp-issuers";
export const CRL = "snp-crl";

/** Leaf, ASK or ASVK, ARK. */
type Chain = readonly [leaf: x509.Certificate, issuer: x509.Certificate, ark: x509.Certificate];

/** Parse the report. */
const reportForm: Run = (at) => {
  try {
    at.found.snpReport = report.decode(at.item("cpu"));
  } catch (error) {
    if (error instanceof ReportError) return [`${error.code}:cpu`];
    throw error;
  }
  at.found.reportData = at.found.snpReport.reportData;
  at.found.platformId = toHex(sha256(at.found.snpReport.chipId));
  return [];
};

/** The endorsement key's certificate and its issuers are there. */
const collateral: Run = (at) => {
  return [LEAF, ISSUERS].filter((label) => !at.has(label)).map((label) => `collateral_missing:${label}`);
};

/** Parse the revocation list if there is one; `revocation` decides whether one is due. */
const crlForm: Run = (at) => {
  at.found.snpCrl = null;
  if (!at.has(CRL)) return new NotChecked("not_applicable:no_list");
  try {
    at.found.snpCrl = crl.decode(at.item(CRL));
  } catch (error) {
    if (error instanceof DerError) return [`malformed:${CRL}`];
    throw error;
  }
  return [];
};

/** Parse the leaf and its two issuers, ASK or ASVK and ARK. */
const certificateForm: Run = (at) => {
  const leaf = decoded(at.item(LEAF));
  const [issuer = null, ark = null] = list(at.item(ISSUERS)).map(decoded);
  const wrong = issuer === null || ark === null;
  if (leaf === null || wrong) {
    return [
      ...fails(leaf === null, `certificate_malformed:${LEAF}`),
      ...fails(wrong, `certificate_malformed:${ISSUERS}`),
    ];
  }
  at.found.path = [leaf, issuer, ark];
  at.ends.push(...at.found.path.map((one) => one.notAfter));
  return [];
};

function list(data: Bytes): readonly Bytes[] {
  try {
    const value = cbor.decode(data);
    const entries = Array.isArray(value) ? (value as readonly cbor.Value[]) : [];
    return entries.length === 2 ? entries.filter((one) => one instanceof Uint8Array) : [];
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

function decoded(data: Bytes): x509.Certificate | null {
  try {
    return x509.decode(data);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function chain({ found }: Case): Chain {
  const [leaf, issuer = leaf, ark = issuer] = found.path;
  return [leaf, issuer, ark];
}

/** Each certificate is signed by the next, the root by itself. */
const certificateChain: Run = async ({ found }) => {
  try {
    for (const [index, one] of found.path.entries()) await x509.verifyIssued(one, found.path[index + 1] ?? one);
  } catch (error) {
    if (error instanceof SignatureInvalid) return [`certificate_chain:${LEAF}`];
    throw error;
  }
  return [];
};

/**
 * AMD's profile: a P-384 leaf that says which chip and firmware it is for, under RSA keys that may issue it.
 *
 * Leaves carry neither key usage nor basic constraints, so that nothing is asked of these beyond not contradicting.
 */
const certificateProfile: Run = (at) => {
  const [leaf, issuer, ark] = chain(at);
  try {
    at.found.endorsement = endorsement(leaf);
  } catch (error) {
    if (error instanceof DerError) return [`certificate_profile:${LEAF}`];
    throw error;
  }
  const { product } = at.found.endorsement;
  const usage = leaf.keyUsage?.has(x509.DIGITAL_SIGNATURE) ?? true;
  const rsa = "spki" in issuer.key && "spki" in ark.key && at.found.path.every((one) => one.scheme === PSS384);
  const known = at.found.path.every((one) => one.critical.size === 0);
  const pinned = (BUILT_IN.get("sev_snp") ?? []).find((one) => one.spki === ark.pin);
  return [
    ...fails(leaf.isCa || !usage || !isOn(P384, leaf.key), `certificate_profile:${LEAF}`),
    ...fails(x509.issuerFaults(at.found.path).length > 0 || !rsa || !known, `certificate_profile:${ISSUERS}`),
    ...fails((pinned?.name ?? product) !== product, "certificate_profile:product"),
  ];
};

/** Every certificate is valid now. */
const certificateDates: Run = ({ found, now }) => [
  ...fails(found.path.some((one) => now > one.notAfter), `certificate_expired:${LEAF}`),
  ...fails(found.path.some((one) => now < one.notBefore), `certificate_not_yet_valid:${LEAF}`),
];

/** The ARK is one that the policy names. */
const root: Run = (at) => {
  const [, , { pin }] = chain(at);
  if (!trustAnchors(at.policy, "sev_snp").has(pin)) return [`root_not_pinned:${ISSUERS}`];
  at.production = isProduction("sev_snp", pin);
  at.foreignRoot = !at.production;
  return [];
};

/**
 * The ARK's list is its own and current, and names neither the issuer nor the ARK.
 *
 * AMD revokes issuers only: a leaf has serial number 0, and a chip's key is renewed with its firmware.
 */
const revocation: Run = async (at) => {
  const demanded = at.policy.require_crl.sev_snp;
  if (demanded instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${demanded.reason}`);
  const found = at.found.snpCrl;
  if (found === null) return demanded ? [`crl_missing:${CRL}`] : new NotChecked("unchecked_by_policy:not demanded");
  const [, issuer, ark] = chain(at);
  try {
    await crl.verifyList(found, ark);
  } catch (error) {
    if (error instanceof SignatureInvalid) return [`crl_signature:${CRL}`];
    throw error;
  }
  at.ends.push(found.nextUpdate);
  at.seen.push(["crl_numbers", listName(at), found.number]);
  const reasons = [issuer, ark].map((one) => found.revoked.get(one.serial));
  return [
    ...fails(at.now > found.nextUpdate, `crl_expired:${CRL}`),
    ...fails(at.now < found.thisUpdate, `crl_not_yet_valid:${CRL}`),
    ...fails(reasons.some((one) => one !== undefined && one !== crl.ON_HOLD), `certificate_revoked:${ISSUERS}`),
    ...fails(reasons.includes(crl.ON_HOLD), `certificate_on_hold:${ISSUERS}`),
  ];
};

/** The name under which a client remembers the list's number: AMD lists ASK and ASVK apart. */
export function listName(at: Case): string {
  return `sev_snp/${chain(at)[1].pin}`;
}

/** The leaf's key signed the report; tried even when the chain fails. */
const reportSignature: Run = async ({ found }) => {
  const [{ key }] = found.path;
  try {
    if (!isOn(P384, key)) throw new SignatureInvalid("curve");
    await verifyRaw(P384, key.point, found.snpReport.signed, found.snpReport.signature);
  } catch (error) {
    if (error instanceof SignatureInvalid) return ["report_signature:cpu"];
    throw error;
  }
  return [];
};

export const CHECKS: Readonly<Record<string, Run>> = {
  report_form: reportForm,
  collateral,
  crl_form: crlForm,
  certificate_form: certificateForm,
  certificate_chain: certificateChain,
  certificate_profile: certificateProfile,
  certificate_dates: certificateDates,
  root,
  revocation,
  report_signature: reportSignature,
};
