/** Certificates and revocation lists: one form, one issuer, and only what the profile allows. */

import { type Bytes, concat, equal } from "@privity/protocol/bytes";
import { describe, expect, test } from "vitest";

import * as crl from "../src/crl.ts";
import * as der from "../src/der.ts";
import { DerError } from "../src/der.ts";
import { P256, P384, SignatureInvalid, verifyDer, verifyRaw } from "../src/signature.ts";
import * as x509 from "../src/x509.ts";
import { type Certificate, type Path } from "../src/x509.ts";
import { DOCUMENT } from "./honest.ts";
import { hex } from "./vectors.ts";

const LEAF = DOCUMENT.certificate;
const leaf = x509.decode(LEAF);
const root = x509.decode(DOCUMENT.cabundle[0] ?? LEAF);
const [tbs, ALGORITHM = LEAF, SIGNATURE = LEAF] = der.decode(LEAF).children.map((one) => one.raw);
const FIELDS = der.decode(tbs ?? LEAF).children.map((one) => one.raw);
const [keyAlgorithm = LEAF] = der.decode(FIELDS[6] ?? LEAF).children.map((one) => one.raw);
const TRUE = hex("0101ff");
const NULL = hex("0500");

/** An element in DER, lengths below 65,536. */
function tlv(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = concat(...parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return concat(Uint8Array.of(tag, ...length), content);
}

function sequence(...parts: readonly Bytes[]): Bytes {
  return tlv(0x30, ...parts);
}

function rebuilt(fields: readonly Bytes[] = FIELDS, algorithm = ALGORITHM, signature = SIGNATURE): Bytes {
  return sequence(sequence(...fields), algorithm, signature);
}

function withField(index: number, value: Bytes): Bytes {
  return rebuilt(FIELDS.map((field, at) => (at === index ? value : field)));
}

function withExtensions(...extensions: readonly Bytes[]): Bytes {
  return withField(7, tlv(0xa3, sequence(...extensions)));
}

const USAGE = sequence(hex("0603551d0f"), TRUE, hex("040403020780"));

function constraints(content: readonly Bytes[], critical = TRUE): Bytes {
  return sequence(hex("0603551d13"), critical, tlv(4, sequence(...content)));
}

test("the parts are put together rightly", () => {
  expect(equal(rebuilt(), LEAF)).toBe(true);
  expect(x509.decode(withExtensions(USAGE)).keyUsage).toEqual(new Set([x509.DIGITAL_SIGNATURE]));
  const authority = x509.decode(withExtensions(constraints([TRUE, hex("020102")])));
  expect([authority.isCa, authority.pathLength]).toEqual([true, 2n]);
  expect(x509.decode(withExtensions(constraints([]))).isCa).toBe(false);
});

const ecdsaWithNull = sequence(hex("06082a8648ce3d040303"), NULL);
const ecdsa256 = sequence(hex("06082a8648ce3d040302"));
const pss = (...parameters: readonly Bytes[]): Bytes => sequence(hex("06092a864886f70d01010a"), sequence(...parameters));
const sha384 = sequence(hex("0609608648016503040202"));
const sha256 = sequence(hex("0609608648016503040201"));
const mgf = (hash: Bytes): Bytes => sequence(hex("06092a864886f70d010108"), hash);
const PSS = [tlv(0xa0, sha384), tlv(0xa1, mgf(sha384)), tlv(0xa2, hex("020130"))] as const;

describe("a certificate of another form is refused", () => {
  test.each<[string, Bytes]>([
    ["no extensions", rebuilt(FIELDS.slice(0, 7))],
    ["version 2", withField(0, hex("a003020101"))],
    ["two versions", withField(0, hex("a006020102020102"))],
    ["version without its tag", withField(0, hex("020102"))],
    ["negative serial", withField(1, hex("0201ff"))],
    ["another algorithm inside", withField(2, ecdsa256)],
    ["algorithm with parameters", rebuilt(FIELDS.map((field, at) => (at === 2 ? ecdsaWithNull : field)), ecdsaWithNull)],
    ["one date", withField(4, sequence(der.decode(FIELDS[4] ?? LEAF).children[0]?.raw ?? LEAF))],
    ["issuer is no sequence", withField(3, NULL)],
    ["compressed point", withField(6, sequence(keyAlgorithm, tlv(3, hex("0002"), new Uint8Array(48))))],
    ["point cut short", withField(6, sequence(keyAlgorithm, tlv(3, hex("0004"), new Uint8Array(95))))],
    ["point with unused bits", withField(6, sequence(keyAlgorithm, tlv(3, hex("0104"), new Uint8Array(96))))],
    ["signature with unused bits", rebuilt(FIELDS, ALGORITHM, tlv(3, hex("01"), new Uint8Array(70)))],
    ["extensions without their tag", withField(7, sequence(USAGE))],
    ["empty extension", withExtensions(sequence())],
    ["extension twice", withExtensions(USAGE, USAGE)],
    ["criticality false", withExtensions(constraints([], hex("010100")))],
    ["extension of four parts", withExtensions(constraints([], concat(TRUE, NULL)))],
    ["extension value is no octet string", withExtensions(sequence(hex("0603551d13"), NULL))],
    ["bytes after the extension value", withExtensions(sequence(hex("0603551d13"), tlv(4, hex("300000"))))],
    ["constraints say false", withExtensions(constraints([hex("010100")]))],
    ["constraints of three parts", withExtensions(constraints([TRUE, hex("020100"), NULL]))],
    ["negative path length", withExtensions(constraints([TRUE, hex("0201ff")]))],
    ["bytes after the certificate", concat(rebuilt(), Uint8Array.of(0))],
  ])("%s", (_what, data) => {
    expect(() => x509.decode(data)).toThrow(DerError);
  });
});

describe("schemes", () => {
  test("the one RSASSA-PSS is read, its trailer written or not", () => {
    expect(x509.signatureScheme(der.decode(pss(...PSS))).name).toBe("RSA-PSS-SHA384");
    expect(x509.signatureScheme(der.decode(pss(...PSS, tlv(0xa3, hex("020101"))))).name).toBe("RSA-PSS-SHA384");
  });

  test.each<[string, Bytes]>([
    ["no parameters", pss()], ["one", pss(PSS[0])], ["two", pss(PSS[0], PSS[1])],
    ["five", pss(...PSS, tlv(0xa3, hex("020101")), NULL)],
    ["another trailer", pss(...PSS, tlv(0xa3, hex("020102")))],
    ["another salt", pss(PSS[0], PSS[1], tlv(0xa2, hex("020120")))],
    ["another hash", pss(tlv(0xa0, sha256), PSS[1], PSS[2])],
    ["another hash of the mask", pss(PSS[0], tlv(0xa1, mgf(sha256)), PSS[2])],
    ["another mask", pss(PSS[0], tlv(0xa1, sequence(hex("06092a864886f70d010109"), sha384)), PSS[2])],
    ["no scheme", sequence()],
    ["Ed25519", sequence(hex("06032b6570"))],
  ])("%s", (_what, data) => {
    expect(() => x509.signatureScheme(der.decode(data))).toThrow(DerError);
  });
});

describe("RSA keys", () => {
  const key = (bytes: number, exponent: string, first = 0x80, head = hex("00")): Bytes => {
    const modulus = tlv(2, head, Uint8Array.of(first), new Uint8Array(bytes - 1));
    const parameters = sequence(hex("06092a864886f70d010101"), NULL);
    return sequence(parameters, tlv(3, hex("00"), sequence(modulus, hex(exponent))));
  };

  test("have 4,096 bits and the one exponent", () => {
    expect(x509.publicKey(key(512, "0203010001"))).toMatchObject({ bits: 4096 });
  });

  test.each<[string, Bytes]>([
    ["2,048 bits", key(256, "0203010001")], ["4,095 bits", key(512, "0203010001", 0x40, hex(""))],
    ["4,104 bits", key(513, "0203010001")], ["exponent 3", key(512, "020103")],
  ])("%s", (_what, data) => {
    expect(() => x509.publicKey(data)).toThrow(DerError);
  });
});

describe("issuers", () => {
  test("name and signature are the issuer's", async () => {
    await x509.verifyIssued(leaf, root);
    await expect(x509.verifyIssued(leaf, { ...root, subject: leaf.subject })).rejects.toThrow(SignatureInvalid);
    await expect(x509.verifyIssued(leaf, { ...root, key: leaf.key })).rejects.toThrow(SignatureInvalid);
    await expect(x509.verifyIssued({ ...leaf, scheme: P256 }, root)).rejects.toThrow(SignatureInvalid);
    await expect(x509.verifyIssued({ ...leaf, signed: root.signed }, root)).rejects.toThrow(SignatureInvalid);
  });

  const issuer = (changed: Partial<Certificate>): Certificate => ({ ...root, ...changed });
  const path = (...issuers: readonly Certificate[]): Path => [leaf, ...issuers];

  test.each<[string, Path, readonly string[]]>([
    ["an honest path", path(root), []],
    ["no authority", path(issuer({ isCa: false })), ["issuer-0"]],
    ["no usage", path(issuer({ keyUsage: null })), ["issuer-0"]],
    ["another usage", path(issuer({ keyUsage: new Set([x509.CRL_SIGN]) })), ["issuer-0"]],
    ["a path that is just long enough", path(issuer({ pathLength: 0n }), issuer({ pathLength: 1n })), []],
    ["a path that is too long", path(root, issuer({ pathLength: 0n })), ["issuer-1"]],
    ["a leaf that is an authority", [{ ...leaf, isCa: true }, root], ["leaf"]],
    ["a leaf without usage", [{ ...leaf, keyUsage: null }, root], ["leaf"]],
    ["a leaf that may not sign", [{ ...leaf, keyUsage: new Set([x509.KEY_CERT_SIGN]) }, root], ["leaf"]],
    ["an unknown critical extension", [leaf, issuer({ critical: new Set(["2a03"]) })], ["1"]],
  ])("%s", (_what, given, faults) => {
    expect(x509.chainFaults(given)).toEqual(faults);
  });

  test("a critical extension that the caller knows is no fault", () => {
    expect(x509.chainFaults([leaf, issuer({ critical: new Set(["2a03"]) })], new Set(["2a03"]))).toEqual([]);
  });
});

describe("signatures have one spelling", () => {
  const { point } = root.key as { readonly point: Bytes };
  const [r = LEAF, s = LEAF] = der.decode(leaf.signature).children.map((one) => one.content);

  const verify = (signature: Bytes): Promise<void> => verifyDer(P384, point, leaf.signed, signature);

  test("the honest one", async () => {
    await verify(sequence(tlv(2, r), tlv(2, s)));
  });

  test.each<[string, Bytes]>([
    ["padded", sequence(tlv(2, hex("00"), r), tlv(2, s))],
    ["long length", concat(hex("308200"), Uint8Array.of(sequence(tlv(2, r), tlv(2, s)).length - 2), tlv(2, r), tlv(2, s))],
    ["bytes after it", concat(sequence(tlv(2, r), tlv(2, s)), hex("00"))],
    ["three integers", sequence(tlv(2, r), tlv(2, s), tlv(2, s))],
    ["octet strings", sequence(tlv(4, r), tlv(4, s))],
    ["too large", sequence(tlv(2, hex("01"), new Uint8Array(49)), tlv(2, s))],
    ["exchanged", sequence(tlv(2, s), tlv(2, r))],
    ["zero", sequence(hex("020100"), hex("020100"))],
  ])("%s", async (_what, signature) => {
    await expect(verify(signature)).rejects.toThrow(SignatureInvalid);
  });

  test("raw ones have one length", async () => {
    await expect(verifyRaw(P384, point, leaf.signed, new Uint8Array(95))).rejects.toThrow(SignatureInvalid);
    await expect(verifyRaw(P384, point, leaf.signed, new Uint8Array(97))).rejects.toThrow(SignatureInvalid);
  });
});

describe("revocation lists", () => {
  const date = tlv(0x17, hex("3236313132313030303030305a"));
  const number = sequence(hex("0603551d14"), tlv(4, hex("020107")));
  const reason = sequence(sequence(hex("0603551d15"), tlv(4, hex("0a0106"))));
  const entries = sequence(sequence(hex("020105"), date, reason), sequence(hex("020200d5"), date));
  const key = crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const strange = sequence(hex("06022a03"), TRUE, tlv(4, NULL));

  function list(parts: readonly Bytes[], extensions: readonly Bytes[] = [number], algorithm = ecdsa256): Bytes {
    return sequence(hex("020101"), algorithm, root.subject, date, date, ...parts, tlv(0xa0, sequence(...extensions)));
  }

  async function signed(content: Bytes): Promise<Bytes> {
    const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, (await key).privateKey, content));
    return sequence(content, ecdsa256, tlv(3, hex("00"), sequence(integer(raw.slice(0, 32)), integer(raw.slice(32)))));
  }

  function integer(digits: Bytes): Bytes {
    const start = digits.findIndex((byte) => byte !== 0);
    const shortest = digits.slice(start);
    return (shortest[0] ?? 0) < 0x80 ? tlv(2, shortest) : tlv(2, hex("00"), shortest);
  }

  async function issuer(): Promise<Certificate> {
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", (await key).publicKey));
    return { ...root, key: { curve: P256, point }, keyUsage: new Set([x509.CRL_SIGN]) };
  }

  test("says who was revoked, why, and until when it holds", async () => {
    const read = crl.decode(await signed(list([entries])));
    expect(read.revoked).toEqual(new Map([[5n, crl.ON_HOLD], [0xd5n, crl.UNSPECIFIED]]));
    expect([read.number, read.nextUpdate]).toEqual([7, 1_795_219_200]);
    expect(crl.decode(await signed(list([]))).revoked.size).toBe(0);
    await crl.verifyList(read, await issuer());
  });

  test("is signed by an issuer that may, and by no other", async () => {
    const read = crl.decode(await signed(list([entries])));
    const honest = await issuer();
    for (const other of [
      { ...honest, keyUsage: new Set([x509.KEY_CERT_SIGN]) }, { ...honest, keyUsage: null }, { ...honest, key: root.key },
      { ...honest, subject: leaf.subject },
    ]) {
      await expect(crl.verifyList(read, other)).rejects.toThrow(SignatureInvalid);
    }
    await expect(crl.verifyList({ ...read, signed: LEAF }, honest)).rejects.toThrow(SignatureInvalid);
  });

  test.each<[string, Bytes]>([
    ["no number", list([entries], [])],
    ["critical extension", list([entries], [number, strange])],
    ["number beyond 2^53", list([entries], [sequence(hex("0603551d14"), tlv(4, hex("020720000000000000")))])],
    ["another algorithm inside", list([entries], [number], sequence(hex("06082a8648ce3d040303")))],
    ["empty entry", list([sequence(sequence())])],
    ["entry without a date", list([sequence(sequence(hex("020105")))])],
    ["entry of four parts", list([sequence(sequence(hex("020105"), date, reason, NULL))])],
    ["critical extension of an entry", list([sequence(sequence(hex("020105"), date, sequence(strange)))])],
    ["two lists of entries", list([entries, entries])],
  ])("%s", async (_what, content) => {
    const data = await signed(content);
    expect(() => crl.decode(data)).toThrow(DerError);
  });
});
