/** The operations of the trust vectors (vectors/README.md), as Python has them in `trust_operations.py`. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Logged, NotProved, type Proof } from "@privity/attest/logged";
import * as release from "@privity/attest/release";
import { ascii, type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { type Node } from "@privity/protocol/directory";
import { Malformed } from "@privity/protocol/errors";
import { decode as decodePlatform } from "@privity/protocol/platform";
import { type LogReason, TlogError } from "@privity/tlog/errors";

import { type Inputs, type Outcome, type Plain } from "../../protocol/test/operations/case.ts";
import { differences } from "../src/differences.ts";
import { TrustError } from "../src/errors.ts";
import { challenged, judge, releaseOf, sizes } from "../src/judgement.ts";
import * as pins from "../src/pins.ts";
import * as remembered from "../src/remembered.ts";
import { NOTHING, type Remembered } from "../src/remembered.ts";
import * as saved from "../src/saved_evidence.ts";
import { basePolicy, establish, type Standing, remember } from "../src/standing.ts";
import { hex } from "./vectors.ts";

async function judged(input: Inputs): Promise<unknown> {
  const found = await established(input);
  const now = input.number("now");
  const known = input.isNull("remembered") ? NOTHING : remembered.decode(input.bytes("remembered"));
  const after = remember(known, found, new Map(named(input)), now);
  const bundle = input.bytes("bundle");
  const policy = basePolicy(found, new Set(input.list("roots") as readonly string[]));
  const shown = await releaseOf(found, bundle);
  return {
    logged: outcomes(await judge(found, bundle, nodeOf(input.list("listed")), now, pathsOf(input))),
    sizes: [...sizes(bundle)].sort((left, right) => left - right),
    release: shown.release,
    witnesses: [...(shown.head?.witnesses.keys() ?? [])].sort(),
    platforms: policy.fleet.platforms,
    keys: policy.fleet.keys,
    allow_simulated: policy.allow_simulated,
    remembered: { ...counts(after), document: toHex(sha256(remembered.encode(after))) },
  };
}

async function answered(input: Inputs): Promise<unknown> {
  const accepted = { trafficKey: ascii("key"), release: hex(input.text("release")) };
  return { logged: outcomes(challenged(await established(input), input.bytes("bundle"), accepted, pathsOf(input))) };
}

function decodePin(input: Inputs): unknown {
  const pin = pins.decode(input.bytes("data"));
  written(pins.encode(pin), input.bytes("data"));
  return {
    deploy: pin.deploy, release: pin.release, keys: pin.keys, no_quorum: pin.noQuorum, hold_back: pin.holdBack,
    auditors: pin.auditors, asks_for_witnesses: pins.asksForWitnesses(pin),
  };
}

function decodeRemembered(input: Inputs): unknown {
  const known = remembered.decode(input.bytes("data"));
  written(remembered.encode(known), input.bytes("data"));
  return counts(known);
}

function evidence(input: Inputs): unknown {
  const document = remembered.encodeEvidence({
    reason: input.text("reason") as LogReason,
    origin: input.text("origin"),
    time: input.number("time"),
    notes: [input.bytes("first"), input.bytes("second")],
  });
  return { document: toHex(sha256(document)) };
}

function compared(input: Inputs): unknown {
  return { sentences: differences(release.decode(input.bytes("old")), release.decode(input.bytes("new"))) };
}

function decodeSaved(input: Inputs): unknown {
  const found = saved.decode(input.bytes("data"));
  written(saved.encode(found), input.bytes("data"));
  return {
    server: found.server, time: found.time, bundle: toHex(sha256(found.bundle)), bulletin: toHex(sha256(found.bulletin)),
    paths: [...found.paths].map(([size, hashes]) => [size, hashes.map(toHex)]), document: saved.documentDigest(found.bundle),
  };
}

const OPERATIONS: ReadonlyMap<string, (input: Inputs) => unknown> = new Map([
  ["judge", judged],
  ["challenged", answered],
  ["decode_pin", decodePin],
  ["decode_remembered", decodeRemembered],
  ["decode_saved", decodeSaved],
  ["evidence", evidence],
  ["differences", compared],
] as const);

/** What the operation gives, or the reason of the documented error; any other error fails the test. */
export async function outcomeOf(name: string, input: Inputs): Promise<Outcome> {
  const operation = OPERATIONS.get(name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  try {
    return { ok: await operation(input) };
  } catch (error) {
    if (error instanceof TrustError || error instanceof TlogError || error instanceof Malformed) return { error: error.reason };
    throw error;
  }
}

async function established(input: Inputs): Promise<Standing> {
  return establish(input.bytes("bulletin"), pins.decode(input.bytes("pin")), input.number("now"));
}

/** The paths from the remembered heads, by origin. */
function named(input: Inputs): readonly (readonly [string, readonly Bytes[]])[] {
  const list = input.list("advance") as readonly (readonly [string, readonly string[]])[];
  return list.map(([origin, path]) => [origin, path.map(hex)]);
}

function pathsOf(input: Inputs): ReadonlyMap<number, readonly Bytes[]> {
  const list = input.list("paths") as readonly (readonly [number, readonly string[]])[];
  return new Map(list.map(([size, path]) => [size, path.map(hex)]));
}

/** The listed node as a case writes it. */
export function nodeOf(list: readonly Plain[]): Node {
  const [nd, type, id, rel, cap, w] = list as readonly [string, string, string, string, readonly string[], number];
  return { nd: hex(nd), plat: decodePlatform({ type, id }), rel: hex(rel), cap, w };
}

function outcomes(logged: Logged): Outcome {
  const { policy, release: rel, endorsement, directory, anchor } = logged;
  const shown = (one: Proof): unknown => (one instanceof NotProved ? { not_proved: one.text } : one);
  const held = { policy, release: rel, endorsement, directory, anchor };
  return Object.fromEntries(Object.entries(held).map(([name, one]) => [name, shown(one)]));
}

function counts(known: Remembered): Outcome {
  return {
    views: Object.fromEntries([...known.views].map(([origin, { head }]) => [origin, head.size])),
    places: Object.fromEntries(known.places),
    releases: Object.fromEntries(known.releases),
  };
}

function written(made: Bytes, data: Bytes): void {
  if (!equal(made, data)) throw new Error(`writing gives other bytes: ${toHex(made)}`);
}
