/**
 * The evidence bundle: one flat CMW collection (RFC 9999) whose bytes have exactly one spelling.
 *
 * Source: specs/evidence.md. A scanner for this grammar alone, not a JSON library: JSON.parse hides duplicate members.
 * Which items must be present is the policy's business, not the container's.
 */

import { ascii, type Bytes } from "./bytes.ts";
import { base64urlDecode, base64urlEncode } from "./canonical.ts";
import { Malformed } from "./errors.ts";

export const MEDIA_TYPE = "application/cmw+json";
export const COLLECTION_TYPE = "tag:privity.invalid,2026:evidence-bundle#1";
export const PREFIX = "application/vnd.privity.";
export const MAX_BUNDLE = 512 * 1024;
export const REFERENCE_VALUES = 1;
export const ENDORSEMENT = 2;
export const EVIDENCE = 4;

/** What the table says of one label: media types without prefix, CMW indicator, most bytes after decoding. */
export interface Label {
  readonly mediaTypes: readonly string[];
  readonly indicator: 1 | 2 | 4;
  readonly limit: number;
}

/** One item of a bundle; `mediaType` is without the common prefix. */
export interface Item {
  readonly label: string;
  readonly mediaType: string;
  readonly data: Bytes;
}

/** A bundle whose container is sound. Nothing in it has been believed yet. */
export interface Bundle {
  readonly items: ReadonlyMap<string, Item>;
}

/** The GPU and switch items in bundle order. */
export function devices(bundle: Bundle): readonly Item[] {
  return [...bundle.items.values()].filter((item) => /^(gpu|switch)-/.test(item.label));
}

function row(indicator: Label["indicator"], limitKi: number, ...mediaTypes: readonly string[]): Label {
  return { mediaTypes, indicator, limit: limitKi * 1024 };
}

const CPU = [
  "tdx-quote", "sgx-quote", "snp-report", "nitro-document", "psa-token", "cca-token", "sim-document",
  "sim-tpm-quote+cbor",
] as const;
const DEVICES = ["gpu", "switch"].flatMap((kind) => Array.from({ length: 16 }, (_, i) => `${kind}-${String(i)}`));

export const LABELS: ReadonlyMap<string, Label> = new Map([
  ["node-document", row(EVIDENCE, 4, "node-document+json")],
  ["cpu", row(EVIDENCE, 32, ...CPU)],
  ...DEVICES.map((label): [string, Label] => [label, row(EVIDENCE, 16, "nvidia-spdm+cbor")]),
  ["boot-log", row(EVIDENCE, 64, "ccel", "tcg-log")],
  ["runtime-log", row(EVIDENCE, 16, "runtime-log")],
  ["configuration", row(EVIDENCE, 16, "configuration+json")],
  ["models", row(EVIDENCE, 16, "models+json")],
  ["dcap-collateral", row(ENDORSEMENT, 64, "dcap-collateral+cbor")],
  ["snp-leaf", row(ENDORSEMENT, 4, "certificate")],
  ["snp-issuers", row(ENDORSEMENT, 8, "certificates+cbor")],
  ["snp-crl", row(ENDORSEMENT, 16, "crl")],
  ["nvidia-ocsp", row(ENDORSEMENT, 64, "nvidia-ocsp+cbor")],
  ["release", row(REFERENCE_VALUES, 64, "release+json")],
  ["release-proof", row(ENDORSEMENT, 16, "tlog-proof")],
  ["endorsement", row(ENDORSEMENT, 8, "endorsement+cbor")],
]);

const HEAD = /^\{"__cmwc_t":"([^"]*)"/;
const ITEM = /,"([^"]*)":\["([^"]*)","([^"]*)",([0-9]+)\]/y;

/** 0x21 to 0x7E without the backslash: no white space, no escapes. */
function plain(byte: number): boolean {
  return byte >= 0x21 && byte <= 0x7e && byte !== 0x5c;
}

/**
 * The items of a bundle in their order. `data` is the whole collection.
 *
 * Raises Malformed: `bundle_too_large`, `bundle_not_canonical`, `bundle_type`, `label_unknown`, `media_type`,
 * `indicator`, `item_too_large`, `item_encoding`; the first one met from the front.
 */
export function decode(data: Uint8Array): Bundle {
  if (data.length > MAX_BUNDLE) {
    throw new Malformed("bundle_too_large", `${String(data.length)} bytes, at most ${String(MAX_BUNDLE)}`);
  }
  if (!data.every(plain)) throw new Malformed("bundle_not_canonical", "white space, escape or non-ASCII byte");
  const text = new TextDecoder().decode(data);
  const head = HEAD.exec(text);
  if (head === null) throw new Malformed("bundle_not_canonical", "the collection type comes first");
  if (head[1] !== COLLECTION_TYPE) throw new Malformed("bundle_type", head[1]?.slice(0, 64));
  const items = new Map<string, Item>();
  let position = head[0].length;
  let before = "";
  for (;;) {
    ITEM.lastIndex = position;
    const found = ITEM.exec(text);
    if (found === null) break;
    const [whole, label = "", mediaType = "", encoded = "", indicator = ""] = found;
    if (label <= before) throw new Malformed("bundle_not_canonical", "labels are not strictly ascending");
    items.set(label, readItem(label, mediaType, encoded, indicator));
    position += whole.length;
    before = label;
  }
  if (text.slice(position) !== "}") throw new Malformed("bundle_not_canonical", `at byte ${String(position)}`);
  return { items };
}

function readItem(label: string, mediaType: string, encoded: string, indicator: string): Item {
  const rule = LABELS.get(label);
  if (rule === undefined) throw new Malformed("label_unknown", label.slice(0, 64));
  const short = mediaType.slice(PREFIX.length);
  if (!mediaType.startsWith(PREFIX) || !rule.mediaTypes.includes(short)) throw new Malformed("media_type", label);
  if (indicator !== String(rule.indicator)) throw new Malformed("indicator", label);
  // Before decoding: a long item must cost nothing.
  if (encoded.length > Math.floor((rule.limit * 8 + 5) / 6)) throw new Malformed("item_too_large", label);
  const data = base64urlDecode(encoded);
  if (data === null) throw new Malformed("item_encoding", label);
  return { label, mediaType: short, data };
}

/** The bundle of `items`: label to media type without prefix, and bytes. Raises what `decode` would raise. */
export function encode(items: ReadonlyMap<string, { readonly mediaType: string; readonly data: Uint8Array }>): Bytes {
  let text = `{"__cmwc_t":"${COLLECTION_TYPE}"`;
  for (const [label, item] of [...items].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const indicator = LABELS.get(label)?.indicator ?? 0;
    text += `,"${label}":["${PREFIX}${item.mediaType}","${base64urlEncode(item.data)}",${String(indicator)}]`;
  }
  const bundle = ascii(`${text}}`);
  decode(bundle);
  return bundle;
}
