/**
 * What a client believes about an account's keyring. Source: specs/keyring.md.
 *
 * A `Claim` is what the service says. `Trusted` is what a client accepted and remembers, and what the next claim must
 * continue.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, equal, equalSecret } from "@privity/protocol/bytes";
import { NotAuthentic } from "@privity/protocol/errors";
import * as stored from "@privity/protocol/stored/keyring";
import { type Device, deviceOf, type Keyring, openerOf } from "@privity/protocol/stored/keyring";

import { reading, VaultError } from "./errors.ts";
import * as labels from "./labels.ts";
import { type Candidate, digest } from "./opener.ts";
import type { AccountKey } from "./secret.ts";
import type { Signer } from "./signer.ts";

/** Account keys by epoch. */
export type Keys = ReadonlyMap<number, AccountKey>;

/** A keyring as the service delivers it. `macBefore` is under the account key of the epoch before, on a rise. */
export interface Claim {
  readonly public: Bytes;
  readonly mac: Bytes;
  readonly macBefore: Bytes | null;
  readonly signature: Bytes;
}

/** An accepted keyring and its hash: trusted state of the device, rolled back only with the device. */
export interface Trusted {
  readonly keyring: Keyring;
  readonly hash: Bytes;
}

/** An account key for which the account's own keyring vouches. */
export interface Unlocked {
  readonly trusted: Trusted;
  readonly keys: Keys;
}

/**
 * MAC and sign a public half; `rises` when its epoch is one above that of the keyring before.
 *
 * Raises VaultError `keyring.malformed`, `keyring.bad_mac` (no account key of an epoch that must MAC it).
 */
export async function write(ring: Keyring, keys: Keys, signer: Signer, rises: boolean): Promise<Claim> {
  const data = reading("keyring.malformed", () => stored.encode(ring));
  const macBefore = rises ? await macOf(keys, ring.epoch - 1, ring.account, data) : null;
  const signature = await signer.sign(stored.signedBytes(data));
  return { public: data, mac: await macOf(keys, ring.epoch, ring.account, data), macBefore, signature };
}

/**
 * What to remember after one more revision; the same revision with the same bytes changes nothing.
 *
 * Raises VaultError: `keyring.malformed`, `.foreign`, `.rolled_back`, `.broken_chain`, `.bad_mac`, `.bad_signature`.
 */
export async function acceptNext(trusted: Trusted, claim: Claim, keys: Keys): Promise<Trusted> {
  const before = trusted.keyring;
  const ring = decoded(claim, before.account);
  const hash = await stored.digest(claim.public);
  if (ring.revision < before.revision) {
    throw new VaultError("keyring.rolled_back", `revision ${String(ring.revision)}, known is ${String(before.revision)}`);
  }
  if (ring.revision === before.revision) {
    if (equal(hash, trusted.hash)) return trusted;
    throw new VaultError("keyring.rolled_back", `another keyring as revision ${String(ring.revision)}`);
  }
  checkLink(trusted, ring);
  await checkMacs(claim, ring, keys, ring.epoch > before.epoch);
  await checkSigner(claim, ring, before);
  return { keyring: ring, hash };
}

/**
 * What a fresh device believes: the newest MAC, and every signature and link from revision 1 on.
 *
 * It cannot see a consistent old state; specs/keyring.md says what is shown to compare. Raises VaultError as `acceptNext`
 * does, `keyring.broken_chain` when revision 1 is not the first.
 */
export async function acceptAll(claims: readonly Claim[], account: Bytes, keys: Keys): Promise<Trusted> {
  const [oldest, newest] = ends(claims);
  const last = decoded(newest, account);
  await checkMac(newest.mac, keys, last, newest.public, last.epoch);
  const first = decoded(oldest, account);
  if (first.revision !== 1) throw new VaultError("keyring.broken_chain", `begins with revision ${String(first.revision)}`);
  await checkSigner(oldest, first, first);
  let trusted: Trusted = { keyring: first, hash: await stored.digest(oldest.public) };
  for (const claim of claims.slice(1)) {
    const ring = decoded(claim, account);
    checkLink(trusted, ring);
    await checkSigner(claim, ring, trusted.keyring);
    trusted = { keyring: ring, hash: await stored.digest(claim.public) };
  }
  return trusted;
}

/**
 * The account key, once the keyring vouches for it: MAC, listing, then the whole chain.
 *
 * Raises VaultError: `keyring.bad_mac`, `opener.unlisted`, and those of `acceptAll`.
 */
export async function unlock({ account, record, key }: Candidate, claims: readonly Claim[]): Promise<Unlocked> {
  const [, newest] = ends(claims);
  const keys: Keys = new Map([[record.epoch, key]]);
  const ring = decoded(newest, account);
  await checkMac(newest.mac, keys, ring, newest.public, ring.epoch);
  const listed = openerOf(ring, record.id);
  if (listed?.kind !== record.kind || !equal(listed.record, digest(record))) {
    throw new VaultError("opener.unlisted", "the keyring does not list this record");
  }
  return { trusted: await acceptAll(claims, account, keys), keys };
}

/** The keyring's next devices, with one revoked. Raises VaultError `keyring.malformed` for an unknown device. */
export function revoke(ring: Keyring, device: Bytes, lastSeq: number): Keyring {
  if (deviceOf(ring, device) === null) throw new VaultError("keyring.malformed", "no such device");
  return { ...ring, devices: ring.devices.map((one) => (equal(one.id, device) ? { ...one, lastSeq } : one)) };
}

/** The first claim and the last. */
function ends(claims: readonly Claim[]): readonly [Claim, Claim] {
  const [first, last] = [claims[0], claims.at(-1)];
  if (first === undefined || last === undefined) throw new VaultError("keyring.broken_chain", "no keyring");
  return [first, last];
}

function decoded(claim: Claim, account: Bytes): Keyring {
  const ring = reading("keyring.malformed", () => stored.decode(claim.public));
  if (!equal(ring.account, account)) throw new VaultError("keyring.foreign", "the keyring of another account");
  return ring;
}

function checkLink(trusted: Trusted, ring: Keyring): void {
  const before = trusted.keyring;
  const continues = ring.previous !== null && equal(ring.previous, trusted.hash);
  if (ring.revision !== before.revision + 1 || !continues) {
    const revisions = `revision ${String(ring.revision)} does not continue ${String(before.revision)}`;
    throw new VaultError("keyring.broken_chain", revisions);
  }
  const epochs = `epoch ${String(ring.epoch)} after ${String(before.epoch)}`;
  if (ring.epoch < before.epoch) throw new VaultError("keyring.rolled_back", epochs);
  if (ring.epoch > before.epoch + 1) throw new VaultError("keyring.broken_chain", epochs);
  for (const device of before.devices) checkStays(device, deviceOf(ring, device.id));
}

/** A device is revoked, never forgotten: pages that it signed are verified for ever. */
function checkStays(before: Device, now: Device | null): void {
  if (now === null || !equal(now.key, before.key) || !equal(now.introducedBy, before.introducedBy)) {
    throw new VaultError("keyring.broken_chain", "a device is missing or has another key");
  }
  if (before.lastSeq !== null && now.lastSeq !== before.lastSeq) {
    throw new VaultError("keyring.broken_chain", "a revoked device is not revoked as before");
  }
}

async function checkMacs(claim: Claim, ring: Keyring, keys: Keys, rises: boolean): Promise<void> {
  await checkMac(claim.mac, keys, ring, claim.public, ring.epoch);
  if (rises) await checkMac(claim.macBefore ?? new Uint8Array(0), keys, ring, claim.public, ring.epoch - 1);
  else if (claim.macBefore !== null) throw new VaultError("keyring.malformed", "a second MAC and the same epoch");
}

async function checkMac(mac: Bytes, keys: Keys, ring: Keyring, data: Bytes, epoch: number): Promise<void> {
  if (!equalSecret(await macOf(keys, epoch, ring.account, data), mac)) {
    throw new VaultError("keyring.bad_mac", `not by the account key of epoch ${String(epoch)}`);
  }
}

async function macOf(keys: Keys, epoch: number, account: Bytes, data: Bytes): Promise<Bytes> {
  const key = keys.get(epoch);
  if (key === undefined) throw new VaultError("keyring.bad_mac", `no account key of epoch ${String(epoch)}`);
  return hmac(sha256, await key.derive(account, ascii(labels.KEYRING_MAC)), stored.signedBytes(data));
}

/** The signer is active before, or new and introduced by an opener of before; revision 1 is its own before. */
async function checkSigner(claim: Claim, ring: Keyring, before: Keyring): Promise<void> {
  const signer = deviceOf(ring, ring.signer);
  const known = deviceOf(before, ring.signer);
  if (signer === null) throw new VaultError("keyring.bad_signature", "the signer is not listed");
  if (known !== null && known.lastSeq !== null) throw new VaultError("keyring.bad_signature", "the signer was revoked");
  const first = known === null || ring === before;
  if (first && openerOf(before, signer.introducedBy) === null) {
    throw new VaultError("keyring.bad_signature", "no opener introduced the signer");
  }
  try {
    await stored.verify(claim.public, claim.signature, signer.key);
  } catch (error) {
    if (!(error instanceof NotAuthentic)) throw error;
    throw new VaultError("keyring.bad_signature", "not by the device that it names");
  }
}
