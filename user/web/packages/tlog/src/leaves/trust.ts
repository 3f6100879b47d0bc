/**
 * Policy leaf: the keys by which the log itself is trusted, and the digest of the appraisal policy.
 *
 * Source: specs/leaves.md. A rotation of a log key is announced here, under the key that still counts.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { TlogError } from "../errors.ts";
import * as witnessPolicy from "../witness_policy.ts";
import { type WitnessPolicy } from "../witness_policy.ts";
import * as reading from "./reading.ts";

export const KIND = "policy";
const MODERATION = 1216;

/**
 * What clients are to trust from `time` on: logs and witnesses as a C2SP policy (text and as read), SHA-256 of the
 * appraisal policy (hexadecimal), and the public key of moderation (HPKE, 1,216 bytes) or null.
 */
export interface Trust {
  readonly time: number;
  readonly witnessPolicy: string;
  readonly witnesses: WitnessPolicy;
  readonly appraisalPolicy: string;
  readonly moderation: Bytes | null;
}

/** The policy leaf in `data`. Raises Malformed. */
export function decode(data: Uint8Array): Trust {
  const value = reading.leaf(data, KIND, ["time", "witness_policy", "appraisal_policy", "moderation"]);
  const rows = canonical.entries(value.witness_policy, "witness_policy", 0, 128);
  const text = rows.map((line) => `${canonical.text(line, "line", 2048)}\n`).join("");
  const { moderation } = value;
  return {
    witnessPolicy: text,
    witnesses: readPolicy(text),
    time: canonical.integer(value.time, "time"),
    appraisalPolicy: reading.digest(value.appraisal_policy, "appraisal_policy"),
    moderation: moderation === null ? null : canonical.fromBase64url(moderation, "moderation", MODERATION),
  };
}

function readPolicy(text: string): WitnessPolicy {
  try {
    return witnessPolicy.decode(ascii(text));
  } catch (error) {
    if (error instanceof TlogError) throw new Malformed("member_value", `witness_policy: ${error.reason}`);
    throw error;
  }
}

/** The leaf of `trust`. Raises Malformed. */
export function encode(trust: Omit<Trust, "witnesses">): Bytes {
  const data = reading.encode(KIND, {
    time: trust.time,
    witness_policy: trust.witnessPolicy.replace(/\n+$/, "").split("\n"),
    appraisal_policy: trust.appraisalPolicy,
    moderation: trust.moderation === null ? null : canonical.base64urlEncode(trust.moderation),
  });
  decode(data);
  return data;
}
