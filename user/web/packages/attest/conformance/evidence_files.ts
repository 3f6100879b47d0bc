/**
 * Evidence as vendors and their tools hand it out, turned into the items of a bundle.
 *
 * PEM chains, collateral as JSON with PEM and hexadecimal (the field names of dcap-qvl's QuoteCollateralV3), raw
 * reports. Nothing is believed here: a file of the wrong shape raises Malformed, everything else is the appraisal's
 * business.
 */

import { type Bytes, fromHex } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { CborMap } from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";

/** Files of a case by role. */
export type Files = ReadonlyMap<string, Bytes>;
/** Label to media type without prefix, and bytes. */
export type Items = ReadonlyMap<string, readonly [mediaType: string, data: Bytes]>;

const CHAINS = ["pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain"] as const;
const HEX = ["root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"] as const;
const TEXTS = ["tcb_info", "qe_identity"] as const;
const CPU: ReadonlyMap<string, readonly [role: string, mediaType: string]> = new Map([
  ["tdx", ["quote", "tdx-quote"]],
  ["sgx", ["quote", "sgx-quote"]],
  ["sev-snp", ["report", "snp-report"]],
  ["nitro", ["document", "nitro-document"]],
  ["psa", ["token", "psa-token"]],
  ["cca", ["token", "cca-token"]],
]);

/** Text of which every byte is one character. */
function latin(data: Bytes): string {
  return new TextDecoder("latin1").decode(data);
}

function base64(text: string): Bytes {
  let decoded: string;
  try {
    decoded = atob(text.replaceAll(/\s/g, ""));
  } catch {
    throw new Malformed("member_value", "PEM");
  }
  return Uint8Array.from(decoded, (character) => character.charCodeAt(0));
}

/** The DER of every certificate in PEM text, in order. Raises Malformed. */
export function certificates(pem: string): readonly Bytes[] {
  const found = pem.matchAll(/-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g);
  return Array.from(found, ([, body = ""]) => base64(body));
}

/** The SubjectPublicKeyInfo of a PEM public key. Raises Malformed. */
export function publicKey(pem: Bytes): Bytes {
  const found = /^\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/.exec(latin(pem));
  if (found === null) throw new Malformed("member_value", "PEM public key");
  return base64(found[1] ?? "");
}

/** The item `dcap-collateral` of Intel collateral in JSON. Raises Malformed. */
export function dcapCollateral(data: Bytes): Bytes {
  const texts = jsonTexts(data);
  const text = (name: string): string => {
    const value = texts.get(name);
    if (value === undefined) throw new Malformed("member_type", `collateral: ${name}`);
    return value;
  };
  return cbor.encode(new CborMap([
    ...CHAINS.map((name): [string, cbor.Value] => [name, certificates(text(name))]),
    ...HEX.map((name): [string, cbor.Value] => [name, hexadecimal(text(name))]),
    ...TEXTS.map((name): [string, cbor.Value] => [name, text(name)]),
  ]));
}

function hexadecimal(text: string): Bytes {
  const data = fromHex(text.replaceAll(/\s/g, "").toLowerCase());
  if (data === null) throw new Malformed("member_value", "hexadecimal");
  return data;
}

/** The item `sim-tpm-quote+cbor` of a quote, its signature, its key (PEM) and its registers (JSON). Raises Malformed. */
function tpmQuote(file: (role: string) => Bytes): Bytes {
  const registers = [...jsonTexts(file("pcrs"))].map(([index, value]): [number, Bytes] => [Number(index), hexadecimal(value)]);
  return cbor.encode([file("quote"), file("signature"), publicKey(file("ak")), new CborMap(registers)]);
}

/** The members of a JSON object that are texts. Raises Malformed. */
function jsonTexts(data: Bytes): ReadonlyMap<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(data));
  } catch {
    throw new Malformed("member_value", "not JSON");
  }
  return new Map(Object.entries(value ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

/** The bundle items of one case: `tee` and its files by role, as the shared vectors name them. Raises Malformed. */
export function itemsOf(tee: string, files: Files): Items {
  const file = (role: string): Bytes => {
    const data = files.get(role);
    if (data === undefined) throw new Malformed("missing_member", role);
    return data;
  };
  const chain = (): readonly Bytes[] => certificates(latin(file("chain")));
  if (tee === "nvidia-gpu" || tee === "nvidia-switch") {
    const label = tee === "nvidia-gpu" ? "gpu-0" : "switch-0";
    return new Map([[label, ["nvidia-spdm+cbor", cbor.encode([file("evidence"), chain()])]]]);
  }
  if (tee === "sim-tpm") {
    return new Map([
      ["cpu", ["sim-tpm-quote+cbor", tpmQuote(file)]],
      ["boot-log", ["tcg-log", file("eventlog")]],
    ]);
  }
  const [role, mediaType] = CPU.get(tee) ?? [];
  if (role === undefined || mediaType === undefined) throw new Malformed("member_value", tee);
  const items = new Map<string, readonly [string, Bytes]>([["cpu", [mediaType, file(role)]]]);
  if (files.has("collateral")) items.set("dcap-collateral", ["dcap-collateral+cbor", dcapCollateral(file("collateral"))]);
  if (tee === "sev-snp") {
    items.set("snp-leaf", ["certificate", file("leaf")]);
    items.set("snp-issuers", ["certificates+cbor", cbor.encode(chain())]);
    if (files.has("crl")) items.set("snp-crl", ["crl", file("crl")]);
  }
  if (files.has("ccel")) items.set("boot-log", ["ccel", file("ccel")]);
  return items;
}
