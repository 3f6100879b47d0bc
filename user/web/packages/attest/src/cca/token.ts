/**
 * CCA attestation token: the platform's and the realm's claims, and the key that ties them.
 *
 * Source: Arm, Realm Management Monitor specification, section A7.2; draft-ffm-rats-cca-token (profiles of 2023); TF-RMM
 * for the profile before those, in which a realm names no profile and its key is a raw point.
 */

import { type Bytes, concat } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";

import * as arm from "../arm/claims.ts";
import { type Component, HASH_SIZES, HASHES, IMPLEMENTATION_BYTES, ProfileUnknown } from "../arm/claims.ts";
import { type Curve, type EcKey, P256, P384 } from "../signature.ts";

export const TAG = 399;
export const PLATFORM = 44234;
export const REALM = 44241;
export const PLATFORM_PROFILES: readonly string[] = [
  "http://arm.com/CCA-SSD/1.0.0", "tag:arm.com,2023:cca_platform#1.0.0",
];
export const REALM_PROFILE = "tag:arm.com,2023:realm#1.0.0";
export const CHALLENGE_BYTES = 64;
export const REGISTERS = 4;
/** bytes */
export const MAX_CONFIGURATION = 1024;
const PROFILE = 265;
const CHALLENGE = 10;
const OF_PLATFORM = {
  instance: 256, lifecycle: 2395, implementation: 2396, components: 2399, service: 2400, configuration: 2401, hash: 2402,
} as const;
const OF_REALM = { personalisation: 44235, hash: 44236, key: 44237, rim: 44238, rem: 44239, keyHash: 44240 } as const;
const CURVES: ReadonlyMap<cbor.Value | undefined, Curve> = new Map([[1, P256], [2, P384]]);
const EC2 = 2;

/** What the platform says: `challenge` is the hash of the realm's key, 33 bytes of instance id. */
export interface Platform {
  readonly profile: string;
  readonly challenge: Bytes;
  readonly instance: Bytes;
  readonly implementation: Bytes;
  readonly lifecycle: number;
  readonly configuration: Bytes;
  readonly components: readonly Component[];
  readonly service: string;
}

/** What the realm says: 64 bytes of challenge, initial measurement `rim`, four extensible ones, its key. */
export interface Realm {
  readonly challenge: Bytes;
  readonly personalisation: Bytes;
  readonly hash: string;
  readonly rim: Bytes;
  readonly rem: readonly Bytes[];
  readonly key: EcKey;
  readonly encodedKey: Bytes;
  readonly keyHash: string;
}

/** The platform's and the realm's signed tokens. Raises Malformed. */
export function parts(data: Bytes): { readonly platform: Bytes; readonly realm: Bytes } {
  const value = cbor.decode(data, { anyOrder: true });
  if (!(value instanceof cbor.Tag) || value.number !== TAG || !(value.value instanceof cbor.CborMap)) arm.refuse("tag");
  const [platform, realm] = [value.value.get(PLATFORM), value.value.get(REALM)];
  const whole = value.value.pairs.length === 2 && platform instanceof Uint8Array && realm instanceof Uint8Array;
  return whole ? { platform, realm } : arm.refuse("tokens");
}

/** The platform's claims. Raises Malformed and ProfileUnknown. */
export function readPlatform(payload: Bytes): Platform {
  const found = arm.claims(payload);
  const profile = arm.text(found, PROFILE);
  if (!PLATFORM_PROFILES.includes(profile)) throw new ProfileUnknown(profile);
  hashOf(arm.text(found, OF_PLATFORM.hash));
  const { configuration, implementation } = OF_PLATFORM;
  return {
    profile,
    challenge: arm.octets(found.get(CHALLENGE), CHALLENGE, HASH_SIZES),
    instance: arm.instance(found, OF_PLATFORM.instance),
    implementation: arm.octets(found.get(implementation), implementation, [IMPLEMENTATION_BYTES]),
    lifecycle: arm.lifecycle(found, OF_PLATFORM.lifecycle),
    configuration: arm.octetsUpTo(found.get(configuration), configuration, 0, MAX_CONFIGURATION),
    components: arm.components(found, OF_PLATFORM.components, true),
    service: arm.text(found, OF_PLATFORM.service),
  };
}

/** The realm's claims. Raises Malformed and ProfileUnknown. */
export function readRealm(payload: Bytes): Realm {
  const found = arm.claims(payload);
  const profile = arm.text(found, PROFILE);
  if (profile !== "" && profile !== REALM_PROFILE) throw new ProfileUnknown(profile);
  const hash = arm.text(found, OF_REALM.hash);
  const sizes = [hashOf(hash).size];
  const registers = found.get(OF_REALM.rem);
  if (!Array.isArray(registers) || registers.length !== REGISTERS) arm.refuse(OF_REALM.rem);
  const encodedKey = arm.octetsUpTo(found.get(OF_REALM.key), OF_REALM.key, 1, 256);
  const keyHash = arm.text(found, OF_REALM.keyHash);
  hashOf(keyHash);
  const { personalisation, rim, rem } = OF_REALM;
  return {
    challenge: arm.octets(found.get(CHALLENGE), CHALLENGE, [CHALLENGE_BYTES]),
    personalisation: arm.octets(found.get(personalisation), personalisation, [CHALLENGE_BYTES]),
    hash,
    rim: arm.octets(found.get(rim), rim, sizes),
    rem: (registers as readonly cbor.Value[]).map((one) => arm.octets(one, rem, sizes)),
    key: profile === "" ? rawKey(encodedKey) : coseKey(encodedKey),
    encodedKey,
    keyHash,
  };
}

/** The hash under an algorithm's name. Raises Malformed. */
export function hashOf(name: string): NonNullable<ReturnType<typeof HASHES.get>> {
  return HASHES.get(name) ?? arm.refuse("hash");
}

function rawKey(encoded: Bytes): EcKey {
  const curve = [...CURVES.values()].find(({ size }) => encoded.length === 1 + 2 * size && encoded[0] === 4);
  return curve === undefined ? arm.refuse(OF_REALM.key) : { curve, point: encoded };
}

function coseKey(encoded: Bytes): EcKey {
  const key = arm.claims(encoded);
  const curve = CURVES.get(key.get(-1));
  if (key.get(1) !== EC2 || curve === undefined) arm.refuse(OF_REALM.key);
  const coordinates = [-2, -3].map((name) => arm.octets(key.get(name), name, [curve.size]));
  return { curve, point: concat(Uint8Array.of(4), ...coordinates) };
}
