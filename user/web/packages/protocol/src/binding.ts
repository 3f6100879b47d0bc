/**
 * The node document: what a quote commits to, and the values derived from its bytes. Both ends use this module.
 *
 * Source: specs/binding.md. The document is hashed and compared as bytes; decoding serves the checks of its content.
 */

import { ascii, type Bytes, concat, toHex, uint } from "./bytes.ts";
import {
  base64urlEncode, decode as decodeJson, encode as encodeJson, entries, fromBase64url, fromHex, integer, type Json,
  members, text,
} from "./canonical.ts";
import { Expired, Malformed, type Reason } from "./errors.ts";
import type { Item } from "./evidence.ts";
import { sha256 } from "./kdf.ts";
import { DEVICE_NONCE, REPORT_DATA } from "./labels.ts";
import { decode as decodePlatform, members as platformMembers, type Platform } from "./platform.ts";

/** bytes */
export const MAX_NODE_DOCUMENT = 4096;
/** seconds from nbf to exp */
export const MAX_KEY_LIFETIME = 7200;
/** seconds that a document may lie in the future */
export const CLOCK_SKEW = 300;
const KEM_KEY = 1216;
const PROFILES = ["p0", "p1", "p2"] as const;
const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const MEMBERS = [
  "v", "typ", "suite", "pk", "sig", "node", "plat", "rel", "cfg", "models", "dev", "deploy", "nbf", "exp", "anchor",
  "prof", "egress", "nonce",
] as const;

export type ProfileName = (typeof PROFILES)[number];

/** The newest witnessed release checkpoint that the node knew: root is 32 bytes, time is Unix seconds. */
export interface Anchor {
  readonly origin: string;
  readonly root: Bytes;
  readonly size: number;
  readonly time: number;
}

/** All members of a node document; hashes are 32 raw bytes here and lower-case hexadecimal on the wire. */
export interface NodeDocument {
  readonly pk: Bytes;
  readonly sig: Bytes;
  readonly node: Bytes;
  readonly plat: Platform;
  readonly rel: Bytes;
  readonly cfg: Bytes;
  readonly models: Bytes;
  readonly dev: Bytes | null;
  readonly deploy: string;
  readonly nbf: number;
  readonly exp: number;
  readonly anchor: Anchor;
  readonly prof: readonly ProfileName[];
  readonly egress: string;
  readonly nonce: Bytes | null;
}

/** The bytes of a document. Raises Malformed when `decode` would refuse them. */
export function encode(document: NodeDocument): Bytes {
  const { anchor } = document;
  const data = encodeJson({
    v: 1, typ: "ec1-node", suite: 1,
    pk: base64urlEncode(document.pk),
    sig: base64urlEncode(document.sig),
    node: base64urlEncode(document.node),
    plat: platformMembers(document.plat),
    rel: toHex(document.rel),
    cfg: toHex(document.cfg),
    models: toHex(document.models),
    dev: document.dev === null ? null : toHex(document.dev),
    deploy: document.deploy,
    nbf: document.nbf,
    exp: document.exp,
    anchor: { origin: anchor.origin, root: toHex(anchor.root), size: anchor.size, time: anchor.time },
    prof: document.prof,
    egress: document.egress,
    nonce: document.nonce === null ? null : base64urlEncode(document.nonce),
  });
  decode(data);
  return data;
}

/** The node document in at most 4,096 bytes of canonical JSON; its window is not judged here. Raises Malformed. */
export function decode(data: Uint8Array): NodeDocument {
  const nd = members(decodeJson(data, MAX_NODE_DOCUMENT), MEMBERS, "node document");
  integer(nd.v, "v", 1, 1);
  text(nd.typ, "typ", 8, /^ec1-node$/);
  integer(nd.suite, "suite", 1, 1);
  return {
    pk: fromBase64url(nd.pk, "pk", KEM_KEY),
    sig: fromBase64url(nd.sig, "sig", 32),
    node: fromBase64url(nd.node, "node", 16),
    plat: decodePlatform(nd.plat),
    rel: fromHex(nd.rel, "rel", 32),
    cfg: fromHex(nd.cfg, "cfg", 32),
    models: fromHex(nd.models, "models", 32),
    dev: nd.dev === null ? null : fromHex(nd.dev, "dev", 32),
    deploy: text(nd.deploy, "deploy", 64),
    nbf: integer(nd.nbf, "nbf"),
    exp: integer(nd.exp, "exp"),
    anchor: decodeAnchor(nd.anchor),
    prof: decodeProfiles(nd.prof),
    egress: text(nd.egress, "egress", 64, NAME),
    nonce: nd.nonce === null ? null : fromBase64url(nd.nonce, "nonce", 32),
  };
}

function decodeAnchor(value: Json): Anchor {
  const anchor = members(value, ["origin", "root", "size", "time"], "anchor");
  return {
    origin: text(anchor.origin, "anchor.origin", 255, /^[!-~]+$/),
    root: fromHex(anchor.root, "anchor.root", 32),
    size: integer(anchor.size, "anchor.size"),
    time: integer(anchor.time, "anchor.time"),
  };
}

function decodeProfiles(value: Json): readonly ProfileName[] {
  const names = entries(value, "prof", 1, PROFILES.length);
  // Comparing with the ordered subset refuses unknown names, repetitions and other orders in one step.
  const chosen = PROFILES.filter((name) => names.includes(name));
  if (chosen.length !== names.length || chosen.some((name, index) => name !== names[index])) {
    throw new Malformed("member_value", "prof");
  }
  return chosen;
}

/** The 64 bytes that the quote carries for the bytes of a node document. */
export async function reportData(nodeDocument: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", concat(ascii(REPORT_DATA), nodeDocument)));
}

/** The 8-byte key id by which messages name the bytes of a node document. */
export async function kid(nodeDocument: Uint8Array): Promise<Bytes> {
  return (await sha256(nodeDocument)).slice(0, 8);
}

/** The 32-byte nonce that devices answer: `pk` 1,216 bytes, `node` 16, `nonce` 32 or null. */
export async function deviceNonce(pk: Bytes, node: Bytes, nonce: Bytes | null): Promise<Bytes> {
  return sha256(ascii(DEVICE_NONCE), await sha256(pk), node, nonce ?? new Uint8Array(0));
}

/** The 32 bytes of member `dev` for device items in bundle order, null without devices. */
export async function deviceDigest(items: readonly Item[]): Promise<Bytes | null> {
  const parts = items.flatMap((item) => [ascii(item.label), item.data]);
  if (parts.length === 0) return null;
  return sha256(...parts.flatMap((part) => [uint(part.length, 4), part]));
}

/** Every reason why the window of a document does not admit use at `now` (Unix seconds). */
export function windowFaults(
  document: NodeDocument, now: number, skew = CLOCK_SKEW, lifetime = MAX_KEY_LIFETIME,
): readonly Reason[] {
  const length = document.exp - document.nbf;
  const faults: readonly (readonly [Reason, boolean])[] = [
    ["key_not_yet_valid", now < document.nbf - skew],
    ["key_expired", now >= document.exp],
    ["key_lifetime", length <= 0 || length > lifetime],
  ];
  return faults.filter(([, found]) => found).map(([reason]) => reason);
}

/** Raises Expired (`key_not_yet_valid`, `key_expired`, `key_lifetime`) unless nbf - 300 <= now < exp. */
export function checkWindow(document: NodeDocument, now: number): void {
  const fault = windowFaults(document, now)[0];
  if (fault === undefined) return;
  throw new Expired(fault, `${String(document.nbf)} to ${String(document.exp)}, now ${String(now)}`);
}
