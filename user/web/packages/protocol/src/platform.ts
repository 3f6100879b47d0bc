/**
 * The machine a node claims to run on: its kind and the hash of its identifier. Source: specs/binding.md.
 *
 * Its own module, because the directory is read where node documents are not.
 */

import { type Bytes, toHex } from "./bytes.ts";
import { fromHex, type Json, members as membersOf, text } from "./canonical.ts";
import { Malformed } from "./errors.ts";

const TYPES = ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca", "simulated", "sim_tpm"] as const;
export type PlatformType = (typeof TYPES)[number];

/** Kind of platform and SHA-256 of its identifier (32 bytes). */
export interface Platform {
  readonly type: PlatformType;
  readonly id: Bytes;
}

/** The platform that decoded JSON names. Raises Malformed. */
export function decode(value: Json): Platform {
  const plat = membersOf(value, ["type", "id"], "plat");
  const kind = text(plat.type, "plat.type", 16, /^[a-z_]+$/);
  const type = TYPES.find((known) => known === kind);
  if (type === undefined) throw new Malformed("member_value", "plat.type");
  return { type, id: fromHex(plat.id, "plat.id", 32) };
}

/** The JSON members of a platform. */
export function members(platform: Platform): { readonly id: string; readonly type: string } {
  return { id: toHex(platform.id), type: platform.type };
}
