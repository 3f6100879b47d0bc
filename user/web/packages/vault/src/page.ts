/**
 * What a client believes about an account's log: pages in order, by known devices. Source: specs/page.md.
 *
 * The service can refuse to deliver; everything else it does shows here under a reason. After a `log.*` reason a client
 * stops writing: nothing heals silently.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { NotAuthentic } from "@privity/protocol/errors";
import { type Device, deviceOf, type Keyring } from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import { type Body, BOXES, DELETIONS, type Entry, type Page } from "@privity/protocol/stored/page";

import { reading, VaultError } from "./errors.ts";
import type { Trusted } from "./keyring.ts";
import * as object from "./object.ts";
import type { Signer } from "./signer.ts";

/** A page as the service delivers it. */
export interface SignedPage {
  readonly data: Bytes;
  readonly signature: Bytes;
}

/** Where a device's own pages stand: its newest sequence, and that page's head. */
export interface Chain {
  readonly seq: number;
  readonly hash: Bytes;
}

/** The newest entry of one id. `box` tells box ids from others: one id never changes its nature. */
export interface Known {
  readonly version: number;
  readonly deleted: boolean;
  readonly box: boolean;
  readonly body: Body | null;
}

/** How far a client has read. Trusted state of the device, stored in one transaction with what a page changed. */
export interface Position {
  readonly account: Bytes;
  readonly n: number;
  readonly head: Bytes;
  /** The revision of the keyring that the newest page names. */
  readonly keyring: number;
}

/** What a page is held against: the position, two look-ups into the device's storage, and accepted keyrings. */
export interface View {
  readonly position: Position;
  chain(device: Bytes): Promise<Chain | null>;
  known(id: Bytes): Promise<Known | null>;
  /** An accepted keyring by its hash. */
  keyring(hash: Bytes): Keyring | null;
  readonly newest: Trusted;
}

/** All that one page changes; the caller stores the whole of it or nothing. */
export interface Accepted {
  readonly position: Position;
  readonly device: Bytes;
  readonly chain: Chain;
  readonly changes: readonly (readonly [id: Bytes, known: Known])[];
  readonly page: Page;
}

/** The position before page 1. */
export async function start(account: Bytes): Promise<Position> {
  return { account, n: 0, head: await stored.genesis(account), keyring: 0 };
}

/**
 * Judge one page, checks 1 to 6 of specs/page.md in their order.
 *
 * Raises VaultError: `page.malformed`, `log.foreign`, `.forked`, `.omitted`, `.keyring`, `.device`, `.bad_signature`,
 * `.sequence`, `.version`, `.resurrected`.
 */
export async function accept(view: View, signed: SignedPage): Promise<Accepted> {
  const page = reading("page.malformed", () => stored.decode(signed.data));
  checkPlace(view.position, page);
  const ring = keyringOf(view, page);
  await checkSignature(signed, page, deviceKey(view, ring, page));
  checkSequence(await view.chain(page.device), page);
  const before = await Promise.all(page.entries.map((entry) => view.known(entry.object)));
  const changes = page.entries.map((entry, at) => [entry.object, changed(before[at] ?? null, entry)] as const);
  const head = await stored.head(signed.data);
  const position = { account: page.account, n: page.n, head, keyring: ring.revision };
  return { position, device: page.device, chain: { seq: page.deviceSeq, hash: head }, changes, page };
}

/** How many pages are missing here. Raises VaultError `log.rolled_back`, `log.forked`. */
export function checkHead(position: Position, n: number, head: Bytes): number {
  if (n < position.n) {
    throw new VaultError("log.rolled_back", `the service is at page ${String(n)}, this device was at ${String(position.n)}`);
  }
  if (n === position.n && !equal(head, position.head)) throw new VaultError("log.forked", `another page ${String(n)}`);
  return n - position.n;
}

/** What was delivered ends in the promised head. Raises VaultError `log.omitted`, `log.forked`. */
export function checkDelivery(position: Position, n: number, head: Bytes): void {
  if (position.n < n) throw new VaultError("log.omitted", `pages after ${String(position.n)} of ${String(n)}`);
  if (position.n === n && !equal(position.head, head)) throw new VaultError("log.forked", `another page ${String(n)}`);
}

/** The bytes of an entry's body. Raises VaultError `object.missing`, `object.swapped`. */
export async function checkBody(known: Known, body: Bytes | null): Promise<Bytes> {
  if (known.body === null || body === null) throw new VaultError("object.missing", "the service does not deliver it");
  return object.check(body, known.body);
}

/** By whom and when a page is written; `day` counts from 1970-01-01. */
export interface Writing {
  readonly device: Bytes;
  readonly day: number;
  readonly signer: Signer;
}

/**
 * The next page of this log, signed; it is judged here as others will judge it.
 *
 * Raises VaultError as `accept` does.
 */
export async function write(view: View, entries: readonly Entry[], { device, day, signer }: Writing): Promise<SignedPage> {
  const before = await view.chain(device);
  const { account, n, head } = view.position;
  const data = reading("page.malformed", () => stored.encode({
    account,
    n: n + 1,
    parent: head,
    device,
    deviceSeq: before === null ? 1 : before.seq + 1,
    devicePrev: before === null ? null : before.hash,
    keyring: view.newest.hash,
    day,
    entries,
  }));
  const signed = { data, signature: await signer.sign(await stored.signedBytes(data)) };
  await accept(view, signed);
  return signed;
}

/** After `409 log.moved`: the same entries behind the new head. Raises VaultError as `write` does. */
export function rebuild(view: View, signed: SignedPage, { day, signer }: Omit<Writing, "device">): Promise<SignedPage> {
  const page = reading("page.malformed", () => stored.decode(signed.data));
  return write(view, page.entries, { device: page.device, day, signer });
}

function checkPlace(position: Position, page: Page): void {
  const [n, known] = [String(page.n), String(position.n)];
  if (!equal(page.account, position.account)) throw new VaultError("log.foreign", "a page of another account");
  if (page.n <= position.n) throw new VaultError("log.forked", `another page ${n}, this device is at ${known}`);
  if (page.n > position.n + 1) throw new VaultError("log.omitted", `page ${n} after ${known}`);
  if (!equal(page.parent, position.head)) throw new VaultError("log.forked", `page ${n} continues another page ${known}`);
}

function keyringOf(view: View, page: Page): Keyring {
  const ring = view.keyring(page.keyring);
  if (ring === null) throw new VaultError("log.keyring", `page ${String(page.n)} names a keyring that was not accepted`);
  if (ring.revision < view.position.keyring) {
    const revisions = `revision ${String(ring.revision)} after ${String(view.position.keyring)}`;
    throw new VaultError("log.keyring", `page ${String(page.n)} names ${revisions}`);
  }
  return ring;
}

function deviceKey(view: View, ring: Keyring, page: Page): Bytes {
  const device = deviceOf(ring, page.device);
  if (!isActive(device)) throw new VaultError("log.device", `page ${String(page.n)} is by a device that was not active`);
  const last = deviceOf(view.newest.keyring, page.device)?.lastSeq ?? null;
  if (last !== null && page.deviceSeq > last) {
    const late = `a revoked device's ${String(page.deviceSeq)}, the last is ${String(last)}`;
    throw new VaultError("log.device", `page ${String(page.n)} is ${late}`);
  }
  return device.key;
}

function isActive(device: Device | null): device is Device {
  return device !== null && device.lastSeq === null;
}

async function checkSignature(signed: SignedPage, page: Page, key: Bytes): Promise<void> {
  try {
    await stored.verify(signed.data, signed.signature, key);
  } catch (error) {
    if (!(error instanceof NotAuthentic)) throw error;
    throw new VaultError("log.bad_signature", `page ${String(page.n)} is not by the device that it names`);
  }
}

function checkSequence(before: Chain | null, { n, deviceSeq, devicePrev }: Page): void {
  const due = before === null ? 1 : before.seq + 1;
  const hash = before === null ? null : before.hash;
  const continues = hash === null || devicePrev === null ? hash === devicePrev : equal(devicePrev, hash);
  if (deviceSeq !== due || !continues) {
    throw new VaultError("log.sequence", `page ${String(n)}: the device's ${String(deviceSeq)}, expected ${String(due)}`);
  }
}

function changed(known: Known | null, entry: Entry): Known {
  const [box, deleted] = [BOXES.has(entry.op), DELETIONS.has(entry.op)];
  if (known?.deleted === true) throw new VaultError("log.resurrected", "an id that was deleted");
  const due = known === null ? 1 : known.version + 1;
  if (entry.version !== due) {
    throw new VaultError("log.version", `version ${String(entry.version)}, expected ${String(due)}`);
  }
  if (known !== null && known.box !== box) throw new VaultError("log.version", "a box as an object, or the reverse");
  return { version: entry.version, deleted, box, body: entry.body };
}

/** The state of one account's log in memory: what tests, exports and a fresh device use. */
export class Memory {
  position: Position;
  newest: Trusted;
  readonly keyrings = new Map<string, Keyring>();
  readonly chains = new Map<string, Chain>();
  readonly objects = new Map<string, Known>();

  constructor(position: Position, newest: Trusted) {
    this.position = position;
    this.newest = newest;
  }

  /** What the next page is held against. */
  view(): View {
    return {
      position: this.position,
      chain: (device) => Promise.resolve(this.chains.get(toHex(device)) ?? null),
      known: (id) => Promise.resolve(this.objects.get(toHex(id)) ?? null),
      keyring: (hash) => this.keyrings.get(toHex(hash)) ?? null,
      newest: this.newest,
    };
  }

  /** Remember a keyring that was accepted. */
  trust(trusted: Trusted): void {
    this.newest = trusted;
    this.keyrings.set(toHex(trusted.hash), trusted.keyring);
  }

  /** Take over what a page changes. */
  apply(accepted: Accepted): void {
    this.position = accepted.position;
    this.chains.set(toHex(accepted.device), accepted.chain);
    for (const [id, known] of accepted.changes) this.objects.set(toHex(id), known);
  }
}

export const FINGERPRINT_DIGITS = 20;

/** Twenty digits of the head, for people who compare two devices. */
export function fingerprint(position: Position): string {
  const digits = BigInt(`0x${toHex(position.head)}`) % 10n ** BigInt(FINGERPRINT_DIGITS);
  return digits.toString().padStart(FINGERPRINT_DIGITS, "0");
}
