/**
 * Intel's certificates of one case: each parsed once and each signature verified once, however often it is carried.
 *
 * Source: Intel "SGX PCK Certificate and CRL Profile Specification": all keys on P-256, names as below.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import * as der from "../der.ts";
import { DerError } from "../der.ts";
import { isOn, P256, SignatureInvalid } from "../signature.ts";
import * as x509 from "../x509.ts";
import { type Certificate } from "../x509.ts";

export const ROOT = "Intel SGX Root CA";
export const PCK_ISSUERS: readonly string[] = ["Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"];
export const PCK = "Intel SGX PCK Certificate";
export const TCB_SIGNER = "Intel SGX TCB Signing";
const COMMON_NAME = "550403";

/** Leaf, issuer, root. */
export type PckPath = readonly [leaf: Certificate, issuer: Certificate, root: Certificate];
/** Signer and root. */
export type SignerPath = readonly [signer: Certificate, root: Certificate];

/** What was read and verified of a case's certificates, by their DER. */
export class Certificates {
  readonly #read = new Map<string, Certificate>();
  readonly #verified = new Map<Certificate, Map<Certificate, boolean>>();

  /** The certificate whose DER is `data`. Raises DerError. */
  read(data: Bytes): Certificate {
    const name = toHex(data);
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const one = x509.decode(data);
    this.#read.set(name, one);
    return one;
  }

  /** Whether each of `path` is signed by the next and the last by itself; equal certificates are the same object. */
  async isChain(path: readonly Certificate[]): Promise<boolean> {
    for (const [index, one] of path.entries()) {
      if (!(await this.#issued(one, path[index + 1] ?? one))) return false;
    }
    return true;
  }

  async #issued(one: Certificate, issuer: Certificate): Promise<boolean> {
    const known = this.#verified.get(one) ?? new Map<Certificate, boolean>();
    const found = known.get(issuer) ?? (await isIssued(one, issuer));
    this.#verified.set(one, known.set(issuer, found));
    return found;
  }
}

async function isIssued(one: Certificate, issuer: Certificate): Promise<boolean> {
  try {
    await x509.verifyIssued(one, issuer);
  } catch (error) {
    if (error instanceof SignatureInvalid) return false;
    throw error;
  }
  return true;
}

/** The one common name in a distinguished name (DER), null where there is none or more than one. */
export function commonName(name: Bytes): string | null {
  try {
    const relatives = der.decode(name).expect(der.SEQUENCE).children;
    const pairs = relatives.flatMap((one) => one.expect(der.SET).children.map((pair) => x509.sequence(pair, 2)));
    const [found, ...more] = pairs.filter(([kind]) => toHex(kind.content) === COMMON_NAME);
    return found === undefined || more.length > 0 ? null : String.fromCharCode(...found[1].content);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

function named(one: Certificate, ...names: readonly string[]): boolean {
  return names.includes(commonName(one.subject) ?? "");
}

function onP256(path: readonly Certificate[]): boolean {
  return path.every((one) => isOn(P256, one.key));
}

/** Whether the chain of a PCK certificate breaks Intel's profile. */
export function pckFaults(path: PckPath): boolean {
  const [leaf, issuer, root] = path;
  const names = named(leaf, PCK) && named(issuer, ...PCK_ISSUERS) && named(root, ROOT);
  return x509.chainFaults(path).length > 0 || !names || !onP256(path);
}

/**
 * Whether the chain of the signer of TCB info or QE identity breaks Intel's profile.
 *
 * The name tells it from every PCK certificate: those end in the same root and may sign nothing but QE reports.
 */
export function signerFaults(path: SignerPath): boolean {
  const [signer, root] = path;
  return x509.chainFaults(path).length > 0 || !named(signer, TCB_SIGNER) || !named(root, ROOT) || !onP256(path);
}

/** Whether the chain of the issuer of PCK certificates breaks Intel's profile. */
export function crlIssuerFaults(path: SignerPath): boolean {
  const [issuer, root] = path;
  const critical = path.some((one) => one.critical.size > 0);
  const issues = issuer.isCa && x509.issuerFaults(path).length === 0;
  return critical || !issues || !named(issuer, ...PCK_ISSUERS) || !named(root, ROOT) || !onP256(path);
}
