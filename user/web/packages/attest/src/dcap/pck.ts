/**
 * What Intel says of a platform in its PCK certificate, and the PEM text in which a quote carries the chain.
 *
 * Source: Intel "SGX PCK Certificate and CRL Profile Specification" section 1.3.5 (extension 1.2.840.113741.1.13.1).
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import * as der from "../der.ts";
import { DerError, type Element } from "../der.ts";
import { sequence } from "../x509.ts";

/** Leaf, its issuer, the root. */
export const CERTIFICATES = 3;
export const EXTENSION = "2a864886f84d010d01";
export const COMPONENTS = 16;
const PPID = 1;
const TCB = 2;
const PCEID = 3;
const FMSPC = 4;
const TYPE = 5;
const INSTANCE = 6;
const CONFIGURATION = 7;
const PEM = /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)\r?\n-----END CERTIFICATE-----(?:\r?\n|(?=\0?$))/y;

/**
 * A platform: identifiers as bytes, SVNs of its 16 components and of the provisioning enclave.
 *
 * `type` is 0 standard, 1 scalable, 2 scalable with integrity. The configuration is null where the certificate has
 * none: that of a single-package platform.
 */
export interface Pck {
  readonly ppid: Bytes;
  readonly components: Bytes;
  readonly pcesvn: number;
  readonly cpuSvn: Bytes;
  readonly pceid: Bytes;
  readonly fmspc: Bytes;
  readonly type: number;
  readonly dynamicPlatform: boolean | null;
  readonly cachedKeys: boolean | null;
  readonly smt: boolean | null;
}

/** The DER of the certificates in `pem`, nothing around them but one closing NUL. Raises DerError. */
export function chainOf(pem: Bytes): readonly Bytes[] {
  const text = pem.reduce((joined, byte) => joined + String.fromCharCode(byte), "");
  const found: Bytes[] = [];
  let position = 0;
  for (;;) {
    PEM.lastIndex = position;
    const match = PEM.exec(text);
    if (match === null) break;
    if (found.length === CERTIFICATES) throw new DerError("too many certificates");
    found.push(base64((match[1] ?? "").replaceAll(/[\r\n]/g, "")));
    position = PEM.lastIndex;
  }
  const rest = text.slice(position);
  if (rest !== "" && rest !== "\0") throw new DerError("text that is no certificate");
  return found;
}

function base64(text: string): Bytes {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new DerError("base64");
  }
  // Spare bits and padding have one spelling, or a flipped bit would go unseen.
  if (btoa(binary) !== text) throw new DerError("base64");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** What the extension's value says. Raises DerError. */
export function decode(extension: Bytes): Pck {
  const members = membersOf(der.decode(extension), EXTENSION);
  const known = [PPID, TCB, PCEID, FMSPC, TYPE, INSTANCE, CONFIGURATION];
  if ([...members.keys()].some((place) => !known.includes(place))) throw new DerError("members of the PCK extension");
  const tcb = membersOf(member(members, TCB), `${EXTENSION}02`);
  const configuration = members.get(CONFIGURATION);
  const flags = configuration === undefined ? new Map<number, Element>() : membersOf(configuration, `${EXTENSION}07`);
  if (tcb.size !== COMPONENTS + 2 || [...flags.keys()].some((place) => place < 1 || place > 3)) {
    throw new DerError("members of the PCK extension");
  }
  const instance = members.get(INSTANCE);
  if (instance !== undefined) octets(instance, 16);
  return {
    ppid: octets(member(members, PPID), 16),
    components: Uint8Array.from({ length: COMPONENTS }, (_, index) => bounded(member(tcb, index + 1), 0xff)),
    pcesvn: bounded(member(tcb, COMPONENTS + 1), 0xffff),
    cpuSvn: octets(member(tcb, COMPONENTS + 2), 16),
    pceid: octets(member(members, PCEID), 2),
    fmspc: octets(member(members, FMSPC), 6),
    type: bounded(member(members, TYPE), 2, der.ENUMERATED),
    dynamicPlatform: flag(flags, 1),
    cachedKeys: flag(flags, 2),
    smt: flag(flags, 3),
  };
}

/** The values of a SEQUENCE of pairs by the last number of their object identifier below `prefix`. */
function membersOf(element: Element, prefix: string): ReadonlyMap<number, Element> {
  const found = new Map<number, Element>();
  for (const pair of element.expect(der.SEQUENCE).children) {
    const [name, value] = sequence(pair, 2);
    const oid = toHex(name.expect(der.OID).content);
    const place = Number.parseInt(oid.slice(prefix.length), 16);
    if (oid.length !== prefix.length + 2 || !oid.startsWith(prefix) || found.has(place)) {
      throw new DerError("object identifier of the PCK extension");
    }
    found.set(place, value);
  }
  return found;
}

function member(members: ReadonlyMap<number, Element>, place: number): Element {
  const found = members.get(place);
  if (found === undefined) throw new DerError("member missing in the PCK extension");
  return found;
}

function octets(element: Element, size: number): Bytes {
  const { content } = element.expect(der.OCTET_STRING);
  if (content.length !== size) throw new DerError("length in the PCK extension");
  return content;
}

function bounded(element: Element, most: number, tag: number = der.INTEGER): number {
  const value = der.integer(element, tag);
  if (value > BigInt(most)) throw new DerError("number in the PCK extension");
  return Number(value);
}

function flag(flags: ReadonlyMap<number, Element>, place: number): boolean | null {
  const found = flags.get(place);
  return found === undefined ? null : der.boolean(found);
}
