/**
 * Pins: which logs and witnesses count for a server. Written once by the person, read at every connection.
 *
 * Source: specs/trust.md. A pin that asks for no witness must say so in a member of its own: nobody gets there by mistake.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import { TlogError } from "@privity/tlog/errors";
import * as witnessPolicy from "@privity/tlog/witness_policy";
import { NONE, type WitnessPolicy } from "@privity/tlog/witness_policy";

import { TrustError } from "./errors.ts";

/** Bytes of a pin: its policy takes most of them. */
export const MAX_PIN = 192 * 1024;
/** Hours that a new release may be held back. */
export const MAX_HOLD_BACK = 90 * 24;
export const MAX_AUDITORS = 32;
const MEMBERS = ["v", "deploy", "policy", "release", "keys", "no_quorum", "hold_back", "auditors"] as const;
const ORIGIN = /^[!-~]+$/;

/**
 * What counts for one deployment: `policy` is the text of a C2SP witness policy, `release` and `keys` are origins.
 *
 * `holdBack` is in hours; `auditors` are names of witnesses without whom no release is accepted.
 */
export interface Pin {
  readonly deploy: string;
  readonly policy: string;
  readonly release: string;
  readonly keys: string;
  readonly noQuorum: boolean;
  readonly holdBack: number;
  readonly auditors: readonly string[];
}

/** The witness policy of a pin. Raises TlogError for one that no reader has seen. */
export function witnesses(pin: Pin): WitnessPolicy {
  return witnessPolicy.decode(ascii(pin.policy));
}

/** Whether a head needs anybody's word beside the log's own. */
export function asksForWitnesses(pin: Pin): boolean {
  return witnesses(pin).quorum !== NONE;
}

/** The pin in `data`. Raises TrustError `pin_unusable`, `no_quorum`. */
export function decode(data: Uint8Array): Pin {
  try {
    const pin = read(data);
    check(pin);
    return pin;
  } catch (error) {
    if (error instanceof Malformed || error instanceof TlogError) throw new TrustError("pin_unusable", error.message);
    throw error;
  }
}

function read(data: Uint8Array): Pin {
  const value = canonical.members(canonical.decode(data, MAX_PIN), MEMBERS, "pin");
  canonical.integer(value.v, "v", 1, 1);
  const rows = canonical.entries(value.policy, "policy", 0, 256).map((row) => canonical.text(row, "policy", 4096, /^[ -~\t]*$/));
  const auditors = canonical.entries(value.auditors, "auditors", 0, MAX_AUDITORS);
  return {
    deploy: canonical.text(value.deploy, "deploy", 64),
    policy: rows.map((row) => `${row}\n`).join(""),
    release: canonical.text(value.release, "release", 255, ORIGIN),
    keys: canonical.text(value.keys, "keys", 255, ORIGIN),
    noQuorum: canonical.boolean(value.no_quorum, "no_quorum"),
    holdBack: canonical.integer(value.hold_back, "hold_back", 0, MAX_HOLD_BACK),
    auditors: auditors.map((name) => canonical.text(name, "auditors", 255, ORIGIN)),
  };
}

/** Check that a pin can do what it says: an unknown log or auditor, and no witness at all, are refused. */
function check(pin: Pin): void {
  const known = witnesses(pin);
  for (const origin of [pin.release, pin.keys]) {
    if (!known.logs.has(origin)) throw new TrustError("pin_unusable", `its policy has no key of the log ${origin}`);
  }
  for (const name of pin.auditors) {
    if (!known.witnesses.has(name)) throw new TrustError("pin_unusable", `its policy has no witness ${name}`);
  }
  if (known.quorum === NONE && !pin.noQuorum) throw new TrustError("no_quorum");
}

/** The document of a pin. Raises TrustError as `decode` does. */
export function encode(pin: Pin): Bytes {
  const data = canonical.encode({
    v: 1,
    deploy: pin.deploy,
    policy: pin.policy.replace(/\n+$/, "").split("\n"),
    release: pin.release,
    keys: pin.keys,
    no_quorum: pin.noQuorum,
    hold_back: pin.holdBack,
    auditors: pin.auditors,
  });
  decode(data);
  return data;
}
