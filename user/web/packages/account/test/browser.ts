/** A browser without a browser: keys in memory, a clock that a test moves, and an imitation of a passkey. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Erasure } from "@privity/history/erasure";
import type { World } from "@privity/history/session";
import type { Store } from "@privity/history/store";
import type { Assertion, Registration } from "@privity/passkeys/passkey";
import { ascii, type Bytes, toHex } from "@privity/protocol/bytes";
import { portable } from "@privity/protocol/xwing";
import { Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";

import { MemoryStore } from "../../history/test/memory_store.ts";
import { argon2id } from "../../vault/test/argon2.ts";
import type { Devices, KnownDevice } from "../src/devices.ts";
import type { Place } from "../src/place.ts";
import { ORIGIN, type Strict } from "./service.ts";

export function draw(name: string, size = 32): Bytes {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) => [...sha256(ascii(`${name} ${String(at)}`))]);
  return Uint8Array.from(blocks.flat()).slice(0, size);
}

export class TestWorld implements World {
  readonly kem = portable((size) => crypto.getRandomValues(new Uint8Array(size)));
  time = 1_795_600_000_000;
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
    return draw(`${this.#name} ${String(this.#drawn)}`, size);
  }
}

/** Entries as IndexedDB keeps them: cloned, which a key that could be read would survive as well. */
export class MemoryDevices implements Devices {
  readonly #rows = new Map<string, KnownDevice>();
  readonly #erasures: Erasure[] = [];

  all(): Promise<readonly KnownDevice[]> {
    return Promise.resolve([...this.#rows.values()].map((one) => structuredClone(one)));
  }

  put(known: KnownDevice): Promise<void> {
    this.#rows.set(toHex(known.account), structuredClone(known));
    return Promise.resolve();
  }

  remove(account: Bytes): Promise<void> {
    this.#rows.delete(toHex(account));
    return Promise.resolve();
  }

  erasures(): Promise<readonly Erasure[]> {
    return Promise.resolve(structuredClone(this.#erasures));
  }

  keepErasure(erasure: Erasure): Promise<void> {
    this.#erasures.push(structuredClone(erasure));
    return Promise.resolve();
  }
}

/** One browser profile. */
export class Browser implements Place {
  readonly origin = ORIGIN;
  readonly world: TestWorld;
  readonly devices = new MemoryDevices();
  readonly argon2id = argon2id;
  readonly fetch: Strict["fetch"];
  readonly stores = new Map<string, MemoryStore>();

  constructor(name: string, service: Strict) {
    this.world = new TestWorld(name);
    this.fetch = service.fetch;
  }

  store(account: Bytes): Promise<Store> {
    const found = this.stores.get(toHex(account)) ?? new MemoryStore();
    this.stores.set(toHex(account), found);
    return Promise.resolve(found);
  }

  forget(account: Bytes): Promise<void> {
    this.stores.delete(toHex(account));
    return Promise.resolve();
  }

  async known(): Promise<KnownDevice> {
    const [known] = await this.devices.all();
    if (known === undefined) throw new Error("no device");
    return known;
  }
}

/** A passkey that answers its PRF with bytes that follow from its name. */
export class Passkey {
  readonly id: Bytes;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.id = draw(`credential ${name}`, 20);
  }

  async registration(challenge: Bytes): Promise<Registration> {
    const { publicKey } = await this.#signer();
    return { id: this.id, clientDataJson: challenge, attestationObject: publicKey };
  }

  async assertion(challenge: Bytes, account: Bytes): Promise<Assertion> {
    const signature = await (await this.#signer()).sign(challenge);
    return { id: this.id, clientDataJson: challenge, authenticatorData: new Uint8Array(37), signature, userHandle: account };
  }

  /** What the main thread posts. */
  async answer(): Promise<CryptoKey> {
    return (await new Secret("passkey", draw(`prf ${this.#name}`)).keep()).key;
  }

  async #signer(): Promise<signing.Signer> {
    const seed = new Secret("signing seed", draw(`seed ${this.#name}`));
    return signing.signer(await signing.keep(seed, draw("wrapping", signing.WRAPPING_ENTROPY)));
  }
}
