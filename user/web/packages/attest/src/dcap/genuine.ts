/**
 * Stages 2 to 5 of tdx and sgx: did Intel's hardware sign this quote, and is none of its keys revoked?
 *
 * Sources: Intel "TDX DCAP Quoting Library API" appendix 3, Intel "SGX PCK Certificate and CRL Profile Specification".
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";

import { type Case, fails, type Finding, NotChecked, type Run } from "../case.ts";
import * as crl from "../crl.ts";
import { type Crl } from "../crl.ts";
import { DerError } from "../der.ts";
import { trustAnchors } from "../policy.ts";
import { isProduction } from "../roots/pins.ts";
import { Unchecked } from "../schema.ts";
import { isOn, P256, type PublicKey, SignatureInvalid, verifyRaw } from "../signature.ts";
import { type Certificate } from "../x509.ts";
import * as chains from "./chains.ts";
import * as collateral from "./collateral.ts";
import { CHAINS, type ListName, LISTS } from "./collateral.ts";
import { Established } from "./established.ts";
import * as pck from "./pck.ts";
import * as quote from "./quote.ts";

export const COLLATERAL = "dcap-collateral";
const PARSED: readonly (new (...given: never[]) => Error)[] = [DerError, Malformed, quote.QuoteError];

/** `tdx` or `sgx`: these checks run for no other kind. */
export function kindOf(at: Case): "tdx" | "sgx" {
  return at.kind === "sgx" ? "sgx" : "tdx";
}

/** What `read` returns, or the documented error of the reader. */
function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    if (PARSED.some((kind) => error instanceof kind)) return error as Error;
    throw error;
  }
}

/** Parse the quote; its body is of the kind that the media type names. */
const quoteForm: Run = (at) => {
  at.found.dcap = new Established();
  const read = attempt(() => quote.decode(at.item("cpu")));
  if (read instanceof quote.QuoteError) return [`${read.code}:cpu`];
  if (read instanceof Error) return ["malformed:cpu"];
  at.found.dcap.set("quote", read);
  at.found.reportData = read.body.reportData;
  return fails(read.body.tee !== kindOf(at), "malformed:cpu");
};

/** Parse the collateral's container. */
const collateralForm: Run = (at) => {
  if (!at.has(COLLATERAL)) return [`collateral_missing:${COLLATERAL}`];
  const read = attempt(() => collateral.decode(at.item(COLLATERAL)));
  if (read instanceof Error) {
    const trailing = read instanceof Malformed && read.reason === "trailing_data";
    return [`${trailing ? "trailing_data" : "malformed"}:${COLLATERAL}`];
  }
  at.found.dcap.set("collateral", read);
  return [];
};

/** Parse the revocation lists that are there. */
const crlForm = unlessUnchecked((at) => {
  const { lists } = at.found.dcap.of("collateral");
  const faults: string[] = [];
  for (const name of LISTS) {
    if (lists[name].length === 0) continue;
    const read = attempt(() => crl.decode(lists[name]));
    if (read instanceof Error) faults.push(`malformed:${name}`);
    else at.found.dcap.crls.set(name, read);
  }
  at.ends.push(...[...at.found.dcap.crls.values()].map((one) => one.nextUpdate));
  return faults;
});

/** Parse the chain of the PCK certificate, and what Intel says of the platform in it. */
const certificateForm: Run = (at) => {
  const { dcap } = at.found;
  const read = attempt(() => {
    const [leaf, issuer, root] = pck.chainOf(dcap.of("quote").chain).map((one) => dcap.certificates.read(one));
    if (leaf === undefined || issuer === undefined || root === undefined) throw new DerError("certificate missing");
    const extension = leaf.extensions.get(pck.EXTENSION) ?? new Uint8Array(0);
    return { path: [leaf, issuer, root] as const, platform: pck.decode(extension) };
  });
  if (read instanceof Error) return ["certificate_malformed:cpu"];
  dcap.set("path", read.path);
  dcap.set("pck", read.platform);
  at.found.path = read.path;
  at.found.platformId = toHex(sha256(read.platform.ppid));
  at.ends.push(...read.path.map((one) => one.notAfter));
  return [];
};

/** Each certificate is signed by the next, the root by itself. */
const certificateChain: Run = async ({ found: { dcap } }) => {
  return fails(!(await dcap.certificates.isChain(dcap.of("path"))), "certificate_chain:cpu");
};

/** Names, usages, path lengths and curves are those of Intel's profile. */
const certificateProfile: Run = ({ found: { dcap } }) => {
  return fails(chains.pckFaults(dcap.of("path")), "certificate_profile:cpu");
};

/** Every certificate is valid now. */
const certificateDates: Run = ({ found, now }) => dates(found.path, now, "cpu");

/** The root's key is one that the policy accepts. */
const root: Run = (at) => {
  const [, , { pin }] = at.found.dcap.of("path");
  if (!trustAnchors(at.policy, kindOf(at)).has(pin)) return ["root_not_pinned:cpu"];
  at.production = isProduction(kindOf(at), pin);
  at.foreignRoot = !at.production;
  return [];
};

/** Parse the chains of Intel's signers of lists and documents. */
const issuerForm: Run = (at) => {
  const { dcap } = at.found;
  const faults: string[] = [];
  for (const name of CHAINS) {
    const [signer, above] = dcap.of("collateral").chains[name];
    const read = attempt(() => [dcap.certificates.read(signer), dcap.certificates.read(above)] as const);
    if (read instanceof Error) faults.push(`certificate_malformed:${name}`);
    else dcap.issuers.set(name, read);
  }
  at.ends.push(...[...dcap.issuers.values()].flat().map((one) => one.notAfter));
  return faults;
};

/** Each of those chains is signed. */
const issuerChain: Run = async ({ found: { dcap } }) => {
  const faults: string[] = [];
  for (const [name, path] of dcap.issuers) {
    if (!(await dcap.certificates.isChain(path))) faults.push(`certificate_chain:${name}`);
  }
  return faults;
};

/** Each signer may sign what it signs. */
const issuerProfile: Run = ({ found: { dcap } }) => {
  return [...dcap.issuers].flatMap(([name, path]) => {
    const faulty = name === "pck_crl_issuer_chain" ? chains.crlIssuerFaults(path) : chains.signerFaults(path);
    return fails(faulty, `certificate_profile:${name}`);
  });
};

/** Every certificate of those chains is valid now. */
const issuerDates: Run = ({ found: { dcap }, now }) => {
  return [...dcap.issuers].flatMap(([name, path]) => dates(path, now, name));
};

/** Those chains end in an accepted root too. */
const issuerRoot: Run = (at) => {
  const pins = trustAnchors(at.policy, kindOf(at));
  return [...at.found.dcap.issuers].flatMap(([name, [, { pin }]]) => fails(!pins.has(pin), `root_not_pinned:${name}`));
};

/** Where the policy demands revocation lists, both are there. */
const crlPresent = unlessUnchecked((at) => {
  const demanded = at.policy.require_crl[kindOf(at)] === true;
  return LISTS.filter((name) => demanded && !at.found.dcap.crls.has(name)).map((name) => `crl_missing:${name}`);
});

/** The root signed its list, the issuer of the PCK certificate the other. */
const crlSignature = unlessUnchecked(async (at) => {
  const [, issuer, above] = at.found.dcap.of("path");
  const faults: string[] = [];
  for (const [name, one] of at.found.dcap.crls) {
    const signer = name === "pck_crl" ? issuer : above;
    if (!(await listedBy(one, signer))) faults.push(`crl_signature:${name}`);
    at.seen.push(["crl_numbers", `dcap/${signer.pin}`, one.number]);
  }
  return faults;
});

async function listedBy(one: Crl, signer: Certificate): Promise<boolean> {
  try {
    await crl.verifyList(one, signer);
  } catch (error) {
    if (error instanceof SignatureInvalid) return false;
    throw error;
  }
  return true;
}

/** Both lists hold now. */
const crlDates = unlessUnchecked(({ found: { dcap }, now }) => {
  const lists = [...dcap.crls];
  return [
    ...lists.flatMap(([name, one]) => fails(now > one.nextUpdate, `crl_expired:${name}`)),
    ...lists.flatMap(([name, one]) => fails(now < one.thisUpdate, `crl_not_yet_valid:${name}`)),
  ];
});

/** No certificate of any chain is on the list of its issuer. */
const revocation = unlessUnchecked((at) => {
  const { dcap } = at.found;
  const [leaf, issuer, above] = dcap.of("path");
  const signers = [...dcap.issuers].map(([name, [signer]]) => [name, signer] as const);
  return [
    ...revoked(dcap, "pck_crl", [["pck", leaf]]),
    ...revoked(dcap, "root_ca_crl", [["pck_issuer", issuer], ["root", above], ...signers]),
  ];
});

function revoked(
  { crls }: Established, name: ListName, named: readonly (readonly [string, Certificate])[],
): readonly string[] {
  return named.flatMap(([what, one]) => {
    const why = crls.get(name)?.revoked.get(one.serial);
    return why === undefined ? [] : [`certificate_${why === crl.ON_HOLD ? "on_hold" : "revoked"}:${what}`];
  });
}

/** The attestation key signed header and body. */
const quoteSignature: Run = async ({ found: { dcap } }) => {
  const { key, signed, signature } = dcap.of("quote");
  const point = { curve: P256, point: concat(Uint8Array.of(4), key) };
  return fails(!(await signedBy(point, signed, signature)), "quote_signature:cpu");
};

/** The platform's certified key signed the report of the quoting enclave; tried even when the chain fails. */
const qeReportSignature: Run = async ({ found: { dcap } }) => {
  const { qeReport, qeSignature } = dcap.of("quote");
  const [{ key }] = dcap.of("path");
  return fails(!(await signedBy(key, qeReport, qeSignature)), "qe_report_signature:cpu");
};

/** The quoting enclave vouches for this attestation key and this authentication data. */
const qeBinding: Run = ({ found: { dcap } }) => {
  const { key, qeAuthentication, qe } = dcap.of("quote");
  const vouched = concat(sha256(concat(key, qeAuthentication)), new Uint8Array(32));
  return fails(!equal(qe.reportData, vouched), "qe_binding:cpu");
};

/** Whether `key`, which must be on P-256, signed `message` (r and s of 32 bytes each). */
export async function signedBy(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!isOn(P256, key)) return false;
  try {
    await verifyRaw(P256, key.point, message, signature);
  } catch (error) {
    if (error instanceof SignatureInvalid) return false;
    throw error;
  }
  return true;
}

function dates(path: readonly Certificate[], now: number, what: string): readonly string[] {
  return [
    ...fails(path.some((one) => now > one.notAfter), `certificate_expired:${what}`),
    ...fails(path.some((one) => now < one.notBefore), `certificate_not_yet_valid:${what}`),
  ];
}

/** `run`, unless the policy leaves revocation unchecked. */
function unlessUnchecked(run: (at: Case) => Finding | Promise<Finding>): Run {
  return (at) => {
    const demanded = at.policy.require_crl[kindOf(at)];
    return demanded instanceof Unchecked ? new NotChecked(`unchecked_by_policy:${demanded.reason}`) : run(at);
  };
}

export const CHECKS: Readonly<Record<string, Run>> = {
  quote_form: quoteForm,
  collateral_form: collateralForm,
  crl_form: crlForm,
  certificate_form: certificateForm,
  certificate_chain: certificateChain,
  certificate_profile: certificateProfile,
  certificate_dates: certificateDates,
  root,
  issuer_form: issuerForm,
  issuer_chain: issuerChain,
  issuer_profile: issuerProfile,
  issuer_dates: issuerDates,
  issuer_root: issuerRoot,
  crl_present: crlPresent,
  crl_signature: crlSignature,
  crl_dates: crlDates,
  revocation,
  quote_signature: quoteSignature,
  qe_report_signature: qeReportSignature,
  qe_binding: qeBinding,
};
