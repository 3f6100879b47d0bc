/** An account for the tests: everything follows from names, and is sealed anew with real X-Wing. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes } from "@privity/protocol/bytes";
import type { Keyring } from "@privity/protocol/stored/keyring";
import { type Entry, Op } from "@privity/protocol/stored/page";
import { portable } from "@privity/protocol/xwing";

import * as keyring from "../src/keyring.ts";
import * as opener from "../src/opener.ts";
import * as page from "../src/page.ts";
import { type Kind, type Kept, Secret } from "../src/secret.ts";
import * as signer from "../src/signer.ts";

/** Bytes that follow from a name. */
export function draw(name: string, size = 32): Bytes {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) => [...sha256(ascii(`${name} ${String(at)}`))]);
  return Uint8Array.from(blocks.flat()).slice(0, size);
}

export const kem = portable((size) => crypto.getRandomValues(new Uint8Array(size)));
export const ACCOUNT = draw("account", 16);
export const DAY = 20_782;
export const NONCE = draw("nonce", 12);

export function kept<Name extends Kind>(kind: Name, name: string): Promise<Kept<Name>> {
  return new Secret(kind, draw(name)).keep();
}

export interface Device {
  readonly id: Bytes;
  readonly signer: signer.Signer;
}

export async function device(name: string): Promise<Device> {
  const stored = await signer.keep(new Secret("signing seed", draw(`seed ${name}`)), draw("wrapping", signer.WRAPPING_ENTROPY));
  return { id: draw(`device ${name}`, 16), signer: signer.signer(stored) };
}

/** A fresh account: a device opener, revision 1 of its keyring, and its log before page 1. */
export async function account(): Promise<{
  readonly raw: Secret<"account key">; readonly keys: keyring.Keys; readonly record: opener.Record;
  readonly absent: opener.Absent; readonly laptop: Device; readonly ring: Keyring; readonly claim: keyring.Claim;
}> {
  const [raw, laptop] = [new Secret("account key", draw("account key")), await device("laptop")];
  const { record, absent } = await opener.make(await kept("device", "device secret"), raw, {
    account: ACCOUNT, id: draw("opener", 16), epoch: 1, parameters: null, credential: null, kem,
  });
  const keys = new Map([[1, await kept("account key", "account key")]]);
  const ring: Keyring = {
    account: ACCOUNT, revision: 1, epoch: 1, previous: null, day: DAY, signer: laptop.id, private: draw("private half"),
    openers: [{ id: record.id, kind: record.kind, record: opener.digest(record) }],
    devices: [{ id: laptop.id, key: laptop.signer.publicKey, lastSeq: null, introducedBy: record.id }],
  };
  return { raw, keys, record, absent, laptop, ring, claim: await keyring.write(ring, keys, laptop.signer, false) };
}

/** An entry that writes the object of this name. */
export function put(name: string, version = 1): Entry {
  return {
    op: Op.PUT, object: draw(name, 16), version, lane: draw(`lane ${name}`, 16), body: { hash: draw(name), size: 4164 },
  };
}

/** An empty log under an accepted keyring. */
export async function log(trusted: keyring.Trusted): Promise<page.Memory> {
  const memory = new page.Memory(await page.start(ACCOUNT), trusted);
  memory.trust(trusted);
  return memory;
}
