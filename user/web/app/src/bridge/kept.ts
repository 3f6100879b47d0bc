/** What a file of evidence is, by its first member: canonical JSON has its members in order. */

import type { Bytes } from "@privity/protocol/bytes";

const FIRST = '{"bulletin":';

/** Whether the logs' bulletin is in it (specs/trust.md, "Saved evidence"); else it is a bare bundle. */
export function isWithLogs(evidence: Bytes): boolean {
  return new TextDecoder().decode(evidence.subarray(0, FIRST.length)) === FIRST;
}
