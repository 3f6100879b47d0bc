/**
 * What a release says of the platforms it runs on: values that genuine evidence must show. Source: specs/release.md.
 *
 * Each kind has its own closed section; a kind without a section is not part of the release.
 */

import { type Json } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { NAME, PART } from "./platforms.ts";
import {
  ascending, digest, integer, isObject, listOf, mapOf, type Of, type Read, required, section, text,
} from "./schema.ts";

const DIGESTS_32 = ascending(digest(32));
const DIGESTS_48 = ascending(digest(48));
const REGISTER = /^(?:[0-9]|[12][0-9]|3[01])$/;
const PARTS = ascending(text(64, PART));

/** A machine shape of a TDX release: MRTD and RTMR0 belong together, for firmware and machine decide both. */
const SHAPE = { name: required(text(64, NAME)), mrtd: required(digest(48)), rtmr0: required(digest(48)) };

/** Intel TDX: shapes, and the registers that the image decides. */
const TDX = {
  shapes: required(listOf(section(SHAPE))),
  rtmr1: required(DIGESTS_48),
  rtmr2: required(DIGESTS_48),
  mrconfigid: required(DIGESTS_48),
};

/**
 * Golden measurements of one RIM file (by the SHA-256 of its XML): SPDM index to the hashes that are active.
 *
 * The file describes `device` (a chip) in `version` of its driver or VBIOS; its signers end at `expires` (Unix seconds).
 */
const GOLDEN = {
  device: required(text(64, PART)),
  version: required(text(64, PART)),
  expires: required(integer()),
  rim: required(digest(32)),
  values: required(mapOf(DIGESTS_48, /^[1-9][0-9]{0,2}$/, 255)),
};

/** NVIDIA GPUs and switches that belong to the machine. */
const GPU = {
  count: required(integer(0, 16)),
  switches: required(integer(0, 16)),
  device_kinds: required(PARTS),
  drivers: required(PARTS),
  vbios: required(PARTS),
  firmware_ids: required(DIGESTS_48),
  golden: required(listOf(section(GOLDEN), 16)),
};

/** By kind: AMD's are launch digests per vCPU type and count, and HOST_DATA where the image sets it; registers by index. */
const PLATFORMS = {
  simulated: required(mapOf(digest(48), REGISTER)),
  tdx: required(section(TDX)),
  sgx: required(section({ mrenclave: required(DIGESTS_32) })),
  sev_snp: required(section({ measurement: required(DIGESTS_48), host_data: required(DIGESTS_32) })),
  nitro: required(section({ pcrs: required(mapOf(DIGESTS_48, REGISTER)) })),
  sim_tpm: required(section({ pcrs: required(mapOf(DIGESTS_32, REGISTER)) })),
  gpu: required(section(GPU)),
};

/** The sections of a release, absent where it does not run on that kind. */
export type Platforms = Partial<Of<typeof PLATFORMS>>;
export type TdxValues = NonNullable<Platforms["tdx"]>;
export type SgxValues = NonNullable<Platforms["sgx"]>;
export type SnpValues = NonNullable<Platforms["sev_snp"]>;
export type NitroValues = NonNullable<Platforms["nitro"]>;
export type SimTpmValues = NonNullable<Platforms["sim_tpm"]>;
export type GpuValues = NonNullable<Platforms["gpu"]>;
export type Golden = GpuValues["golden"][number];

/** The platforms in decoded JSON, at least one. Raises Malformed. */
export function decode(value: Json): Platforms {
  if (!isObject(value) || Object.keys(value).length === 0) throw new Malformed("member_value", "platforms");
  const found = Object.entries(value).map(([name, one]) => {
    if (!Object.hasOwn(PLATFORMS, name)) throw new Malformed("member_value", "platforms");
    const read: Read<unknown> = PLATFORMS[name as keyof typeof PLATFORMS].read;
    return [name, read(one, `platforms.${name}`)];
  });
  const platforms = Object.fromEntries(found) as Platforms;
  if (platforms.simulated?.size === 0) throw new Malformed("member_value", "registers");
  return platforms;
}
