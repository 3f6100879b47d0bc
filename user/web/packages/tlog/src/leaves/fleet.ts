/** Fleet leaf: the operator's machines and the keys that vouch for nodes. Source: specs/leaves.md. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";

import { COSIGNATURE_MLDSA44, KEY_BYTES } from "../keys.ts";
import * as reading from "./reading.ts";

export const KIND = "fleet";
export const MAX_PLATFORMS = 400;
export const MAX_KEYS = 8;

/** One machine: SHA-256 of its platform identifier (hexadecimal), its kind, why it is listed, since when, who says so. */
export interface Machine {
  readonly id: string;
  readonly type: string;
  readonly reason: string;
  readonly date: number;
  readonly source: string;
}

/** A key that endorses nodes: Ed25519 (32 bytes), and ML-DSA-44 (1,312 bytes) where the operator has one. */
export interface FleetKey {
  readonly ed25519: Bytes;
  readonly mldsa44: Bytes | null;
}

/** The fleet of deployment `deploy` at `time` (Unix seconds): the newest leaf of a deployment counts. */
export interface Fleet {
  readonly deploy: string;
  readonly time: number;
  readonly platforms: readonly Machine[];
  readonly keys: readonly FleetKey[];
}

/** The fleet in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Fleet {
  const value = reading.leaf(data, KIND, ["deploy", "time", "platforms", "keys"]);
  const platforms = canonical.entries(value.platforms, "platforms", 0, MAX_PLATFORMS).map(readMachine);
  const keys = canonical.entries(value.keys, "keys", 0, MAX_KEYS).map(readKey);
  return {
    deploy: canonical.text(value.deploy, "deploy", 64),
    time: canonical.integer(value.time, "time"),
    platforms: reading.ascending(platforms, "platforms", (one) => one.id),
    keys: reading.ascending(keys, "keys", (one) => toHex(one.ed25519)),
  };
}

/** The leaf of `fleet`. Raises Malformed. */
export function encode(fleet: Fleet): Bytes {
  const platforms = reading.sorted(fleet.platforms, (one) => one.id).map((one) => ({ ...one }));
  const keys = reading.sorted(fleet.keys, (one) => toHex(one.ed25519)).map((one) => ({
    ed25519: toHex(one.ed25519), mldsa44: one.mldsa44 === null ? null : toHex(one.mldsa44),
  }));
  const data = reading.encode(KIND, { deploy: fleet.deploy, time: fleet.time, platforms, keys });
  decode(data);
  return data;
}

function readMachine(value: Json): Machine {
  const one = canonical.members(value, ["id", "type", "reason", "date", "source"] as const, "platform");
  return {
    id: reading.digest(one.id, "id"),
    type: canonical.text(one.type, "type", 16, /^[a-z_]+$/),
    reason: canonical.text(one.reason, "reason", 200),
    date: canonical.integer(one.date, "date"),
    source: canonical.text(one.source, "source", 200),
  };
}

function readKey(value: Json): FleetKey {
  const one = canonical.members(value, ["ed25519", "mldsa44"] as const, "key");
  const size = KEY_BYTES[COSIGNATURE_MLDSA44] ?? 0;
  return {
    ed25519: canonical.fromHex(one.ed25519, "ed25519", 32),
    mldsa44: one.mldsa44 === null ? null : canonical.fromHex(one.mldsa44, "mldsa44", size),
  };
}
