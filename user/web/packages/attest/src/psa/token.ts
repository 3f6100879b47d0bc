/**
 * PSA attestation token: its claims in the two key sets, which are never mixed.
 *
 * Source: RFC 9783 (profile `tag:psacertified.org,2023:psa#tfm`), its drafts (`http://arm.com/psa/2.0.0`), and the PSA
 * Attestation API 1.0 (`PSA_IOT_PROFILE_1`).
 */

import { type Bytes } from "@privity/protocol/bytes";
import { type CborMap } from "@privity/protocol/cbor";

import * as arm from "../arm/claims.ts";
import { type Component, HASH_SIZES, IMPLEMENTATION_BYTES, ProfileUnknown } from "../arm/claims.ts";

export const CURRENT: readonly string[] = ["http://arm.com/psa/2.0.0", "tag:psacertified.org,2023:psa#tfm"];
export const LEGACY = "PSA_IOT_PROFILE_1";
interface Keys {
  readonly profile: number;
  readonly nonce: number;
  readonly instance: number;
  readonly client: number;
  readonly lifecycle: number;
  readonly implementation: number;
  readonly bootSeed: number;
  readonly certification: number;
  readonly components: number;
  readonly service: number;
  readonly noMeasurements: number;
}
/** The current set has no claim for "nothing was measured": 0 is no key of it. */
const CURRENT_KEYS: Keys = {
  profile: 265, nonce: 10, instance: 256, client: 2394, lifecycle: 2395, implementation: 2396, bootSeed: 2397,
  certification: 2398, components: 2399, service: 2400, noMeasurements: 0,
};
const LEGACY_KEYS: Keys = {
  profile: -75000, nonce: -75008, instance: -75009, client: -75001, lifecycle: -75002, implementation: -75003,
  bootSeed: -75004, certification: -75005, components: -75006, service: -75010, noMeasurements: -75007,
};

/** The claims: 32 to 64 bytes of nonce, 33 of instance id; a client above 0 runs in the secure world. */
export interface PsaToken {
  readonly profile: string;
  readonly nonce: Bytes;
  readonly instance: Bytes;
  readonly client: number;
  readonly lifecycle: number;
  readonly implementation: Bytes;
  readonly bootSeed: Bytes;
  readonly certification: string;
  readonly components: readonly Component[];
  readonly service: string;
}

/** The token in a COSE payload. Raises Malformed and ProfileUnknown. */
export function decode(payload: Bytes): PsaToken {
  const found = arm.claims(payload);
  const legacy = !arm.has(found, CURRENT_KEYS.profile);
  const [keys, others] = legacy ? [LEGACY_KEYS, CURRENT_KEYS] : [CURRENT_KEYS, LEGACY_KEYS];
  if (Object.values(others).some((key: number) => arm.has(found, key))) arm.refuse("of two profiles");
  const named = arm.text(found, keys.profile);
  // The first profile had no need to name itself: a token of its keys without a name is of it.
  const profile = named === "" && legacy ? LEGACY : named;
  if (legacy ? profile !== LEGACY : !CURRENT.includes(profile)) throw new ProfileUnknown(profile);
  const seed = arm.has(found, keys.bootSeed);
  return {
    profile,
    nonce: arm.octets(found.get(keys.nonce), keys.nonce, HASH_SIZES),
    instance: arm.instance(found, keys.instance),
    client: arm.number(found, keys.client, -(2 ** 31), 2 ** 31 - 1),
    lifecycle: arm.lifecycle(found, keys.lifecycle),
    implementation: arm.octets(found.get(keys.implementation), keys.implementation, [IMPLEMENTATION_BYTES]),
    bootSeed: seed ? arm.octetsUpTo(found.get(keys.bootSeed), keys.bootSeed, 8, 32) : new Uint8Array(0),
    certification: arm.text(found, keys.certification),
    components: components(found, keys, legacy),
    service: arm.text(found, keys.service),
  };
}

function components(found: CborMap, keys: Keys, legacy: boolean): readonly Component[] {
  const nothing = legacy && arm.has(found, keys.noMeasurements);
  if (nothing && arm.has(found, keys.components)) arm.refuse("of components and none");
  return nothing ? [] : arm.components(found, keys.components, !legacy);
}
