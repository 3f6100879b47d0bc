/**
 * A new account key, so that a lost device or opener reads nothing that is written from now on. Source: specs/rotation.md.
 *
 * Everything but the first step can be interrupted: `left` says what is still to do, from what the keyring, the log and
 * the boxes show.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, equal } from "@privity/protocol/bytes";
import { type Device, type Keyring, openerOf } from "@privity/protocol/stored/keyring";
import { compare } from "@privity/protocol/stored/members";
import type { Encapsulate } from "@privity/protocol/xwing";

import { VaultError } from "./errors.ts";
import * as keyring from "./keyring.ts";
import type { Claim, Keys, Trusted } from "./keyring.ts";
import * as opener from "./opener.ts";
import type { Record } from "./opener.ts";
import type { Position } from "./page.ts";
import * as privateHalf from "./private_half.ts";
import type { NamedOpener, PrivateHalf } from "./private_half.ts";
import type { Secret } from "./secret.ts";
import type { Signer } from "./signer.ts";

/** What to put at the service in one compare-and-set, and what this device works with once that is accepted. */
export interface Rotated {
  readonly claim: Claim;
  /** The sealed private half. */
  readonly body: Bytes;
  readonly records: readonly Record[];
  readonly trusted: Trusted;
  readonly half: PrivateHalf;
  readonly keys: Keys;
}

/**
 * What a rotation still needs, in this order: a page that names the keyring, boxes to wrap again (ids in hexadecimal),
 * past account keys that no box uses any more.
 */
export interface Left {
  readonly pin: boolean;
  readonly boxes: readonly string[];
  readonly drop: readonly number[];
}

/** The account as it is, behind a fresh unlock: `old` is the account key of its epoch, once more as bytes. */
export interface Before {
  readonly trusted: Trusted;
  readonly keys: Keys;
  readonly half: PrivateHalf;
  readonly old: Secret<"account key">;
}

/** What a rotation makes of it: the openers that stay, and all devices with the revoked ones marked. */
export interface Rotating {
  readonly records: readonly Record[];
  /** Openers that enter with it, made for the new account key. */
  readonly added?: readonly Staying[];
  readonly devices: readonly Device[];
  readonly device: Bytes;
  readonly signer: Signer;
  /** 32 random bytes. */
  readonly key: Secret<"account key">;
  readonly day: number;
  readonly nonce: Bytes;
  readonly encapsulate: Encapsulate;
}

/**
 * The keyring under a new account key and what goes with it.
 *
 * Raises VaultError `keyring.malformed` (an opener that the keyring does not know, or nothing that opens), and those of
 * `keyring.acceptNext`, since it is judged here as others will judge it.
 */
export async function rotate(before: Before, rotating: Rotating): Promise<Rotated> {
  const { trusted, keys, half, old } = before;
  const { account, epoch: earlier, revision } = trusted.keyring;
  const { key, devices, device: signer, day, nonce } = rotating;
  const next = { account, revision: revision + 1, epoch: earlier + 1 };
  const openers = openersOf(before, rotating.records);
  const added = rotating.added ?? [];
  const records = byId([...await sealedAgain(openers, rotating, next), ...added.map(({ record }) => record)]);
  const named = [...openers, ...added].map((one) => one.named);
  const stays = { ...half, openers: named, past: new Map([...half.past, [earlier, old]]) };
  const newKey = await key.copy().keep();
  const body = await privateHalf.seal(stays, newKey, next, nonce);
  const ring: Keyring = {
    ...next, previous: trusted.hash, devices, day, signer, private: sha256(body),
    openers: records.map((one) => ({ id: one.id, kind: one.kind, record: opener.digest(one) })),
  };
  const both = new Map([[earlier, await old.copy().keep()], [next.epoch, newKey]]);
  const claim = await keyring.write(ring, both, rotating.signer, true);
  const accepting = new Map([...keys, [next.epoch, newKey]]);
  return { claim, body, records, trusted: await keyring.acceptNext(trusted, claim, accepting), half: stays, keys: accepting };
}

/** An opener: its record, and what the private half keeps of it. */
export interface Staying {
  readonly record: Record;
  readonly named: NamedOpener;
}

function byId(records: readonly Record[]): readonly Record[] {
  return [...records].sort((one, other) => compare(one.id, other.id));
}

function openersOf({ trusted, half }: Before, records: readonly Record[]): readonly Staying[] {
  return byId(records).map((record) => {
    const named = half.openers.find((one) => equal(one.id, record.id));
    if (named === undefined || openerOf(trusted.keyring, record.id) === null) {
      throw new VaultError("keyring.malformed", "an opener that the keyring does not know");
    }
    return { record, named };
  });
}

async function sealedAgain(
  openers: readonly Staying[], { key, encapsulate }: Rotating, { account, epoch }: privateHalf.Where,
): Promise<readonly Record[]> {
  return Promise.all(openers.map(({ record, named }) => {
    return opener.sealAgain(record, named.absent, key, { account, epoch, encapsulate });
  }));
}

/**
 * What is still to do. `boxes` are all boxes that are not deleted, by id in hexadecimal, with the epoch that the header of
 * each body names, null where the body is missing: then no account key is dropped, since that box may need it.
 */
export function left(
  { keyring: ring }: Trusted, past: Iterable<number>, position: Position, boxes: ReadonlyMap<string, number | null>,
): Left {
  const due = [...boxes].filter(([, epoch]) => epoch !== null && epoch < ring.epoch).map(([id]) => id).sort();
  const used = new Set(boxes.values());
  const drop = used.has(null) ? [] : [...past].filter((epoch) => !used.has(epoch)).sort((one, other) => one - other);
  return { pin: position.keyring < ring.revision, boxes: due, drop };
}

/** The private half of the keyring's next revision, once the account keys of these epochs are used by no box. */
export function without(half: PrivateHalf, epochs: ReadonlySet<number>): PrivateHalf {
  return { ...half, past: new Map([...half.past].filter(([epoch]) => !epochs.has(epoch))) };
}

/**
 * Whether an opener should be replaced by one with a new id: its public key and lock were in the hands of whoever held an
 * earlier account key. `rings` are the accepted keyrings, oldest first.
 */
export function needsRenewal(id: Bytes, rings: readonly Keyring[]): boolean {
  const newest = rings.at(-1)?.epoch ?? 0;
  return rings.some((ring) => ring.epoch < newest && openerOf(ring, id) !== null);
}
