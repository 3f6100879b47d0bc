/** An account with three devices, its service, and stores: everything but X-Wing's randomness follows from names. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, equal, toHex } from "@privity/protocol/bytes";
import * as erasure from "@privity/protocol/stored/erasure";
import * as ring from "@privity/protocol/stored/keyring";
import * as stored from "@privity/protocol/stored/page";
import { DELETIONS } from "@privity/protocol/stored/page";
import { portable } from "@privity/protocol/xwing";
import * as keyring from "@privity/vault/keyring";
import * as opener from "@privity/vault/opener";
import type { SignedPage } from "@privity/vault/page";
import * as privateHalf from "@privity/vault/private_half";
import { type Kept, type Kind, Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import type { Signed } from "../src/erasure.ts";
import { type Keyrings, type Pages, type Revision, type Service, ServiceError } from "../src/service.ts";
import { type Identity, type Session, unlock, type World } from "../src/session.ts";

/** Bytes that follow from a name. */
export function draw(name: string, size = 32): Bytes {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) => [...sha256(ascii(`${name} ${String(at)}`))]);
  return Uint8Array.from(blocks.flat()).slice(0, size);
}

export const kem = portable((size) => crypto.getRandomValues(new Uint8Array(size)));
export const ACCOUNT = draw("account", 16);
const DAY = 20_782;

export function kept<Name extends Kind>(kind: Name, name: string): Promise<Kept<Name>> {
  return new Secret(kind, draw(name)).keep();
}

/** A device's id and signing key. */
export async function device(name: string): Promise<{ readonly id: Bytes; readonly signer: signing.Signer }> {
  const seed = new Secret("signing seed", draw(`seed ${name}`));
  const stored = await signing.keep(seed, draw("wrapping", signing.WRAPPING_ENTROPY));
  return { id: draw(`device ${name}`, 16), signer: signing.signer(stored) };
}

export const NAMES = ["laptop", "phone", "tablet"] as const;
export type Name = (typeof NAMES)[number];

/** Time stands until a test moves it; chance is drawn from a counter. */
export class TestWorld implements World {
  readonly kem = kem;
  time = DAY * 86_400_000;
  #drawn = 0;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  now(): number {
    return this.time;
  }

  random(size: number): Bytes {
    this.#drawn += 1;
    return draw(`${this.#name} chance ${String(this.#drawn)}`, size);
  }
}

/** Revision 1 lists the devices' openers and keys; its signer is the laptop. */
export async function founded(): Promise<{ readonly service: Honest; readonly identities: ReadonlyMap<Name, Identity> }> {
  const raw = new Secret("account key", draw("account key"));
  const made = await Promise.all(NAMES.map(async (name) => {
    const material = await kept("device", `secret ${name}`);
    const id = draw(`opener ${name}`, 16);
    const found = await opener.make(material, raw, { account: ACCOUNT, id, epoch: 1, parameters: null, credential: null, kem });
    return { name, material, ...found, ...(await device(name)), openerId: id };
  }));
  const laptop = made[0];
  if (laptop === undefined) throw new Error("no device");
  const half = await privateHalf.seal({
    openers: made.map((one) => ({ id: one.openerId, absent: one.absent, label: one.name })),
    devices: made.map((one) => ({ id: one.id, label: one.name })),
    past: new Map(),
    lane: new Secret("lane key", draw("lane")),
  }, await kept("account key", "account key"), { account: ACCOUNT, revision: 1, epoch: 1 }, draw("nonce", 12));
  const byId = <One extends { readonly id: Bytes }>(list: readonly One[]): readonly One[] => {
    return [...list].sort((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1));
  };
  const claim = await keyring.write({
    account: ACCOUNT, revision: 1, epoch: 1, previous: null, day: DAY, signer: laptop.id,
    private: await ring.digest(half),
    openers: byId(made.map(({ record }) => ({ id: record.id, kind: record.kind, record: opener.digest(record) }))),
    devices: byId(made.map((one) => ({ id: one.id, key: one.signer.publicKey, lastSeq: null, introducedBy: one.openerId }))),
  }, new Map([[1, await kept("account key", "account key")]]), laptop.signer, false);
  const service = new Honest([{ claim, private: half }], made.map(({ record }) => opener.encode(record)));
  const identities = made.map(({ name, id, signer, material, openerId }) => {
    return [name, { account: ACCOUNT, device: id, signer, opener: { id: openerId, material } }] as const;
  });
  return { service, identities: new Map(identities) };
}

/** The session of a device that joined. */
export function joined(identities: ReadonlyMap<Name, Identity>, name: Name, service: Service, world: World): Promise<Session> {
  const identity = identities.get(name);
  if (identity === undefined) throw new Error(name);
  return unlock(identity, service, world);
}

/** The rules of specs/service-api.md, section "Log", over arrays. */
export class Honest implements Service {
  readonly revisions: Revision[];
  readonly openers: Bytes[];
  readonly log: SignedPage[] = [];
  readonly stored = new Map<string, Bytes>();
  readonly #objects = new Map<string, { version: number; deleted: boolean; body: string | null }>();
  readonly #devices = new Map<string, number>();

  constructor(revisions: readonly Revision[], openers: readonly Bytes[]) {
    this.revisions = [...revisions];
    this.openers = [...openers];
  }

  keyrings(from: number): Promise<Keyrings> {
    const newest = this.revisions.length;
    const asked = this.revisions.slice(from - 1);
    const revisions = asked.map((one, at) => (at === asked.length - 1 ? one : { ...one, private: null }));
    return Promise.resolve({ newest, revisions, openers: this.openers });
  }

  async pages(after: number): Promise<Pages> {
    return { n: this.log.length, head: await this.head(), pages: this.log.slice(after, after + 3) };
  }

  async post(page: SignedPage, bodies: readonly Bytes[]): Promise<Signed | null> {
    const read = stored.decode(page.data);
    if (this.log.some((one) => equal(one.data, page.data))) return this.#receipt(read);
    if (read.n !== this.log.length + 1 || !equal(read.parent, await this.head())) throw new ServiceError("log.moved", 409);
    if (read.deviceSeq !== (this.#devices.get(toHex(read.device)) ?? 0) + 1) throw new ServiceError("log.sequence", 409);
    for (const body of bodies) await this.put(new Uint8Array(await crypto.subtle.digest("SHA-256", body)), body);
    for (const entry of read.entries) {
      const known = this.#objects.get(toHex(entry.object));
      if (known?.deleted === true) throw new ServiceError("log.resurrected", 409);
      if (entry.version !== (known?.version ?? 0) + 1) throw new ServiceError("log.version", 409);
      if (entry.body !== null && !this.stored.has(toHex(entry.body.hash))) throw new ServiceError("body.absent", 422);
    }
    for (const { object, version, op, body } of read.entries) {
      const before = this.#objects.get(toHex(object))?.body ?? null;
      const now = body === null ? null : toHex(body.hash);
      if (before !== null && before !== now) this.stored.delete(before);
      this.#objects.set(toHex(object), { version, deleted: DELETIONS.has(op), body: now });
    }
    this.#devices.set(toHex(read.device), read.deviceSeq);
    this.log.push(page);
    return this.#receipt(read);
  }

  async #receipt({ account, n, day, entries }: stored.Page): Promise<Signed | null> {
    const ids = entries.filter(({ op }) => DELETIONS.has(op)).map(({ object }) => object);
    if (ids.length === 0) return null;
    const receipt = erasure.encode({ ids: erasure.idsHash(account, ids), n, day, backupDays: 30 });
    return { receipt, signature: await (await device("the service")).signer.sign(erasure.signedBytes(receipt)) };
  }

  giveBack(object: Bytes, body: Bytes): Promise<void> {
    const hash = toHex(sha256(body));
    if (this.#objects.get(toHex(object))?.body !== hash) return Promise.reject(new ServiceError("body.hash", 422));
    this.stored.set(hash, body);
    return Promise.resolve();
  }

  async erasureKey(): Promise<Bytes> {
    return (await device("the service")).signer.publicKey;
  }

  put(hash: Bytes, body: Bytes): Promise<void> {
    this.stored.set(toHex(hash), body);
    return Promise.resolve();
  }

  bodies(hashes: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    return Promise.resolve(hashes.map((hash) => this.stored.get(toHex(hash)) ?? null));
  }

  head(at = this.log.length): Promise<Bytes> {
    const last = this.log[at - 1];
    return last === undefined ? stored.genesis(ACCOUNT) : stored.head(last.data);
  }
}
