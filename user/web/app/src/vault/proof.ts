/** What the evidence that was kept of an answer says: the record that the appraisal wrote, and nothing else. */

import type { Bytes } from "@privity/protocol/bytes";

import type { Proof } from "../bridge/views.ts";

/** How an answer was proven, by the outcome in the appraisal's record; "none" for what is no record. */
export function proofOf(appraisal: Bytes): Proof {
  try {
    const record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(appraisal)) as unknown;
    if (record === null || typeof record !== "object" || !("outcome" in record)) return "none";
    if (record.outcome === "accepted") return "verified";
    return record.outcome === "accepted_as_simulated" ? "test" : "none";
  } catch {
    return "none";
  }
}
