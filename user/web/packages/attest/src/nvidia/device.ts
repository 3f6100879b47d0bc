/** The devices of one case: their items, and their certificates, each read and verified once however many share it. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

import * as der from "../der.ts";
import { DerError } from "../der.ts";
import { SignatureInvalid } from "../signature.ts";
import * as x509 from "../x509.ts";
import { type Certificate, type Path } from "../x509.ts";
import * as ocsp from "./ocsp.ts";
import { type Response } from "./ocsp.ts";
import * as spdm from "./spdm.ts";
import { type Report, SpdmError } from "./spdm.ts";

export const MAX_CERTIFICATES = 8;
const COMMON_NAME = "550403";
/** 2.23.133.5.4.1, TCG DICE */
const FIRMWARE = "678105050401";
const FIRMWARE_BYTES = 48;

/** One device: what it reported, its chain (leaf first) as DER, and parsed once that check has passed. */
export interface Device {
  readonly report: Report;
  readonly chain: readonly [Bytes, ...Bytes[]];
  path: Path | null;
}

/** All devices of a case by label. */
export class Devices {
  readonly found = new Map<string, Device>();
  readonly #names = new Map<Bytes, string>();
  readonly #certificates = new Map<string, Certificate>();
  readonly #verified = new Map<string, boolean>();

  /** The certificate in `data`. Raises DerError. */
  certificate(data: Bytes): Certificate {
    const name = this.#nameOf(data);
    const known = this.#certificates.get(name) ?? x509.decode(data);
    this.#certificates.set(name, known);
    return known;
  }

  /** Whether the certificate in `data` is signed by the one in `issuer`; both have been read. */
  async issued(data: Bytes, issuer: Bytes): Promise<boolean> {
    const verify = (): Promise<void> => x509.verifyIssued(this.certificate(data), this.certificate(issuer));
    return this.#once(`${this.#nameOf(data)} ${this.#nameOf(issuer)}`, verify);
  }

  /** Whether `issuer`, or whom it authorised, signed `response`. */
  async answered(response: Response, issuer: Certificate, now: number): Promise<boolean> {
    return this.#once(`${this.#nameOf(response.raw)} ${issuer.pin}`, () => ocsp.verifyResponse(response, issuer, now));
  }

  /** Bytes by value: JavaScript compares byte strings by identity. */
  #nameOf(data: Bytes): string {
    const name = this.#names.get(data) ?? toHex(data);
    this.#names.set(data, name);
    return name;
  }

  async #once(name: string, verify: () => Promise<void>): Promise<boolean> {
    let known = this.#verified.get(name);
    if (known === undefined) {
      try {
        await verify();
        known = true;
      } catch (error) {
        if (!(error instanceof SignatureInvalid)) throw error;
        known = false;
      }
      this.#verified.set(name, known);
    }
    return known;
  }
}

/** Whether items of this label are device evidence. */
export function isDevice(label: string): boolean {
  return /^(?:gpu|switch)-/.test(label);
}

/** Whether a device under this label must be a switch. */
export function isSwitch(label: string): boolean {
  return label.startsWith("switch-");
}

/** The device of an item: CBOR `[evidence, [leaf … root DER]]`. Raises SpdmError. */
export function decode(data: Bytes): Device {
  const value = read(data);
  if (!Array.isArray(value) || value.length !== 2) throw new SpdmError("malformed");
  const [evidence, listed] = value as readonly cbor.Value[];
  if (!(evidence instanceof Uint8Array) || !Array.isArray(listed)) throw new SpdmError("malformed");
  const [leaf, ...issuers] = listed as readonly cbor.Value[];
  if (!(leaf instanceof Uint8Array) || issuers.length >= MAX_CERTIFICATES || !issuers.every(isBytes)) {
    throw new SpdmError("malformed");
  }
  return { report: spdm.decode(evidence), chain: [leaf, ...issuers], path: null };
}

function isBytes(value: cbor.Value): value is Bytes {
  return value instanceof Uint8Array;
}

function read(data: Bytes): cbor.Value {
  try {
    return cbor.decode(data);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new SpdmError(error.reason === "trailing_data" ? "trailing_data" : "malformed");
  }
}

/** The chip that the leaf certificate is for, as NVIDIA's manifests write it: `GH100`, `LS10`. */
export function chipOf([leaf]: Path): string {
  return (commonName(leaf).split(" ")[0] ?? "").replaceAll("_", "");
}

function commonName(certificate: Certificate): string {
  for (const names of der.decode(certificate.subject).children) {
    for (const { children: [kind, value] } of names.children) {
      if (kind !== undefined && toHex(kind.content) === COMMON_NAME) {
        return new TextDecoder("utf-8", { ignoreBOM: true }).decode((value ?? names).content);
      }
    }
  }
  return "";
}

/** The firmware identity (48 bytes) that the DICE extension of `leaf` ends with, null without one. */
export function firmwareIdentity(leaf: Certificate): Bytes | null {
  const value = leaf.extensions.get(FIRMWARE);
  if (value === undefined) return null;
  try {
    let element = der.decode(value);
    for (let last = element.children.at(-1); last !== undefined; last = element.children.at(-1)) element = last;
    return element.tag === der.OCTET_STRING && element.content.length === FIRMWARE_BYTES ? element.content : null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
