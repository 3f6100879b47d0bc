/** Stages 2 to 5 of Nitro: did the hypervisor sign this document under AWS's root, intact and now? */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";

import { fails, NotChecked, type Run } from "../case.ts";
import * as cose from "../cose.ts";
import { CoseError } from "../cose.ts";
import { DerError } from "../der.ts";
import { trustAnchors } from "../policy.ts";
import { isProduction } from "../roots/pins.ts";
import { Unchecked } from "../schema.ts";
import { isOn, P384, SignatureInvalid } from "../signature.ts";
import * as x509 from "../x509.ts";
import * as document from "./document.ts";

/** Parse the COSE_Sign1, tagged or not, and its payload. */
const documentForm: Run = (at) => {
  try {
    at.found.sign1 = cose.decode(at.item("cpu"), { tagged: true });
    at.found.nitro = document.decode(at.found.sign1.payload);
  } catch (error) {
    if (error instanceof CoseError) return [`${error.code}:cpu`];
    if (error instanceof Malformed) return [error.reason === "trailing_data" ? "trailing_data:cpu" : "malformed:cpu"];
    throw error;
  }
  at.found.reportData = at.found.nitro.userData ?? new Uint8Array(0);
  at.found.platformId = toHex(sha256(ascii(document.instance(at.found.nitro.moduleId))));
  return fails(at.found.sign1.curve !== P384, "unsupported_algorithm:cpu");
};

/** Parse the leaf. */
const leafForm: Run = (at) => {
  try {
    at.found.path = [x509.decode(at.found.nitro.certificate)];
  } catch (error) {
    if (error instanceof DerError) return ["certificate_malformed:leaf"];
    throw error;
  }
  return [];
};

/** Parse the issuers; the document lists the root first, the path is leaf first. */
const certificateForm: Run = (at) => {
  const { found: { nitro: { cabundle }, path } } = at;
  try {
    at.found.path = [path[0], ...cabundle.toReversed().map((der) => x509.decode(der))];
  } catch (error) {
    if (error instanceof DerError) return ["certificate_malformed:cabundle"];
    throw error;
  }
  at.ends.push(...at.found.path.map((one) => one.notAfter));
  return [];
};

/** Each certificate is signed by the next, the root by itself. */
const certificateChain: Run = async ({ found }) => {
  try {
    for (const [index, one] of found.path.entries()) await x509.verifyIssued(one, found.path[index + 1] ?? one);
  } catch (error) {
    if (error instanceof SignatureInvalid) return ["certificate_chain:cpu"];
    throw error;
  }
  return [];
};

/** Usages, CA flags, path lengths, critical extensions, and P-384 throughout. */
const certificateProfile: Run = ({ found: { path } }) => {
  const wrong = x509.chainFaults(path).length > 0 || path.some((one) => !isOn(P384, one.key));
  return fails(wrong, "certificate_profile:cpu");
};

/** Every certificate is valid now. */
const certificateDates: Run = ({ found, now }) => [
  ...fails(found.path.some((one) => now > one.notAfter), "certificate_expired:cpu"),
  ...fails(found.path.some((one) => now < one.notBefore), "certificate_not_yet_valid:cpu"),
];

/** The root is one that the policy names. */
const root: Run = (at) => {
  const { pin } = at.found.path.at(-1) ?? at.found.path[0];
  if (!trustAnchors(at.policy, "nitro").has(pin)) return ["root_not_pinned:cpu"];
  at.production = isProduction("nitro", pin);
  at.foreignRoot = !at.production;
  return [];
};

/** A bundle brings no list for AWS's short-lived certificates: a policy that demands one refuses. */
const revocation: Run = ({ policy }) => {
  const demanded = policy.require_crl.nitro;
  if (demanded instanceof Unchecked) return new NotChecked(`unchecked_by_policy:${demanded.reason}`);
  return demanded ? ["crl_missing:cpu"] : new NotChecked("unchecked_by_policy:not demanded");
};

/** The leaf's key signed the document; tried even when the chain fails. */
const documentSignature: Run = async ({ found }) => {
  try {
    await cose.verify(found.sign1, found.path[0].key);
  } catch (error) {
    if (error instanceof SignatureInvalid) return ["document_signature:cpu"];
    throw error;
  }
  return [];
};

export const CHECKS: Readonly<Record<string, Run>> = {
  document_form: documentForm,
  leaf_form: leafForm,
  certificate_form: certificateForm,
  certificate_chain: certificateChain,
  certificate_profile: certificateProfile,
  certificate_dates: certificateDates,
  root,
  revocation,
  document_signature: documentSignature,
};
