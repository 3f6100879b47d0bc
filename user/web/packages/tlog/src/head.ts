/**
 * A log's head as a client believes it: signed by a known log, cosigned by a quorum of witnesses, and of some age.
 *
 * Source: specs/witness-policy.md. Pure judgement over one note: success returns what was established, failure raises.
 */

import * as checkpoint from "./checkpoint.ts";
import { type Checkpoint } from "./checkpoint.ts";
import * as cosignature from "./cosignature.ts";
import { TlogError } from "./errors.ts";
import { type Key, NOTE_ED25519 } from "./keys.ts";
import * as note from "./note.ts";
import { type Note } from "./note.ts";
import { isMet, NONE, type WitnessPolicy } from "./witness_policy.ts";

/**
 * A verified head: `witnesses` by policy name to the time of their cosignature (Unix seconds).
 *
 * `time` is the newest moment at which the whole quorum had seen this head, null when the policy demands no witness.
 */
export interface Head {
  readonly checkpoint: Checkpoint;
  readonly witnesses: ReadonlyMap<string, number>;
  readonly time: number | null;
}

/**
 * The head that the checkpoint note `data` establishes for the log `origin` under `policy`.
 *
 * Raises TlogError: form, `log_unknown`, `log_signature`, `witness_signature`, `witness_quorum`.
 */
export async function verify(data: Uint8Array, policy: WitnessPolicy, origin: string): Promise<Head> {
  const signed = note.decode(data);
  const head = checkpoint.decode(signed.text);
  const logKeys = policy.logs.get(origin);
  if (head.origin !== origin || logKeys === undefined) throw new TlogError("log_unknown", head.origin);
  await verifyLog(signed, head, logKeys);
  const found = new Map<string, number>();
  for (const [name, key] of policy.witnesses) {
    const cosigned = await cosignature.verify(signed, head, key);
    if (cosigned !== null) found.set(name, cosigned.time);
  }
  if (!isMet(policy, new Set(found.keys()))) {
    throw new TlogError("witness_quorum", `${String(found.size)} of ${String(policy.witnesses.size)} witnesses`);
  }
  return { checkpoint: head, witnesses: found, time: timeOf(policy, found) };
}

/** Every known key that signed must have signed well; during a rotation a log has two, and one is enough. */
async function verifyLog(signed: Note, head: Checkpoint, logKeys: readonly Key[]): Promise<void> {
  const present = logKeys.filter((key) => note.by(signed, key).length > 0);
  if (present.length === 0) throw new TlogError("log_signature", head.origin);
  for (const key of present) {
    if (key.type === NOTE_ED25519) await note.verify(signed, key);
    else await asLog(cosignature.verify(signed, head, key), key);
  }
}

async function asLog(verified: Promise<unknown>, key: Key): Promise<void> {
  try {
    await verified;
  } catch (error) {
    if (error instanceof TlogError) throw new TlogError("log_signature", key.name);
    throw error;
  }
}

/** The newest time T such that the witnesses who cosigned at T or later make the quorum. */
function timeOf(policy: WitnessPolicy, found: ReadonlyMap<string, number>): number | null {
  if (policy.quorum === NONE) return null;
  const times = [...found.values()].sort((left, right) => right - left);
  const newest = times.find((time) => isMet(policy, new Set([...found.keys()].filter((name) => (found.get(name) ?? 0) >= time))));
  return newest ?? null;
}

/**
 * Check that the quorum saw `head` at most `most` seconds before `now`, and not in the future beyond `skew`.
 *
 * A policy without witnesses has no time to check. Raises TlogError `checkpoint_stale`, `checkpoint_from_the_future`.
 */
export function checkAge(head: Head, now: number, most: number, skew: number): void {
  if (head.time === null) return;
  if (head.time > now + skew) throw new TlogError("checkpoint_from_the_future", `${String(head.time - now)} s`);
  const age = now - head.time;
  if (age > most) throw new TlogError("checkpoint_stale", `${String(age)} s old, at most ${String(most)}`);
}
