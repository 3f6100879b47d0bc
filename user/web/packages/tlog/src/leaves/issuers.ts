/**
 * Issuers leaf: the public keys of tokens, by plan and day. Source: specs/leaves.md.
 *
 * A key that is not here is refused by clients, so nobody can be given one of their own and be followed by it.
 */

import { type Bytes, equal, fromHex, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import * as reading from "./reading.ts";

export const KIND = "issuers";
export const MAX_KEYS = 64;
/** bytes; RSA-2048 with RSASSA-PSS parameters takes about 350 */
export const MAX_SPKI = 512;

/** One key: its plan, its UTC day (`2026-11-25`), when it is valid (Unix seconds), its SubjectPublicKeyInfo. */
export interface IssuerKey {
  readonly plan: string;
  readonly day: string;
  readonly nbf: number;
  readonly exp: number;
  readonly spki: Bytes;
}

/** The keys of deployment `deploy` that are known at `time` (Unix seconds). */
export interface Issuers {
  readonly deploy: string;
  readonly time: number;
  readonly keys: readonly IssuerKey[];
}

/** A day has one length, so joining keeps the order of day and plan. */
function place(key: IssuerKey): string {
  return `${key.day} ${key.plan}`;
}

/** The issuers in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Issuers {
  const value = reading.leaf(data, KIND, ["deploy", "time", "keys"]);
  const keys = canonical.entries(value.keys, "keys", 0, MAX_KEYS).map(readKey);
  return {
    deploy: canonical.text(value.deploy, "deploy", 64),
    time: canonical.integer(value.time, "time"),
    keys: reading.ascending(keys, "keys", place),
  };
}

/** The leaf of `issuers`. Raises Malformed. */
export function encode(issuers: Issuers): Bytes {
  const keys = reading.sorted(issuers.keys, place).map((one) => ({ ...one, spki: toHex(one.spki) }));
  const data = reading.encode(KIND, { deploy: issuers.deploy, time: issuers.time, keys });
  decode(data);
  return data;
}

/** Of what a token is drawn, and when (Unix seconds). */
export interface Wanted {
  readonly deploy: string;
  readonly plan: string;
  readonly day: string;
  readonly now: number;
}

/** The key under which tokens of a plan and day are drawn. Raises Malformed `unknown_key` when none is logged and valid. */
export function find(issuers: Issuers, wanted: Wanted): IssuerKey {
  const { deploy, plan, day, now } = wanted;
  const found = issuers.keys.find((one) => one.plan === plan && one.day === day && one.nbf <= now && now < one.exp);
  if (found === undefined || issuers.deploy !== deploy) {
    throw new Malformed("unknown_key", `no key of ${plan} for ${day} is logged and valid`);
  }
  return found;
}

/**
 * Raises Malformed `member_value` when a plan and day has another key than it had, or none although it is not over.
 *
 * A client that remembers `before` takes neither: somebody was given a key of their own, before or now.
 */
export function checkFollows(before: Issuers, after: Issuers): void {
  const listed = new Map(after.keys.map((one) => [place(one), one.spki]));
  for (const one of before.keys) {
    const found = listed.get(place(one));
    if (found === undefined && after.time < one.exp) {
      throw new Malformed("member_value", `${place(one)} is listed no more, and is not over`);
    }
    if (found !== undefined && !equal(found, one.spki)) {
      throw new Malformed("member_value", `${place(one)} has another key than it had`);
    }
  }
}

function readKey(value: Json): IssuerKey {
  const one = canonical.members(value, ["plan", "day", "nbf", "exp", "spki"] as const, "key");
  const nbf = canonical.integer(one.nbf, "nbf");
  const spki = canonical.text(one.spki, "spki", 2 * MAX_SPKI, /^(?:[0-9a-f]{2})+$/);
  return {
    plan: canonical.text(one.plan, "plan", 32, /^[a-z][a-z0-9-]*$/),
    day: canonical.text(one.day, "day", 10, /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/),
    nbf,
    exp: canonical.integer(one.exp, "exp", nbf + 1),
    spki: fromHex(spki) ?? new Uint8Array(0),
  };
}
