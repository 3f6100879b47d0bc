/**
 * What the service promises to have erased: verified against its key, and kept. Source: specs/erasure.md.
 *
 * A promise and no proof. Where the service gives none that holds, that is kept as well, so that a person can be told.
 */

import { type Bytes, equal } from "@privity/protocol/bytes";
import { base64urlEncode } from "@privity/protocol/canonical";
import { Malformed, NotAuthentic } from "@privity/protocol/errors";
import * as erasure from "@privity/protocol/stored/erasure";

/** A receipt as the service gave it. */
export interface Signed {
  readonly receipt: Bytes;
  readonly signature: Bytes;
}

/** A receipt that holds: what was signed, by which key, and what it says. */
export interface Promised extends Signed {
  readonly key: Bytes;
  readonly day: number;
  readonly backupDays: number;
}

/** What a page deleted, or a whole account: `ids` empty. `promise` null: the service gave none that holds. */
export interface Erasure {
  readonly account: Bytes;
  readonly n: number;
  readonly ids: readonly Bytes[];
  readonly promise: Promised | null;
}

/** What was asked to be erased, with the service's promise if it holds for exactly that. */
export async function judged(
  { account, n, ids }: Omit<Erasure, "promise">, signed: Signed | null, key: Bytes | null,
): Promise<Erasure> {
  return { account, n, ids, promise: signed === null || key === null ? null : await held({ account, n, ids }, signed, key) };
}

/** The same of a whole account; where the service says at which page. `n` is what this device knows of that. */
export async function judgedWhole(account: Bytes, n: number, signed: Signed | null, key: Bytes | null): Promise<Erasure> {
  return judged({ account, n: (signed === null ? null : pageOf(signed)) ?? n, ids: [] }, signed, key);
}

function pageOf({ receipt }: Signed): number | null {
  try {
    return erasure.decode(receipt).n;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

async function held({ account, n, ids }: Omit<Erasure, "promise">, signed: Signed, key: Bytes): Promise<Promised | null> {
  try {
    await erasure.verify(signed.receipt, signed.signature, key);
    const said = erasure.decode(signed.receipt);
    if (said.n !== n || !equal(said.ids, erasure.idsHash(account, ids))) return null;
    return { ...signed, key, day: said.day, backupDays: said.backupDays };
  } catch (error) {
    if (error instanceof NotAuthentic || error instanceof Malformed) return null;
    throw error;
  }
}

/** A promise as a file, for whoever wants to hold the service to it: the ids are what its hash is made of. */
export function written({ account, n, ids }: Erasure, { receipt, signature, key, day, backupDays }: Promised): string {
  const text = base64urlEncode;
  return JSON.stringify({
    receipt: text(receipt), signature: text(signature), key: text(key), account: text(account), ids: ids.map(text),
    page: n, day, backup_days: backupDays,
  }, null, 2);
}
