/** HPKE's official vectors: key schedule, encryptions and exports; X-Wing and ML-KEM decapsulation where they have it. */

import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { shake128 } from "@noble/hashes/sha3.js";
import { ml_kem512, ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";

import { ascii, type Bytes, concat, uint } from "../src/bytes.ts";
import { Context, keySchedule, type Schedule, setupBaseR, type Suite } from "../src/hpke.ts";
import { portable } from "../src/xwing.ts";
import { answers, bytes, type Case, same } from "./case.ts";

interface Vector {
  readonly mode: number;
  readonly kem_id: number;
  readonly kdf_id: number;
  readonly aead_id: number;
  readonly info: string;
  readonly psk?: string;
  readonly psk_id?: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly shared_secret: string;
  readonly key: string;
  readonly base_nonce: string;
  readonly exporter_secret: string;
  readonly encryptions: readonly { readonly aad: string; readonly ct: string; readonly nonce: string; readonly pt: string }[];
  readonly exports: readonly { readonly exporter_context: string; readonly L: number; readonly exported_value: string }[];
}

const CHACHA = 3;
const XWING = 0x647a;
const SHAKE128 = 0x0010;
const LATTICE = new Map([[0x40, ml_kem512], [0x41, ml_kem768], [0x42, ml_kem1024]]);

const noble = portable(() => {
  throw new Error("a known answer needs no randomness");
});

/** `hpke/hpke-pq.json`, `hpke/rfc9180-x25519.json` */
export function hpke(file: unknown): readonly Case[] {
  return (file as readonly Vector[]).flatMap((vector) => (vector.kdf_id === SHAKE128 ? oneStage(vector) : cases(vector)));
}

/**
 * The one-stage KDF of draft-ietf-hpke-pq. EC1 does not use it; the vector holds the AEAD and the encodings to account,
 * so its schedule is computed here and not in the package.
 */
function oneStage(vector: Vector): readonly Case[] {
  const name = nameOf(vector);
  const suite = { kem: vector.kem_id, kdf: 1, aead: vector.aead_id, hash: sha256 } as const;
  const ids = concat(uint(vector.kem_id, 2), uint(vector.kdf_id, 2), uint(vector.aead_id, 2));
  const prefixed = (data: Uint8Array): Bytes => concat(uint(data.length, 2), data);
  const derive = (ikm: Uint8Array, label: string, context: Uint8Array, length: number): Bytes => {
    const input = concat(ikm, ascii("HPKE-v1HPKE"), ids, prefixed(ascii(label)), uint(length, 2), context);
    return new Uint8Array(shake128(input, { dkLen: length }));
  };
  const context = concat(uint(vector.mode, 1), prefixed(bytes(vector.psk_id ?? "")), prefixed(bytes(vector.info)));
  const secrets = concat(prefixed(bytes(vector.psk ?? "")), prefixed(bytes(vector.shared_secret)));
  const secret = derive(secrets, "secret", context, 16 + 12 + 32);
  return [
    answers(`${name} schedule`, () => {
      same(secret, concat(bytes(vector.key), bytes(vector.base_nonce), bytes(vector.exporter_secret)), "schedule");
    }),
    answers(`${name} encryptions`, async () => {
      const split = { key: secret.slice(0, 16), baseNonce: secret.slice(16, 28), exporterSecret: secret.slice(28) };
      const receiver = await Context.of(suite, split, "decrypt");
      for (const { aad, pt, ct } of vector.encryptions) {
        same(await receiver.open(bytes(aad), bytes(ct)), bytes(pt), "plaintext");
      }
    }),
    answers(`${name} exports`, () => {
      for (const { exporter_context: info, L: length, exported_value: value } of vector.exports) {
        same(derive(secret.subarray(28), "sec", bytes(info), length), bytes(value), "export");
      }
    }),
  ];
}

function nameOf({ mode, kem_id: kem, kdf_id: kdf, aead_id: aead }: Vector): string {
  return `mode ${String(mode)} kem ${String(kem)} kdf ${String(kdf)} aead ${String(aead)}`;
}

function suiteOf(vector: Vector): Suite {
  const kdf = vector.kdf_id;
  if (kdf !== 1 && kdf !== 2 && kdf !== 3) throw new Error("KDF");
  return { kem: vector.kem_id, kdf, aead: vector.aead_id, hash: { 1: sha256, 2: sha384, 3: sha512 }[kdf] };
}

function schedule(vector: Vector): Schedule {
  const preShared = { psk: bytes(vector.psk ?? ""), id: bytes(vector.psk_id ?? "") };
  return keySchedule(suiteOf(vector), bytes(vector.shared_secret), bytes(vector.info), preShared);
}

function cases(vector: Vector): readonly Case[] {
  const kem = vector.kem_id;
  const name = nameOf(vector);
  const found = [
    answers(`${name} schedule`, () => {
      const { key, baseNonce, exporterSecret } = schedule(vector);
      same(key, bytes(vector.key), "key");
      same(baseNonce, bytes(vector.base_nonce), "base nonce");
      same(exporterSecret, bytes(vector.exporter_secret), "exporter secret");
    }),
    answers(`${name} encryptions`, async () => encryptions(vector)),
    answers(`${name} exports`, async () => {
      const context = await contextOf(vector, "decrypt");
      for (const each of vector.exports) {
        same(context.export(bytes(each.exporter_context), each.L), bytes(each.exported_value), "export");
      }
    }),
  ];
  const lattice = LATTICE.get(kem);
  if (lattice !== undefined) {
    found.push(answers(`${name} decapsulation`, () => {
      const { publicKey, secretKey } = lattice.keygen(bytes(vector.skRm));
      same(publicKey, bytes(vector.pkRm), "public key");
      same(lattice.decapsulate(bytes(vector.enc), secretKey), bytes(vector.shared_secret), "secret");
    }));
  }
  if (kem === XWING) found.push(answers(`${name} receiver`, async () => receiver(vector)));
  return found;
}

async function receiver(vector: Vector): Promise<void> {
  const key = await noble.fromSeed(bytes(vector.skRm));
  same(key.publicKey, bytes(vector.pkRm), "public key");
  same(await key.decapsulate(bytes(vector.enc)), bytes(vector.shared_secret), "secret");
  const context = await setupBaseR(key, bytes(vector.enc), bytes(vector.info), suiteOf(vector));
  for (const each of vector.exports) {
    same(context.export(bytes(each.exporter_context), each.L), bytes(each.exported_value), "export");
  }
}

async function contextOf(vector: Vector, usage: "decrypt" | "encrypt"): Promise<Context> {
  return Context.of(suiteOf(vector), schedule(vector), usage);
}

async function encryptions(vector: Vector): Promise<void> {
  if (vector.aead_id === CHACHA) {
    encryptionsWithChacha(vector);
    return;
  }
  const [sender, receiver] = [await contextOf(vector, "encrypt"), await contextOf(vector, "decrypt")];
  for (const { aad, pt, ct } of vector.encryptions) {
    same(await sender.seal(bytes(aad), bytes(pt)), bytes(ct), "ciphertext");
    same(await receiver.open(bytes(aad), bytes(ct)), bytes(pt), "plaintext");
  }
}

/** WebCrypto lacks this AEAD and EC1 does not use it; it is here because the vector of our KEM and KDF does. */
function encryptionsWithChacha(vector: Vector): void {
  const { key, baseNonce } = schedule(vector);
  vector.encryptions.forEach(({ aad, nonce, pt, ct }, index) => {
    const expected: Bytes = baseNonce.slice();
    uint(index, 4).forEach((byte, at) => {
      expected[8 + at] = (expected[8 + at] ?? 0) ^ byte;
    });
    same(expected, bytes(nonce), "nonce");
    same(chacha20poly1305(key, expected, bytes(aad)).encrypt(bytes(pt)), bytes(ct), "ciphertext");
  });
}
