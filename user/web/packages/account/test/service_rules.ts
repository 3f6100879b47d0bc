/** What the strict service of these tests keeps of an account, and the rules by which it takes a keyring. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, equal } from "@privity/protocol/bytes";
import { base64urlDecode, type Json } from "@privity/protocol/canonical";
import * as ring from "@privity/protocol/stored/keyring";

export class Refused extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

export interface PostedRing {
  readonly public: Bytes;
  readonly private: Bytes;
  readonly mac: Bytes;
  readonly before: Bytes | null;
  readonly signature: Bytes;
}

export interface AccountRow {
  readonly rings: PostedRing[];
  records: Bytes[];
  readonly passkeys: Map<string, Bytes>;
  readonly log: { readonly page: Bytes; readonly signature: Bytes }[];
  readonly bodies: Map<string, Bytes>;
}

export type Members = Readonly<Record<string, Json>>;

export function octets(value: Json | undefined): Bytes {
  const data = typeof value === "string" ? base64urlDecode(value) : null;
  if (data === null) throw new Refused(400, "request.malformed");
  return data;
}

export function readRing(members: Members): PostedRing {
  const before = members["mac_before"] ?? null;
  return {
    public: octets(members["public"]), private: octets(members["private"]), mac: octets(members["mac"]),
    before: before === null ? null : octets(before), signature: octets(members["signature"]),
  };
}

/** Signature, private half and records, as the service checks them without any key. */
export async function admitted(row: AccountRow, posted: PostedRing, now: ring.Keyring, given: readonly string[]): Promise<void> {
  const signer = ring.deviceOf(now, now.signer);
  const before = row.rings.at(-1);
  const was = before === undefined ? null : ring.deviceOf(ring.decode(before.public), now.signer);
  if (signer === null || (was ?? signer).lastSeq !== null) throw new Refused(422, "keyring.invalid");
  await ring.verify(posted.public, posted.signature, signer.key).catch(() => { throw new Refused(422, "keyring.invalid"); });
  if (!equal(now.private, sha256(posted.private))) throw new Refused(422, "keyring.invalid");
  const records = [...row.records, ...given.map((one) => octets(one))];
  const listed = now.openers.map((one) => records.find((record) => equal(sha256(record), one.record)));
  if (listed.includes(undefined)) throw new Refused(422, "keyring.invalid");
  row.records = listed.filter((one) => one !== undefined);
  row.rings.push(posted);
}
