/** Reads the checks of a kept appraisal record. It comes from the history: another device wrote it, so it is not believed. */

import type { Outcome } from "../../bridge/channel.ts";

export interface KeptCheck {
  readonly check: string;
  readonly item: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

/** More checks than any record has. */
const MOST = 2000;
const MAX_WORD = 256;

/** The checks of a record (specs/appraise.md); none when it is not one. */
export function readKept(text: string): readonly KeptCheck[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const checks = isMembers(value) ? value["checks"] : null;
  if (!Array.isArray(checks) || checks.length > MOST) return [];
  const read = checks.map(one);
  return read.every((each) => each !== null) ? read : [];
}

function one(value: unknown): KeptCheck | null {
  if (!isMembers(value)) return null;
  const { check, item, outcome, reasons } = value;
  if (!isWord(check) || !isWord(item) || !Array.isArray(reasons)) return null;
  if (outcome !== "passed" && outcome !== "failed" && outcome !== "not_checked") return null;
  const [reason = ""] = reasons as readonly unknown[];
  return isWord(reason) ? { check, item, outcome, reason } : null;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_WORD;
}
