/**
 * The part of X.509 (RFC 5280) that attestation chains use: read strictly, verify what the issuer signed.
 *
 * Certificates with elliptic-curve keys on P-256 and P-384 or RSA keys of 4,096 bits, signed by ECDSA or by RSASSA-PSS;
 * whatever else appears is refused. Vendor extensions are handed out as bytes; the kind says which may be critical.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, equal, toHex } from "@privity/protocol/bytes";

import * as der from "./der.ts";
import { DerError, type Element } from "./der.ts";
import {
  type Curve, P256, P384, PSS384, type PublicKey, type Scheme, SignatureInvalid, verifySigned,
} from "./signature.ts";

export const DIGITAL_SIGNATURE = 0;
export const KEY_CERT_SIGN = 5;
export const CRL_SIGN = 6;
export const RSA_BITS = 4096;
// Whole elements, tag and length included, in hexadecimal: JavaScript compares byte strings by identity.
const EC_KEY = "06072a8648ce3d0201";
const RSA_KEY = "06092a864886f70d010101";
const CURVES: ReadonlyMap<string, Curve> = new Map([["06082a8648ce3d030107", P256], ["06052b81040022", P384]]);
const ECDSA: ReadonlyMap<string, Curve> = new Map([["06082a8648ce3d040302", P256], ["06082a8648ce3d040303", P384]]);
const PSS = "06092a864886f70d01010a";
const MGF1 = "06092a864886f70d010108";
const SHA384 = "0609608648016503040202";
const NULL = "0500";
const BASIC_CONSTRAINTS = "551d13";
const KEY_USAGE = "551d0f";
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

/**
 * A parsed, unverified certificate; `pin` is the SHA-256 of its SubjectPublicKeyInfo in hexadecimal, times are Unix
 * seconds.
 *
 * `extensions` maps the content of an object identifier (hexadecimal) to the extension's value, basic constraints and
 * key usage excepted; `critical` are those of them that are marked so.
 */
export interface Certificate {
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly scheme: Scheme;
  readonly serial: bigint;
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  readonly pin: string;
  readonly isCa: boolean;
  readonly pathLength: bigint | null;
  readonly keyUsage: ReadonlySet<number> | null;
  readonly extensions: ReadonlyMap<string, Bytes>;
  readonly critical: ReadonlySet<string>;
}

/** Leaf first, root last; never empty. */
export type Path = readonly [Certificate, ...Certificate[]];

/** The certificate whose DER is exactly `data`. Raises DerError. */
export function decode(data: Bytes): Certificate {
  const [tbs, algorithm, signature] = sequence(der.decode(data), 3);
  const [version, serial, innerAlgorithm, issuer, validity, subject, key, extensions] = sequence(tbs, 8);
  if (der.integer(onlyChild(version, VERSION)) !== 2n) throw new DerError("version");
  if (!equal(innerAlgorithm.raw, algorithm.raw)) throw new DerError("two signature algorithms");
  const [notBefore, notAfter] = sequence(validity, 2);
  const { values, critical } = readExtensions(onlyChild(extensions, EXTENSIONS));
  const { isCa, pathLength } = basicConstraints(values.get(BASIC_CONSTRAINTS));
  const keyUsage = readKeyUsage(values.get(KEY_USAGE));
  for (const judged of [BASIC_CONSTRAINTS, KEY_USAGE]) {
    values.delete(judged);
    critical.delete(judged);
  }
  return {
    signed: tbs.raw,
    signature: wholeBits(signature),
    scheme: signatureScheme(algorithm),
    serial: der.integer(serial),
    issuer: issuer.expect(der.SEQUENCE).raw,
    subject: subject.expect(der.SEQUENCE).raw,
    notBefore: der.time(notBefore),
    notAfter: der.time(notAfter),
    key: readKey(key),
    pin: toHex(sha256(key.raw)),
    isCa,
    pathLength,
    keyUsage,
    extensions: values,
    critical,
  };
}

/** The key whose SubjectPublicKeyInfo is exactly `data`. Raises DerError. */
export function publicKey(data: Bytes): PublicKey {
  return readKey(der.decode(data));
}

/** Verify name and signature of `certificate` against `issuer`. Raises SignatureInvalid. */
export async function verifyIssued(certificate: Certificate, issuer: Certificate): Promise<void> {
  if (!equal(certificate.issuer, issuer.subject)) throw new SignatureInvalid("issuer");
  await verifySigned(issuer.key, certificate.scheme, certificate.signed, certificate.signature);
}

/**
 * The profile faults of `path`, each as the index of a certificate and its fault.
 *
 * The leaf signs evidence: it is no issuer and has the usage digitalSignature. `known` are critical extensions that the
 * caller understands (hexadecimal).
 */
export function chainFaults(path: Path, known: ReadonlySet<string> = new Set()): readonly string[] {
  const [leaf] = path;
  const strange = (one: Certificate): boolean => [...one.critical].some((oid) => !known.has(oid));
  const faults = path.flatMap((one, index) => (strange(one) ? [String(index)] : []));
  if (leaf.isCa || leaf.keyUsage?.has(DIGITAL_SIGNATURE) !== true) faults.push("leaf");
  return [...faults, ...issuerFaults(path)];
}

/** Which issuers of `path` may not issue what is below them. */
export function issuerFaults(path: Path): readonly string[] {
  return path.slice(1).flatMap((issuer, below) => {
    const allowed = issuer.pathLength === null || BigInt(below) <= issuer.pathLength;
    const issues = issuer.isCa && allowed && issuer.keyUsage?.has(KEY_CERT_SIGN) === true;
    return issues ? [] : [`issuer-${String(below)}`];
  });
}

type Times<Count extends number, Found extends Element[] = []> = Found["length"] extends Count
  ? Found
  : Times<Count, [...Found, Element]>;

/** The `count` children of a SEQUENCE. Raises DerError. */
export function sequence<Count extends number>(element: Element, count: Count): Readonly<Times<Count>> {
  const { children } = element.expect(der.SEQUENCE);
  if (children.length !== count) throw new DerError(`${String(children.length)} elements where ${String(count)} are due`);
  return children as unknown as Readonly<Times<Count>>;
}

/** The one child of an element with explicit `tag`. Raises DerError. */
export function onlyChild(element: Element, tag: number): Element {
  const [child, ...more] = element.expect(tag).children;
  if (child === undefined || more.length > 0) throw new DerError("explicit tag");
  return child;
}

/** The bytes of a BIT STRING without unused bits. Raises DerError. */
export function wholeBits(element: Element): Bytes {
  const { data, unused } = der.bitString(element);
  if (unused !== 0) throw new DerError("unused bits");
  return data;
}

/** The scheme of an AlgorithmIdentifier: ECDSA without parameters, or the one RSASSA-PSS. Raises DerError. */
export function signatureScheme(element: Element): Scheme {
  const [algorithm, ...parameters] = element.expect(der.SEQUENCE).children;
  const name = algorithm === undefined ? "" : toHex(algorithm.raw);
  const curve = ECDSA.get(name);
  if (curve !== undefined && parameters.length === 0) return curve;
  const [pss, ...more] = parameters;
  if (name !== PSS || pss === undefined || more.length > 0) throw new DerError("algorithm");
  requirePss384(pss.expect(der.SEQUENCE).children);
  return PSS384;
}

/** RFC 4055 section 3.1: hash, mask generation, salt length; the trailer field has one value and may be written. */
function requirePss384([hashed, mask, salt, trailer, ...more]: readonly Element[]): void {
  if (hashed === undefined || mask === undefined || salt === undefined || more.length > 0) throw new DerError("PSS");
  requireSha384(onlyChild(hashed, 0xa0));
  const [generator, ofMask] = sequence(onlyChild(mask, 0xa1), 2);
  requireSha384(ofMask);
  const saltLength = der.integer(onlyChild(salt, 0xa2));
  const field = trailer === undefined ? 1n : der.integer(onlyChild(trailer, 0xa3));
  if (toHex(generator.raw) !== MGF1 || saltLength !== BigInt(PSS384.salt) || field !== 1n) {
    throw new DerError("PSS parameters");
  }
}

function requireSha384(element: Element): void {
  const [name, parameters, ...more] = element.expect(der.SEQUENCE).children.map((one) => toHex(one.raw));
  if (name !== SHA384 || (parameters ?? NULL) !== NULL || more.length > 0) throw new DerError("hash of PSS");
}

/** The values by object identifier, and which are critical, of an Extensions SEQUENCE. Raises DerError. */
export function readExtensions(element: Element): { readonly values: Map<string, Bytes>; readonly critical: Set<string> } {
  const values = new Map<string, Bytes>();
  const critical = new Set<string>();
  for (const extension of element.expect(der.SEQUENCE).children) {
    const [name, ...rest] = extension.expect(der.SEQUENCE).children;
    const [first, second, ...more] = rest;
    if (name === undefined || first === undefined || more.length > 0) throw new DerError("extension");
    const oid = toHex(name.expect(der.OID).content);
    // DER leaves out a default: an explicit "critical: false" is a second spelling.
    const marked = second !== undefined && der.boolean(first);
    if (values.has(oid) || marked !== (second !== undefined)) throw new DerError("extension");
    values.set(oid, (second ?? first).expect(der.OCTET_STRING).content);
    if (marked) critical.add(oid);
  }
  return { values, critical };
}

function readKey(element: Element): PublicKey {
  const [algorithm, key] = sequence(element, 2);
  const [kind, parameters] = sequence(algorithm, 2).map((one) => toHex(one.raw));
  const bits = wholeBits(key);
  if (kind === RSA_KEY && parameters === NULL) {
    const [modulus, exponent] = sequence(der.decode(bits), 2);
    const size = der.integer(modulus).toString(2).length;
    if (size !== RSA_BITS || der.integer(exponent) !== 65537n) throw new DerError("RSA key");
    return { spki: element.raw, bits: size };
  }
  const curve = CURVES.get(parameters ?? "");
  if (kind !== EC_KEY || curve === undefined) throw new DerError("key algorithm");
  if (bits.length !== 1 + 2 * curve.size || bits[0] !== 4) throw new DerError("point");
  return { curve, point: bits };
}

function basicConstraints(value: Bytes | undefined): { readonly isCa: boolean; readonly pathLength: bigint | null } {
  const [isCa, pathLength, ...more] = value === undefined ? [] : der.decode(value).expect(der.SEQUENCE).children;
  if (isCa === undefined) return { isCa: false, pathLength: null };
  if (more.length > 0 || !der.boolean(isCa)) throw new DerError("basic constraints");
  return { isCa: true, pathLength: pathLength === undefined ? null : der.integer(pathLength) };
}

function readKeyUsage(value: Bytes | undefined): ReadonlySet<number> | null {
  if (value === undefined) return null;
  const { data } = der.bitString(der.decode(value));
  const bits = Array.from(data, (byte, at) => [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => {
    return (byte & (0x80 >> bit)) === 0 ? [] : [8 * at + bit];
  }));
  return new Set(bits.flat());
}
