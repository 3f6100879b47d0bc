/** What an appraisal says: the record of every check, and the two types of acceptance. Source: specs/appraise.md. */

import { type NodeDocument } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { type Json, type JsonObject } from "@privity/protocol/canonical";

import { type Memory, members } from "./memory.ts";
import { type Model, type Release } from "./release.ts";

export const VERIFIER = "privity-attest 0.1.0";
export type Outcome = "accepted" | "accepted_as_simulated" | "refused";
export type Checked = "passed" | "failed" | "not_checked";
export type ClaimValue = Json;

/** One check: failed with at least one reason, not checked with exactly one, passed with none. */
export interface CheckRecord {
  readonly stage: number;
  readonly check: string;
  readonly item: string;
  readonly outcome: Checked;
  readonly reasons: readonly string[];
}

/** A value and the item of the bundle it was taken from. */
export interface Claim {
  readonly value: ClaimValue;
  readonly item: string;
}

/** Everything that was and was not checked; the interface builds its text from this alone. Times: Unix seconds. */
export interface Record {
  readonly outcome: Outcome;
  readonly reasons: readonly string[];
  readonly checks: readonly CheckRecord[];
  readonly claims: ReadonlyMap<string, Claim>;
  readonly hardwareBacked: boolean;
  readonly simulated: boolean;
  readonly appraisedAt: number;
  readonly validUntil: number | null;
  readonly policyName: string;
  readonly policyVersion: number;
  readonly policyDigest: string;
  readonly memoryAfter: Memory;
}

/** The record as JSON members, the same in every language. */
export function toJson(record: Record): JsonObject {
  return {
    outcome: record.outcome,
    reasons: record.reasons,
    checks: record.checks.map(({ stage, check, item, outcome, reasons }) => ({ stage, check, item, outcome, reasons })),
    claims: Object.fromEntries([...record.claims].map(([name, { value, item }]) => [name, { value, item }])),
    hardware_backed: record.hardwareBacked,
    simulated: record.simulated,
    appraised_at: record.appraisedAt,
    valid_until: record.validUntil,
    policy: { name: record.policyName, version: record.policyVersion, digest: record.policyDigest },
    verifier: VERIFIER,
    memory_after: members(record.memoryAfter),
  };
}

interface Established {
  readonly record: Record;
  readonly nodeDocument: Bytes;
  readonly document: NodeDocument;
  readonly release: Release;
  readonly models: readonly Model[];
}

/** Accepted: vendor-signed hardware, a wanted release, and a key that lives inside. */
export interface Appraisal extends Established {
  readonly outcome: "accepted";
}

/** Accepted as simulated: whoever runs this server can read the messages. Never usable as an Appraisal. */
export interface SimulatedAppraisal extends Established {
  readonly outcome: "accepted_as_simulated";
}
