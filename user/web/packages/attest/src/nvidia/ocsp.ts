/** OCSP responses (RFC 6960), read strictly: whom an answer is about, who signed it, and until when it holds. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";

import * as der from "../der.ts";
import { DerError, type Element } from "../der.ts";
import { digest, type Sha2 } from "../sha2.ts";
import { type Scheme, SignatureInvalid, verifySigned } from "../signature.ts";
import * as x509 from "../x509.ts";
import { type Certificate, DIGITAL_SIGNATURE } from "../x509.ts";

/** Answers in one response. */
export const MAX_ANSWERS = 64;
export const MAX_CERTIFICATES = 4;
export const MAX_ELEMENTS = 2048;
/** CRLReason certificateHold */
export const ON_HOLD = 6n;
export const UNSPECIFIED = 0n;
/** id-pkix-ocsp-basic */
const BASIC = "2b0601050507300101";
const HASHES: ReadonlyMap<string, Sha2> = new Map<string, Sha2>([
  ["608648016503040201", "SHA-256"],
  ["608648016503040202", "SHA-384"],
]);
const EXTENDED_KEY_USAGE = "551d25";
/** id-kp-OCSPSigning */
const OCSP_SIGNING = "2b06010505070309";
const EXPLICIT_0 = 0xa0;
const EXPLICIT_1 = 0xa1;
const EXPLICIT_2 = 0xa2;
const GOOD = 0x80;
const REVOKED = 0xa1;
const UNKNOWN = 0x82;

/** One answer: whom it is about (hashes of the issuer under `hash`), what it says, Unix seconds. */
export interface Answer {
  readonly hash: string;
  readonly issuerName: Bytes;
  readonly issuerKey: Bytes;
  readonly serial: bigint;
  readonly status: "good" | "revoked" | "unknown";
  readonly reason: bigint;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
}

/** A parsed, unverified response; `responder` is the DER of a name, null when it is named by its key. */
export interface Response {
  readonly raw: Bytes;
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly scheme: Scheme;
  readonly responder: Bytes | null;
  readonly answers: readonly Answer[];
  readonly certificates: readonly Bytes[];
}

/** Whether `answer` is about the certificate `serial` of `issuer`. */
export async function isAbout(answer: Answer, serial: bigint, issuer: Certificate): Promise<boolean> {
  const hash = HASHES.get(answer.hash);
  if (hash === undefined || !("point" in issuer.key) || serial !== answer.serial) return false;
  const [name, key] = [await digest(hash, issuer.subject), await digest(hash, issuer.key.point)];
  return equal(name, answer.issuerName) && equal(key, answer.issuerKey);
}

/** The successful basic response whose DER is exactly `data`. Raises DerError. */
export function decode(data: Bytes): Response {
  const [status, wrapped] = x509.sequence(der.decode(data), 2);
  const [kind, content] = x509.sequence(x509.onlyChild(wrapped, EXPLICIT_0), 2);
  const successful = der.integer(status, der.ENUMERATED) === 0n;
  if (!successful || toHex(kind.expect(der.OID).content) !== BASIC) throw new DerError("not a successful basic response");
  const basic = der.decode(content.expect(der.OCTET_STRING).content, MAX_ELEMENTS);
  const [tbs, algorithm, signature, wrappedCertificates, ...more] = basic.expect(der.SEQUENCE).children;
  if (tbs === undefined || algorithm === undefined || signature === undefined || more.length > 0) {
    throw new DerError("basic response");
  }
  return {
    raw: data,
    signed: tbs.raw,
    signature: x509.wholeBits(signature),
    scheme: x509.signatureScheme(algorithm),
    ...responseData(tbs),
    certificates: certificates(wrappedCertificates),
  };
}

/**
 * Verify that `issuer` signed `response`, or a responder that it authorised and that is valid at `now`.
 *
 * Raises SignatureInvalid. Source: RFC 6960 section 4.2.2.2.
 */
export async function verifyResponse(response: Response, issuer: Certificate, now: number): Promise<void> {
  for (const signer of [issuer, ...await authorised(response.certificates, issuer, now)]) {
    if (response.responder !== null && !equal(response.responder, signer.subject)) continue;
    try {
      await verifySigned(signer.key, response.scheme, response.signed, response.signature);
      return;
    } catch (error) {
      if (!(error instanceof SignatureInvalid)) throw error;
    }
  }
  throw new SignatureInvalid("responder");
}

async function authorised(listed: readonly Bytes[], issuer: Certificate, now: number): Promise<readonly Certificate[]> {
  const found: Certificate[] = [];
  for (const data of listed) {
    try {
      const one = x509.decode(data);
      await x509.verifyIssued(one, issuer);
      if (mayAnswer(one, now)) found.push(one);
    } catch (error) {
      if (!(error instanceof DerError || error instanceof SignatureInvalid)) throw error;
    }
  }
  return found;
}

function mayAnswer(one: Certificate, now: number): boolean {
  const usages = der.decode(one.extensions.get(EXTENDED_KEY_USAGE) ?? new Uint8Array(0)).expect(der.SEQUENCE).children;
  const wanted = usages.some((usage) => usage.tag === der.OID && toHex(usage.content) === OCSP_SIGNING);
  const known = [...one.critical].every((oid) => oid === EXTENDED_KEY_USAGE);
  const maySign = one.keyUsage?.has(DIGITAL_SIGNATURE) === true;
  return wanted && known && maySign && one.notBefore <= now && now <= one.notAfter;
}

function responseData(tbs: Element): Pick<Response, "responder" | "answers"> {
  const [responder, produced, answers, extensions, ...more] = tbs.expect(der.SEQUENCE).children;
  // Version 1 is the default and not written.
  if (responder === undefined || responder.tag === EXPLICIT_0) throw new DerError("version");
  if (produced === undefined || answers === undefined || more.length > 0) throw new DerError("response data");
  der.time(produced);
  if (extensions !== undefined) refuseCritical(extensions);
  const listed = answers.expect(der.SEQUENCE).children;
  if (listed.length < 1 || listed.length > MAX_ANSWERS) throw new DerError("answers");
  return { responder: responderName(responder), answers: listed.map(readAnswer) };
}

function refuseCritical(wrapped: Element): void {
  const { critical } = x509.readExtensions(x509.onlyChild(wrapped, EXPLICIT_1));
  if (critical.size > 0) throw new DerError("critical extension");
}

function responderName(element: Element): Bytes | null {
  if (element.tag === EXPLICIT_1) return x509.onlyChild(element, EXPLICIT_1).expect(der.SEQUENCE).raw;
  x509.onlyChild(element, EXPLICIT_2).expect(der.OCTET_STRING);
  return null;
}

function readAnswer(element: Element): Answer {
  const [about, said, thisUpdate, ...rest] = element.expect(der.SEQUENCE).children;
  if (about === undefined || said === undefined || thisUpdate === undefined) throw new DerError("answer");
  const [algorithm, name, key, serial] = x509.sequence(about, 4);
  const next = rest[0]?.tag === EXPLICIT_0 ? rest.shift() : undefined;
  const extensions = rest.shift();
  if (extensions !== undefined) refuseCritical(extensions);
  if (rest.length > 0) throw new DerError("answer");
  return {
    hash: hashOf(algorithm),
    issuerName: name.expect(der.OCTET_STRING).content,
    issuerKey: key.expect(der.OCTET_STRING).content,
    serial: der.integer(serial),
    ...statusOf(said),
    thisUpdate: der.time(thisUpdate),
    nextUpdate: next === undefined ? null : der.time(x509.onlyChild(next, EXPLICIT_0)),
  };
}

function hashOf(algorithm: Element): string {
  const [name, parameters, ...more] = algorithm.expect(der.SEQUENCE).children;
  const given = parameters !== undefined && (parameters.tag !== der.NULL || parameters.content.length > 0);
  if (name === undefined || given || more.length > 0) throw new DerError("hash algorithm");
  return toHex(name.expect(der.OID).content);
}

function statusOf(element: Element): Pick<Answer, "status" | "reason"> {
  if (element.tag === REVOKED) {
    const [at, given, ...more] = element.children;
    if (at === undefined || more.length > 0) throw new DerError("revocation");
    der.time(at);
    const reason = given === undefined ? UNSPECIFIED : der.integer(x509.onlyChild(given, EXPLICIT_0), der.ENUMERATED);
    return { status: "revoked", reason };
  }
  if ((element.tag !== GOOD && element.tag !== UNKNOWN) || element.content.length > 0) throw new DerError("status");
  return { status: element.tag === GOOD ? "good" : "unknown", reason: UNSPECIFIED };
}

function certificates(wrapped: Element | undefined): readonly Bytes[] {
  if (wrapped === undefined) return [];
  const listed = x509.onlyChild(wrapped, EXPLICIT_0).expect(der.SEQUENCE).children;
  if (listed.length > MAX_CERTIFICATES) throw new DerError("certificates of a response");
  return listed.map((one) => one.raw);
}
