/**
 * What one client remembers between appraisals, so that a rollback shows. Source: specs/policy.md.
 *
 * Stored by the caller only after acceptance, from `record.memoryAfter`. Trusted: as the client's own storage. Lost or
 * rolled back: rollbacks of policy and collateral go unseen until it has grown again; nothing else depends on it.
 */

import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import { KEY_WINDOW } from "@privity/protocol/limits";

import { isObject } from "./schema.ts";

/** bytes */
export const MAX_MEMORY = 256 * 1024;
export const MAX_ENTRIES = 1024;
/** seconds */
export const FORGET_AFTER = 2 * KEY_WINDOW;

const FIELDS = ["challenged", "crl_numbers", "issue_dates", "policy_versions", "tcb_evaluation"] as const;

type Numbers = ReadonlyMap<string, number>;

/** The fields that keep the highest number of each name. */
export type Remembered = "tcb_evaluation" | "crl_numbers" | "issue_dates";

/** Highest values seen, by name; `challenged` maps SHA-256 of a node key (hex) to the time of its last answer. */
export type Memory = Readonly<Record<(typeof FIELDS)[number], Numbers>>;

/** What a client remembers that has never accepted anything. */
export const EMPTY: Memory = {
  challenged: new Map(), crl_numbers: new Map(), issue_dates: new Map(), policy_versions: new Map(),
  tcb_evaluation: new Map(),
};

function withHighest(numbers: Numbers, name: string, number: number): Numbers {
  return new Map([...numbers, [name, Math.max(number, numbers.get(name) ?? 0)]]);
}

/** A memory that has seen `version` of policy `name`. */
export function withPolicy(memory: Memory, name: string, version: number): Memory {
  return { ...memory, policy_versions: withHighest(memory.policy_versions, name, version) };
}

/** A memory that has met each `[field, name, number]`: it keeps the highest number of each name. */
export function withSeen(memory: Memory, seen: Iterable<readonly [Remembered, string, number]>): Memory {
  let grown = memory;
  for (const [field, name, number] of seen) grown = { ...grown, [field]: withHighest(grown[field], name, number) };
  return grown;
}

/** A memory that knows `key` as having answered at `now`, without answers older than any key. */
export function withChallenge(memory: Memory, key: string, now: number): Memory {
  const recent = [...memory.challenged].filter(([, at]) => now - at <= FORGET_AFTER);
  return { ...memory, challenged: new Map([...recent, [key, now]]) };
}

/** The JSON members. */
export function members(memory: Memory): JsonObject {
  return Object.fromEntries(FIELDS.map((name) => [name, Object.fromEntries(memory[name])]));
}

/** The canonical JSON of `memory`. */
export function encode(memory: Memory): Bytes {
  return canonical.encode(members(memory));
}

/** The memory in `data`. Raises Malformed: a client then starts with an empty one and says so. */
export function decode(data: Uint8Array): Memory {
  const value = canonical.members(canonical.decode(data, MAX_MEMORY), FIELDS, "memory");
  return {
    challenged: numbers(value.challenged, "challenged"),
    crl_numbers: numbers(value.crl_numbers, "crl_numbers"),
    issue_dates: numbers(value.issue_dates, "issue_dates"),
    policy_versions: numbers(value.policy_versions, "policy_versions"),
    tcb_evaluation: numbers(value.tcb_evaluation, "tcb_evaluation"),
  };
}

function numbers(value: Json, what: string): Numbers {
  if (!isObject(value) || Object.keys(value).length > MAX_ENTRIES) throw new Malformed("member_type", what);
  return new Map(Object.entries(value).map(([name, number]) => [name, canonical.integer(number, what)]));
}
