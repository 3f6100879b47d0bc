/** Certificate revocation lists (RFC 5280 section 5), read strictly: who was revoked, why, until when that holds. */

import { type Bytes, equal } from "@privity/protocol/bytes";
import { MAX_INTEGER } from "@privity/protocol/canonical";

import * as der from "./der.ts";
import { DerError, type Element } from "./der.ts";
import { type Scheme, SignatureInvalid, verifySigned } from "./signature.ts";
import * as x509 from "./x509.ts";
import { type Certificate, CRL_SIGN } from "./x509.ts";

/** DER elements of one list: a list of 64 KiB has fewer. */
export const MAX_ELEMENTS = 16_384;
/** CRLReason certificateHold */
export const ON_HOLD = 6;
export const UNSPECIFIED = 0;
const CRL_NUMBER = "551d14";
const REASON_CODE = "551d15";
const EXTENSIONS = 0xa0;

/** A parsed, unverified list: serial numbers to reason codes, its own number, times in Unix seconds. */
export interface Crl {
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly scheme: Scheme;
  readonly issuer: Bytes;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly number: number;
  readonly revoked: ReadonlyMap<bigint, number>;
}

/** The list whose DER is exactly `data`: version 2, with a number and an end. Raises DerError. */
export function decode(data: Bytes): Crl {
  const [tbs, algorithm, signature] = x509.sequence(der.decode(data, MAX_ELEMENTS), 3);
  const listed = tbs.expect(der.SEQUENCE).children.length === 7;
  const fields = listed ? x509.sequence(tbs, 7) : ([...x509.sequence(tbs, 6), undefined] as const);
  const [version, innerAlgorithm, issuer, thisUpdate, nextUpdate, sixth, seventh] = fields;
  if (der.integer(version) !== 1n || !equal(innerAlgorithm.raw, algorithm.raw)) throw new DerError("version or algorithm");
  const { values, critical } = x509.readExtensions(x509.onlyChild(seventh ?? sixth, EXTENSIONS));
  const number = values.get(CRL_NUMBER);
  if (critical.size > 0 || number === undefined) throw new DerError("revocation list extensions");
  const counted = der.integer(der.decode(number));
  if (counted > BigInt(MAX_INTEGER)) throw new DerError("number of the revocation list");
  return {
    signed: tbs.raw,
    signature: x509.wholeBits(signature),
    scheme: x509.signatureScheme(algorithm),
    issuer: issuer.expect(der.SEQUENCE).raw,
    thisUpdate: der.time(thisUpdate),
    nextUpdate: der.time(nextUpdate),
    number: Number(counted),
    revoked: seventh === undefined ? new Map() : readRevoked(sixth),
  };
}

/** Verify that `issuer`, which may sign lists, signed `crl`. Raises SignatureInvalid. */
export async function verifyList(crl: Crl, issuer: Certificate): Promise<void> {
  if (!equal(crl.issuer, issuer.subject) || issuer.keyUsage?.has(CRL_SIGN) !== true) {
    throw new SignatureInvalid("issuer of the revocation list");
  }
  await verifySigned(issuer.key, crl.scheme, crl.signed, crl.signature);
}

function readRevoked(element: Element): ReadonlyMap<bigint, number> {
  const revoked = new Map<bigint, number>();
  for (const entry of element.expect(der.SEQUENCE).children) {
    const [serial, date, extensions, ...more] = entry.expect(der.SEQUENCE).children;
    if (serial === undefined || date === undefined || more.length > 0) throw new DerError("entry of a revocation list");
    der.time(date);
    revoked.set(der.integer(serial), extensions === undefined ? UNSPECIFIED : reason(extensions));
  }
  return revoked;
}

function reason(element: Element): number {
  const { values, critical } = x509.readExtensions(element);
  if ([...critical].some((oid) => oid !== REASON_CODE)) throw new DerError("critical extension of an entry");
  const value = values.get(REASON_CODE);
  return value === undefined ? UNSPECIFIED : Number(der.integer(der.decode(value), der.ENUMERATED));
}
