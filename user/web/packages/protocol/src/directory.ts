/**
 * The directory: the list of nodes that everybody sees and from which the client itself chooses.
 *
 * Source: specs/directory.md. Canonical JSON; nodes strictly ascending by hash, so one list has one spelling.
 */

import { type Bytes, toHex } from "./bytes.ts";
import {
  decode as decodeJson, encode as encodeJson, entries, fromHex, integer, type Json, members, text,
} from "./canonical.ts";
import { Malformed } from "./errors.ts";
import { decode as decodePlatform, members as platformMembers, type Platform } from "./platform.ts";

/** bytes, the longest leaf of a log */
export const MAX_DIRECTORY = 65_535;
export const MAX_NODES = 250;
/** model ids of one node */
export const MAX_CAPABILITIES = 64;
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/;

/** One listed node: SHA-256 of its node document, platform, release leaf hash, model ids, weight from 1 to 8. */
export interface Node {
  readonly nd: Bytes;
  readonly plat: Platform;
  readonly rel: Bytes;
  readonly cap: readonly string[];
  readonly w: number;
}

/** Nodes listed from `nbf` to `exp` (Unix seconds); `prev` is the SHA-256 of the one before, null for the first. */
export interface Directory {
  readonly nbf: number;
  readonly exp: number;
  readonly prev: Bytes | null;
  readonly nodes: readonly Node[];
}

/** The bytes of a directory. Raises Malformed when `decode` would refuse them. */
export function encode(directory: Directory): Bytes {
  const data = encodeJson({
    v: 1, t: "directory",
    nbf: directory.nbf,
    exp: directory.exp,
    prev: directory.prev === null ? null : toHex(directory.prev),
    nodes: directory.nodes.map((node) => ({
      nd: toHex(node.nd), plat: platformMembers(node.plat), rel: toHex(node.rel), cap: node.cap, w: node.w,
    })),
  });
  decode(data);
  return data;
}

/** The directory in at most 65,535 bytes of canonical JSON; its window is not judged here. Raises Malformed. */
export function decode(data: Uint8Array): Directory {
  const names = ["v", "t", "nbf", "exp", "prev", "nodes"] as const;
  const value = members(decodeJson(data, MAX_DIRECTORY), names, "directory");
  integer(value.v, "v", 1, 1);
  text(value.t, "t", 9, /^directory$/);
  const nodes = entries(value.nodes, "nodes", 0, MAX_NODES).map(decodeNode);
  ascending(nodes.map((node) => toHex(node.nd)), "nodes");
  const nbf = integer(value.nbf, "nbf");
  return {
    nbf,
    exp: integer(value.exp, "exp", nbf + 1),
    prev: value.prev === null ? null : fromHex(value.prev, "prev", 32),
    nodes,
  };
}

function decodeNode(value: Json): Node {
  const node = members(value, ["nd", "plat", "rel", "cap", "w"], "node");
  const cap = entries(node.cap, "cap", 1, MAX_CAPABILITIES).map((name) => text(name, "cap", 128, MODEL_ID));
  ascending(cap, "cap");
  return {
    nd: fromHex(node.nd, "nd", 32),
    plat: decodePlatform(node.plat),
    rel: fromHex(node.rel, "rel", 32),
    cap,
    w: integer(node.w, "w", 1, 8),
  };
}

function ascending(names: readonly string[], what: string): void {
  names.forEach((name, index) => {
    const next = names[index + 1];
    if (next !== undefined && next <= name) throw new Malformed("member_value", `${what} not strictly ascending`);
  });
}
