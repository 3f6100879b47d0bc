/** The operations that the vectors of the log's formats name (vectors/README.md). */

import { ascii as utf8, type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { sha256 } from "@noble/hashes/sha2.js";

import { type Inputs, type Plain } from "../../protocol/test/operations/case.ts";
import * as bulletin from "../src/bulletin.ts";
import * as checkpoint from "../src/checkpoint.ts";
import * as cosignature from "../src/cosignature.ts";
import * as head from "../src/head.ts";
import * as keys from "../src/keys.ts";
import * as fleet from "../src/leaves/fleet.ts";
import * as issuers from "../src/leaves/issuers.ts";
import * as reading from "../src/leaves/reading.ts";
import * as revocations from "../src/leaves/revocations.ts";
import * as trust from "../src/leaves/trust.ts";
import * as web from "../src/leaves/web.ts";
import * as merkle from "../src/merkle.ts";
import * as note from "../src/note.ts";
import * as proof from "../src/proof.ts";
import * as tiles from "../src/tiles.ts";
import * as view from "../src/view.ts";
import * as witnessPolicy from "../src/witness_policy.ts";
import { hex } from "./vectors.ts";

function same(written: Uint8Array | string, given: Uint8Array | string): void {
  const bytes = (value: Uint8Array | string): Uint8Array => (typeof value === "string" ? utf8(value) : value);
  if (!equal(bytes(written), bytes(given))) throw new Error("printed otherwise than it was read");
}

const hexes = (list: readonly Uint8Array[]): readonly string[] => list.map(toHex);
const hashesOf = (list: Plain): readonly Bytes[] => (list as readonly string[]).map(hex);

function decodeNote(input: Inputs): unknown {
  const read = note.decode(input.bytes("data"));
  same(note.encode(read), input.bytes("data"));
  const signatures = read.signatures.map((one) => [one.name, toHex(one.keyId), one.signature.length]);
  return { text: toHex(sha256(utf8(read.text))), signatures };
}

function decodeKey(input: Inputs): unknown {
  const key = keys.decode(input.text("vkey"));
  same(keys.encode(key), input.text("vkey"));
  return { name: key.name, type: key.type, id: toHex(key.id) };
}

function decodeCheckpoint(input: Inputs): unknown {
  const read = checkpoint.decode(input.text("text"));
  same(checkpoint.encode(read), input.text("text"));
  return { ...read, root: toHex(read.root) };
}

async function verifyNote(input: Inputs): Promise<unknown> {
  await note.verify(note.decode(input.bytes("data")), keys.decode(input.text("vkey")));
  return {};
}

function verifyCosignature(input: Inputs): Promise<unknown> {
  const signed = note.decode(input.bytes("data"));
  return cosignature.verify(signed, checkpoint.decode(signed.text), keys.decode(input.text("vkey")));
}

function decodePolicy(input: Inputs): unknown {
  const read = witnessPolicy.decode(input.bytes("data"));
  return {
    logs: [...read.logs].map(([name, known]) => [name, known.map((key) => toHex(key.id))]),
    witnesses: [...read.witnesses].map(([name, key]) => [name, toHex(key.id)]),
    groups: [...read.groups].map(([name, group]) => [name, group.least, group.members]),
    quorum: read.quorum,
    urls: [...read.urls],
  };
}

function isMet(input: Inputs): unknown {
  return witnessPolicy.isMet(witnessPolicy.decode(input.bytes("data")), new Set(input.list("cosigned") as readonly string[]));
}

async function established(finding: Promise<head.Head>, input: Inputs): Promise<unknown> {
  const found = await finding;
  if (input.has("now")) head.checkAge(found, input.number("now"), input.number("most"), input.number("skew"));
  return { size: found.checkpoint.size, witnesses: [...found.witnesses], time: found.time };
}

function verifyHead(input: Inputs): Promise<unknown> {
  const policy = witnessPolicy.decode(input.bytes("policy"));
  return established(head.verify(input.bytes("data"), policy, input.text("origin")), input);
}

function decodeProof(input: Inputs): unknown {
  const read = proof.decode(input.bytes("data"));
  same(proof.encode(read), input.bytes("data"));
  return { index: read.index, path: hexes(read.path), extra: read.extra === null ? null : toHex(read.extra) };
}

function verifyProof(input: Inputs): Promise<unknown> {
  const policy = witnessPolicy.decode(input.bytes("policy"));
  return established(proof.verify(input.bytes("data"), input.bytes("entry"), policy, input.text("origin")), input);
}

function viewOf(input: Inputs, name: string): view.View {
  return { head: checkpoint.decode(input.text(name)), note: new Uint8Array(0) };
}

function advance(input: Inputs): unknown {
  const known = input.isNull("known") ? null : viewOf(input, "known");
  const path = input.isNull("path") ? null : hashesOf(input.list("path"));
  return { size: view.advance(known, viewOf(input, "new"), path).head.size };
}

function sameHistory(input: Inputs): unknown {
  view.sameHistory(viewOf(input, "older"), viewOf(input, "newer"), hashesOf(input.list("path")));
  return {};
}

function tilePath(input: Inputs): unknown {
  return tiles.tilePath({ level: input.number("level"), index: input.number("index"), width: input.number("width") });
}

function decodeEntries(input: Inputs): unknown {
  const read = tiles.entries(input.bytes("data"), input.number("width"));
  same(tiles.bundle(read), input.bytes("data"));
  return hexes(read.map((one) => merkle.leafHash(one)));
}

/** Proofs computed from one tile of leaves, checked against the root that the log signed. */
async function verifyTileProofs(input: Inputs): Promise<unknown> {
  const [size, old, root] = [input.number("size"), input.number("old"), hex(input.text("root"))];
  const tree = new tiles.Tree(size, () => input.bytes("data"));
  const leaf = tiles.hashes(input.bytes("data"), size)[old] ?? root;
  const [inclusion, consistency] = [await tree.inclusion(old), await tree.consistency(old)];
  merkle.verifyInclusion(leaf, old, size, inclusion, root);
  merkle.verifyConsistency(old, size, consistency, hex(input.text("old_root")), root);
  return { inclusion: hexes(inclusion), consistency: hexes(consistency) };
}

const LEAF_KINDS = new Map<string, (data: Bytes) => readonly [Bytes, number | null, Readonly<Record<string, number>>]>([
  ["fleet", (data) => {
    const read = fleet.decode(data);
    return [fleet.encode(read), read.time, { platforms: read.platforms.length, keys: read.keys.length }];
  }],
  ["issuers", (data) => {
    const read = issuers.decode(data);
    return [issuers.encode(read), read.time, { keys: read.keys.length }];
  }],
  ["policy", (data) => {
    const read = trust.decode(data);
    return [trust.encode(read), read.time, {}];
  }],
  ["revocations", (data) => {
    const read = revocations.decode(data);
    const { releases, keys: revoked, platforms } = read;
    const lists = { releases: releases.length, keys: revoked.length, platforms: platforms.length };
    return [revocations.encode(read), read.time, lists];
  }],
  ["web", (data) => {
    const read = web.decode(data);
    return [web.encode(read), null, { files: read.files.size }];
  }],
]);

function decodeLeaf(input: Inputs): unknown {
  const data = input.bytes("data");
  const kind = reading.kindOf(data);
  const read = LEAF_KINDS.get(kind);
  if (read === undefined) return { kind };
  const [written, time, lists] = read(data);
  same(written, data);
  return { kind, time, lists };
}

function findIssuer(input: Inputs): unknown {
  const [deploy, plan, day] = [input.text("deploy"), input.text("plan"), input.text("day")];
  const found = issuers.find(issuers.decode(input.bytes("data")), { deploy, plan, day, now: input.number("now") });
  return { spki: toHex(found.spki) };
}

function issuersFollow(input: Inputs): unknown {
  issuers.checkFollows(issuers.decode(input.bytes("data")), issuers.decode(input.bytes("entry")));
  return null;
}

function decodeBulletin(input: Inputs): unknown {
  const read = bulletin.decode(input.bytes("data"));
  same(bulletin.encode(read), input.bytes("data"));
  return { release: read.release.entries.length, keys: read.keys.entries.length };
}

function posted(input: Inputs): Promise<bulletin.Posted> {
  const policy = witnessPolicy.decode(input.bytes("policy"));
  return bulletin.verify(bulletin.decode(input.bytes("data")), policy, input.text("release"), input.text("keys"));
}

async function verifyBulletin(input: Inputs): Promise<unknown> {
  const found = await posted(input);
  return {
    heads: [found.releaseHead, found.keysHead].map((one) => [one.checkpoint.origin, one.checkpoint.size, one.time]),
    releases: [...found.releases.keys()].sort(),
    indices: Object.fromEntries(found.indices),
    directory: toHex(sha256(found.directory)),
    issuers: found.issuers !== null,
  };
}

async function advancePlaces(input: Inputs): Promise<unknown> {
  const known = new Map(input.list("known") as unknown as readonly (readonly [string, number])[]);
  return Object.fromEntries(bulletin.advance(known, await posted(input)));
}

export const OPERATIONS: ReadonlyMap<string, (input: Inputs) => unknown> = new Map<string, (input: Inputs) => unknown>([
  ["decode_key", decodeKey],
  ["decode_note", decodeNote],
  ["verify_note", verifyNote],
  ["decode_checkpoint", decodeCheckpoint],
  ["verify_cosignature", verifyCosignature],
  ["decode_witness_policy", decodePolicy],
  ["is_met", isMet],
  ["verify_head", verifyHead],
  ["decode_proof", decodeProof],
  ["verify_proof", verifyProof],
  ["advance", advance],
  ["same_history", sameHistory],
  ["tile_path", tilePath],
  ["bundle_path", (input) => tiles.bundlePath(input.number("index"), input.number("width"))],
  ["tiles_of", (input) => [...tiles.tilesOf(input.number("old"), input.number("new"))].map(tiles.tilePath)],
  ["decode_tile", (input) => hexes(tiles.hashes(input.bytes("data"), input.number("width")))],
  ["decode_entries", decodeEntries],
  ["verify_tile_proofs", verifyTileProofs],
  ["decode_leaf", decodeLeaf],
  ["find_issuer", findIssuer],
  ["issuers_follow", issuersFollow],
  ["decode_bulletin", decodeBulletin],
  ["verify_bulletin", verifyBulletin],
  ["advance_places", advancePlaces],
]);
