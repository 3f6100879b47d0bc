/** The receipt in which the service promises to have erased something. Source: specs/erasure.md. */

import { sha256 } from "@noble/hashes/sha2.js";

import { ascii, type Bytes, concat } from "../bytes.ts";
import { Malformed } from "../errors.ts";
import * as labels from "./labels.ts";
import * as m from "./members.ts";
import * as ed25519 from "./signature.ts";

export const MAX_RECEIPT = 256;
export const MAX_BACKUP_DAYS = 3650;
const MEMBERS = 5;

/** What was erased (a hash of its ids), at which page, on which day, and how long backups still hold it. */
export interface Receipt {
  readonly ids: Bytes;
  readonly n: number;
  readonly day: number;
  readonly backupDays: number;
}

/** The hash of the deleted ids of an account; of none when the account itself was erased. Raises Malformed `member_value`. */
export function idsHash(account: Bytes, ids: readonly Bytes[]): Bytes {
  if ([account, ...ids].some((one) => one.length !== 16)) throw new Malformed("member_value", "an id has 16 bytes");
  return sha256(concat(ascii(labels.ERASURE_IDS), account, ...[...ids].sort(m.compare)));
}

/** What the service signs of a receipt. */
export function signedBytes(data: Bytes): Bytes {
  return concat(ascii(labels.ERASURE), data);
}

/** Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the receipt. */
export async function verify(data: Bytes, signature: Bytes, key: Bytes): Promise<void> {
  await ed25519.verify(key, signature, signedBytes(data));
}

/** Read a receipt. Raises Malformed: as `members.decode`, `member_type`, `member_value`. */
export function decode(data: Bytes): Receipt {
  const members = m.decode(data, MEMBERS, MAX_RECEIPT);
  m.version(m.at(members, 0));
  return {
    ids: m.octets(m.at(members, 1), "ids", 32),
    n: m.number(m.at(members, 2), "n", 0, m.COUNT),
    day: m.number(m.at(members, 3), "day"),
    backupDays: m.number(m.at(members, 4), "backup days", 0, MAX_BACKUP_DAYS),
  };
}

/** The bytes of a receipt. Raises Malformed as `decode` does. */
export function encode({ ids, n, day, backupDays }: Receipt): Bytes {
  const data = m.encode([1, ids, n, day, backupDays]);
  decode(data);
  return data;
}
