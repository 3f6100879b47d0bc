/** Stages 2 to 5 of the simulated kind: did this development root sign this document, intact? */

import { Malformed } from "@privity/protocol/errors";

import { fails, NotChecked, type Run } from "../case.ts";
import * as cose from "../cose.ts";
import { CoseError } from "../cose.ts";
import { DerError } from "../der.ts";
import { isOn, P384, SignatureInvalid } from "../signature.ts";
import * as x509 from "../x509.ts";
import * as document from "./document.ts";

/** Parse the COSE_Sign1 and its payload. */
const documentForm: Run = (at) => {
  try {
    at.found.sign1 = cose.decode(at.item("cpu"));
    at.found.document = document.decode(at.found.sign1.payload);
    at.found.reportData = at.found.document.reportData;
  } catch (error) {
    if (error instanceof CoseError) return [`${error.code}:cpu`];
    if (error instanceof Malformed) return [error.reason === "trailing_data" ? "trailing_data:cpu" : "malformed:cpu"];
    throw error;
  }
  return fails(at.found.sign1.curve !== P384, "unsupported_algorithm:cpu");
};

/** Parse the leaf and its issuers; the bundle lists the root first, the path is leaf first. */
const certificateForm: Run = (at) => {
  const { certificate, cabundle } = at.found.document;
  try {
    const path: x509.Path = [x509.decode(certificate), ...cabundle.toReversed().map((der) => x509.decode(der))];
    at.found.path = path;
    at.found.platformId = document.platformId(rootOf(path).pin);
    at.ends.push(...path.map((one) => one.notAfter));
  } catch (error) {
    if (error instanceof DerError) return ["certificate_malformed:cpu"];
    throw error;
  }
  return [];
};

/** The last certificate of a path. */
export function rootOf(path: x509.Path): x509.Certificate {
  return path.at(-1) ?? path[0];
}

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

/** Usages, path lengths, critical extensions, and P-384 at the leaf. */
const certificateProfile: Run = ({ found }) => {
  return fails(x509.chainFaults(found.path).length > 0 || !isOn(P384, found.path[0].key), "certificate_profile:cpu");
};

/** Every certificate is valid now. */
const certificateDates: Run = ({ found, now }) => [
  ...fails(found.path.some((one) => now > one.notAfter), "certificate_expired:cpu"),
  ...fails(found.path.some((one) => now < one.notBefore), "certificate_not_yet_valid:cpu"),
];

/** The root was given explicitly. Where simulation is not allowed there is none to compare with. */
const root: Run = ({ found, policy }) => {
  if (!policy.allow_simulated) return new NotChecked("blocked_by:kind");
  return fails(!policy.trust_anchors.simulated.includes(rootOf(found.path).pin), "root_not_pinned:cpu");
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
  certificate_form: certificateForm,
  certificate_chain: certificateChain,
  certificate_profile: certificateProfile,
  certificate_dates: certificateDates,
  root,
  document_signature: documentSignature,
};
