/** Keys that a browser makes: its own as a device, a passkey's, seven words, a recovery code. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { World } from "@privity/history/session";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as opener from "@privity/vault/opener";
import type { Material, Record, Sheet } from "@privity/vault/opener";
import type { Cost } from "@privity/vault/passphrase";
import * as passphrase from "@privity/vault/passphrase";
import type { NamedOpener } from "@privity/vault/private_half";
import * as recovery from "@privity/vault/recovery";
import { Kept, Secret } from "@privity/vault/secret";
import * as signing from "@privity/vault/signer";
import type { Signer, Stored } from "@privity/vault/signer";

/** A device before any keyring knows it. */
export interface DeviceKeys {
  readonly id: Bytes;
  readonly signing: Stored;
  readonly material: Kept<"device">;
}

/** A new opener: its record, and what the private half keeps of it. */
export interface NewOpener {
  readonly record: Record;
  readonly named: NamedOpener;
}

/** The id of a device follows from its key, so that both sides of a pairing know it. */
export function deviceId(publicKey: Bytes): Bytes {
  return sha256(publicKey).slice(0, 16);
}

export async function newDevice(world: World): Promise<DeviceKeys> {
  const seed = Secret.take("signing seed", world.random(32));
  const stored = await signing.keep(seed, world.random(signing.WRAPPING_ENTROPY));
  const material = await Secret.take("device", world.random(32)).keep();
  return { id: deviceId(stored.publicKey), signing: stored, material };
}

/** What a passkey answered, as the main thread imported it. Raises VaultError `opener.malformed` for an extractable key. */
export function ofPasskey(key: CryptoKey): Kept<"passkey"> {
  return Kept.of("passkey", key);
}

/** Seven new words and how they are stretched. */
export function newWords(world: World): { readonly words: Secret<"words">; readonly cost: Cost } {
  const salt = world.random(passphrase.SALT);
  const cost = { memory: passphrase.LEAST_MEMORY, passes: passphrase.LEAST_PASSES, salt };
  return { words: passphrase.make(world.random(passphrase.ENTROPY)), cost };
}

/** What of an opener is not the same for all. `label` is the hexadecimal id of a device for that device's own opener. */
export interface Described {
  readonly label: string;
  readonly parameters: Sheet | Cost | null;
  readonly credential: Bytes | null;
}

/** A new opener for the account key `raw`, of which it takes nothing away. */
export async function newOpener(
  material: Material, raw: Secret<"account key">, where: { readonly account: Bytes; readonly epoch: number },
  { label, parameters, credential }: Described, world: World,
): Promise<NewOpener> {
  const { record, absent } = await opener.make(material, raw, {
    ...where, id: world.random(16), parameters, credential, kem: world.kem,
  });
  return { record, named: { id: record.id, absent, label } };
}

/** What a recovery code signs in with, and what its record says of it. */
export interface CodeKeys {
  readonly sheet: Sheet;
  readonly signer: Signer;
}

/** The keys of a code, whose letters are not wiped. */
export async function ofCode(letters: Secret<"recovery">, world: World): Promise<CodeKeys> {
  const { finder, signingSeed } = await recovery.access(letters);
  const signer = signing.signer(await signing.keep(signingSeed, world.random(signing.WRAPPING_ENTROPY)));
  return { sheet: { finder, publicKey: signer.publicKey }, signer };
}

/** What a device's own opener is called: revoking the device takes it away too. */
export function labelOf(device: Bytes): string {
  return toHex(device);
}
