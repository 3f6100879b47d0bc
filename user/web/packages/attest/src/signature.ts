/**
 * Signature verification by WebCrypto: ECDSA on P-256 and P-384 over raw (r and s) or DER signatures, RSA-PSS.
 *
 * Success returns nothing; failure raises SignatureInvalid. Keys come as certificates carry them: an uncompressed
 * point, or a SubjectPublicKeyInfo for RSA.
 */

import { type Bytes } from "@privity/protocol/bytes";

import * as der from "./der.ts";
import { DerError } from "./der.ts";

/** The signature does not verify under the key, or the key is no point of its curve. */
export class SignatureInvalid extends Error {}

/** A curve with the hash that its signatures use here; `size` is the byte length of r and of s. */
export interface Curve {
  readonly name: "P-256" | "P-384";
  readonly size: number;
  readonly hash: "SHA-256" | "SHA-384";
}

/** RSASSA-PSS (RFC 8017) with SHA-384, MGF1 of the same hash, and a salt of 48 bytes: what AMD signs with. */
export interface Pss {
  readonly name: "RSA-PSS-SHA384";
  readonly salt: number;
}

export const P256: Curve = { name: "P-256", size: 32, hash: "SHA-256" };
export const P384: Curve = { name: "P-384", size: 48, hash: "SHA-384" };
export const PSS384: Pss = { name: "RSA-PSS-SHA384", salt: 48 };
export type Scheme = Curve | Pss;

/** An uncompressed point of `curve`. */
export interface EcKey {
  readonly curve: Curve;
  readonly point: Bytes;
}

/** An RSA key as its SubjectPublicKeyInfo (DER), and the size of its modulus in bits. */
export interface RsaKey {
  readonly spki: Bytes;
  readonly bits: number;
}

export type PublicKey = EcKey | RsaKey;

/** Whether `key` is a point of `curve`. */
export function isOn(curve: Curve, key: PublicKey | undefined): key is EcKey {
  return key !== undefined && "curve" in key && key.curve === curve;
}

/** Verify r and s of `curve.size` bytes each: WebCrypto refuses any other length. Raises SignatureInvalid. */
export async function verifyRaw(curve: Curve, point: Bytes, message: Bytes, signature: Bytes): Promise<void> {
  const algorithm = { name: "ECDSA", namedCurve: curve.name };
  const verified = await attempt(async () => {
    const key = await crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]);
    return crypto.subtle.verify({ name: "ECDSA", hash: curve.hash }, key, signature, message);
  });
  if (!verified) throw new SignatureInvalid("ECDSA");
}

/** Verify a DER signature, of which there is one spelling. Raises SignatureInvalid. */
export async function verifyDer(curve: Curve, point: Bytes, message: Bytes, signature: Bytes): Promise<void> {
  await verifyRaw(curve, point, message, rawOf(curve, signature));
}

/** r and s of a DER signature, `curve.size` bytes each. */
function rawOf(curve: Curve, signature: Bytes): Bytes {
  const raw = new Uint8Array(2 * curve.size);
  try {
    const { children } = der.decode(signature).expect(der.SEQUENCE);
    if (children.length !== 2) throw new SignatureInvalid("two integers are due");
    children.forEach((child, index) => {
      der.integer(child);
      const digits = child.content[0] === 0 ? child.content.slice(1) : child.content;
      if (digits.length > curve.size) throw new SignatureInvalid("too large");
      raw.set(digits, (index + 1) * curve.size - digits.length);
    });
  } catch (error) {
    if (error instanceof DerError) throw new SignatureInvalid("not DER");
    throw error;
  }
  return raw;
}

/** Verify an RSASSA-PSS signature as `PSS384` describes it. Raises SignatureInvalid. */
export async function verifyPss(key: RsaKey, message: Bytes, signature: Bytes): Promise<void> {
  const verified = await attempt(async () => {
    const algorithm = { name: "RSA-PSS", hash: "SHA-384" };
    const imported = await crypto.subtle.importKey("spki", key.spki, algorithm, false, ["verify"]);
    return crypto.subtle.verify({ name: "RSA-PSS", saltLength: PSS384.salt }, imported, signature, message);
  });
  if (!verified) throw new SignatureInvalid("RSA-PSS");
}

/** Verify what an X.509 issuer signed: `scheme` must be the one of the key. Raises SignatureInvalid. */
export async function verifySigned(key: PublicKey, scheme: Scheme, message: Bytes, signature: Bytes): Promise<void> {
  if ("spki" in key) {
    if (scheme !== PSS384) throw new SignatureInvalid("scheme");
    await verifyPss(key, message, signature);
  } else {
    if (scheme !== key.curve) throw new SignatureInvalid("scheme");
    await verifyDer(key.curve, key.point, message, signature);
  }
}

/** What WebCrypto says; a key that it refuses verifies nothing. */
async function attempt(verify: () => Promise<boolean>): Promise<boolean> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}
