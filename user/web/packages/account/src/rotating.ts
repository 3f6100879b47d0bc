/**
 * A new account key in one compare-and-set: for the openers that stay, and for those that enter with it. Source:
 * specs/rotation.md.
 */

import { newestKey, type Session, type World } from "@privity/history/session";
import { type Bytes, equal } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import * as opener from "@privity/vault/opener";
import type { Material, Record } from "@privity/vault/opener";
import * as privateHalf from "@privity/vault/private_half";
import * as rotation from "@privity/vault/rotation";
import { Secret } from "@privity/vault/secret";

import type { Account } from "./account.ts";
import type { Posted } from "./calls.ts";
import { AccountError } from "./errors.ts";
import { type NewOpener, newOpener } from "./keys.ts";
import { DAY_MS, listedRecords, next, wipe } from "./revision.ts";

/** Whose opener is made, for which epoch. */
export interface Where {
  readonly account: Bytes;
  readonly epoch: number;
}

/** An opener that enters: its record, and what opens it. */
export interface Entering {
  readonly made: NewOpener;
  readonly material: Material;
}

/** What a rotation changes beside the account key. */
export interface Change {
  /** Whether an opener leaves; `label` is the name of its device for a device's own. */
  leaves(record: Record, label: string): boolean;
  devices?(before: ring.Keyring): readonly ring.Device[];
  /** An opener that enters, made for the new account key `raw`, which is not wiped. */
  enter?(raw: Secret<"account key">, where: Where): Promise<Entering>;
}

/**
 * Rotate, and do what that still needs.
 *
 * Raises AccountError `access.stale`, `opener.in_use` (this browser opens with what leaves, and nothing of its kind enters);
 * VaultError `opener.unlisted`, `keyring.malformed` where nothing would open; ServiceError.
 */
export async function rotate(account: Account, change: Change): Promise<void> {
  let own: Entering | null = null;
  await account.change(async (session) => {
    const { posted, entering, isListed } = await rotated(account, session, change);
    own = isListed ? null : inUse(session, entering);
    return posted;
  }, true, async () => {
    if (own !== null) await account.openWith(stored(own.made.record), own.material);
  });
  await finishRotation(account);
}

/** The next revision, whether what this browser opens with is still listed there, and what enters. Raises as `rotate` does. */
export async function rotated(account: Account, session: Session, change: Change): Promise<{
  readonly posted: Posted; readonly entering: Entering | null; readonly isListed: boolean;
}> {
  const { world } = account.place;
  const { trusted, keys: known, identity } = session;
  const { openers: given } = await account.service.keyrings(trusted.keyring.revision);
  const half = await privateHalf.openHalf(session.half, trusted, newestKey(session).key);
  const key = Secret.take("account key", world.random(32));
  try {
    const labelOf = (id: Bytes): string => half.openers.find((one) => equal(one.id, id))?.label ?? "";
    const records = listedRecords(session, given).filter((one) => !change.leaves(one, labelOf(one.id)));
    const where = { account: identity.account, epoch: trusted.keyring.epoch + 1 };
    const entering = await change.enter?.(key, where) ?? null;
    const done = await account.withRaw((old) => rotation.rotate({ trusted, keys: known, half, old }, {
      records, added: entering === null ? [] : [entering.made], device: identity.device, signer: identity.signer, key,
      devices: change.devices?.(trusted.keyring) ?? trusted.keyring.devices,
      day: Math.floor(world.now() / DAY_MS), nonce: world.random(12), encapsulate: world.kem.encapsulate,
    }));
    const posted = { claim: done.claim, half: done.body, records: done.records.map((one) => opener.encode(one)) };
    return { posted, entering, isListed: records.some((one) => equal(one.id, identity.opener.id)) };
  } finally {
    key.wipe();
    wipe(half);
  }
}

/** What this browser opens with from now on. Raises AccountError `opener.in_use`. */
function inUse({ identity }: Session, entering: Entering | null): Entering {
  if (entering?.material.kind !== identity.opener.material.kind) throw new AccountError("opener.in_use");
  return entering;
}

export function stored(record: Record): { readonly id: Bytes; readonly record: Bytes } {
  return { id: record.id, record: opener.encode(record) };
}

/**
 * The same opener under another id, where a holder of an earlier account key knew its public key and lock; null where nobody
 * did. Source: specs/rotation.md. `raw` is the account key of the session's epoch, and is not wiped.
 */
export async function renewalOf(
  session: Session, record: Record, material: Material, raw: Secret<"account key">, world: World,
): Promise<NewOpener | null> {
  if (!isKnownToOthers(session, record.id)) return null;
  const label = session.names.openers.find((one) => equal(one.id, record.id))?.label ?? "";
  const where = { account: session.identity.account, epoch: session.trusted.keyring.epoch };
  const { parameters, credential } = record;
  return newOpener(material, raw, where, { label, parameters, credential }, world);
}

function isKnownToOthers({ keyrings }: Session, id: Bytes): boolean {
  return rotation.needsRenewal(id, keyrings.map((one) => ring.decode(one.public)));
}

/** Give what this browser opens with another id, if it needs one and a person proved themselves just now. */
async function renewOwn(account: Account): Promise<void> {
  const { id, material } = account.session.identity.opener;
  if (!account.tokens.isFresh || !isKnownToOthers(account.session, id)) return;
  const { world } = account.place;
  const made = await account.withRaw(async (raw) => {
    const entering = await renewalOf(account.session, opener.decode(account.record), material, raw, world);
    if (entering === null) return null;
    await account.change((session) => next(session, { openers: [entering], insteadOf: id }, world), true);
    return entering;
  });
  if (made !== null) await account.openWith(stored(made.record), material);
}

/**
 * What a rotation still needs, by whichever device comes first: boxes are wrapped again, past account keys dropped. What this
 * browser opens with gets another id where a person proved themselves just now.
 *
 * Nothing to do is the usual case. Raises as `Account.sync` and `Account.change` do.
 */
export async function finishRotation(account: Account): Promise<void> {
  await wrapAgain(account);
  await renewOwn(account);
}

async function wrapAgain(account: Account): Promise<void> {
  const { world } = account.place;
  const { past } = account.session.names;
  if (past.size === 0) return;
  await account.rewrap();
  await account.sync();
  const boxes = await account.rewrap();
  const { position } = await account.store.state() ?? {};
  if (position === undefined) return;
  const { drop } = rotation.left(account.session.trusted, past.keys(), position, boxes);
  if (drop.length > 0) await account.change((session) => next(session, { drop: new Set(drop) }, world));
}
