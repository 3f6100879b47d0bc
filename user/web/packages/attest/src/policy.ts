/**
 * The appraisal policy: what a client accepts. Source: specs/policy.md.
 *
 * One canonical JSON document, closed: every field is required, unknown fields are refused, `{"unchecked": "reason"}`
 * may stand for a field only where the specification allows it. Members keep their names of the wire.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { DAY, defaultDocument, floorDocument, type Local } from "./defaults.ts";
import { PolicyMalformed } from "./errors.ts";
import { ARM, GPU, NAME, NITRO, SGX, SNP, TDX } from "./platforms.ts";
import { BUILT_IN, builtIn } from "./roots/pins.ts";
import {
  boolean, builtInOr, digest, ellipticKey, fromReleaseOr, integer, listOf, mayBeUnchecked, type Of, oneOf, readMembers,
  required, section, text,
} from "./schema.ts";
import { looser } from "./strictness.ts";

export const FORMAT = "privity-policy/1";
/** bytes */
export const MAX_POLICY = 64 * 1024;
/** seconds from issue to expiry */
export const MAX_LIFETIME = 90 * DAY;
const KINDS = ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca"] as const;
const DIGESTS = listOf(digest(32));
const KEYS = required(listOf(ellipticKey, 64));
const PINS = required(builtInOr(DIGESTS));

/**
 * SHA-256 of the SubjectPublicKeyInfo of each accepted root, by kind; for psa and cca the accepted keys themselves.
 *
 * A vendor's roots are normally "built_in". Others are accepted only beside `allow_simulated`, for tests. Arm tokens
 * bring no certificate: the policy carries each SubjectPublicKeyInfo (DER) whole, on P-256 or P-384.
 */
const TRUST_ANCHORS = {
  tdx: PINS,
  sgx: PINS,
  sev_snp: PINS,
  nitro: PINS,
  nvidia: PINS,
  psa: KEYS,
  cca: KEYS,
  simulated: required(DIGESTS),
};
export type AnchoredKind = keyof typeof TRUST_ANCHORS;

const REQUIRE_CRL = {
  tdx: mayBeUnchecked(boolean),
  sgx: mayBeUnchecked(boolean),
  sev_snp: mayBeUnchecked(boolean),
  nitro: mayBeUnchecked(boolean),
};

/** The operator's machines: SHA-256 of platform identifiers, and 32-byte ids of endorsement keys. */
const FLEET = { platforms: required(listOf(digest(32), 4096)), keys: required(listOf(digest(32), 16)) };

const POLICY = {
  format: required(oneOf(FORMAT)),
  name: required(text(64)),
  version: required(integer(1)),
  issued_at: required(integer()),
  expires_at: required(integer()),
  kinds: required(listOf(oneOf(...KINDS))),
  allow_simulated: required(boolean),
  trust_anchors: required(section(TRUST_ANCHORS)),
  require_crl: required(section(REQUIRE_CRL)),
  release_allow: mayBeUnchecked(DIGESTS),
  max_release_proof_age: required(integer()),
  deployment: required(text(64)),
  models: mayBeUnchecked(DIGESTS),
  configuration: mayBeUnchecked(fromReleaseOr(DIGESTS)),
  egress: mayBeUnchecked(listOf(text(64, NAME))),
  challenge: required(oneOf("on_demand", "first_contact", "always")),
  max_anchor_age: required(integer()),
  max_key_lifetime: required(integer(1)),
  clock_skew: required(integer()),
  fleet: required(section(FLEET)),
  max_collateral_age: mayBeUnchecked(integer()),
  tdx: required(section(TDX)),
  sgx: required(section(SGX)),
  snp: required(section(SNP)),
  nitro: required(section(NITRO)),
  gpu: required(section(GPU)),
  psa: required(section(ARM)),
  cca: required(section(ARM)),
};

/** A policy as `decode` returns it; `digest` is the SHA-256 of its bytes, empty in one made otherwise. Durations: seconds. */
export type Policy = Of<typeof POLICY> & { readonly digest: string };

/** The policy in `data` (canonical JSON, at most 64 KiB). Raises PolicyMalformed. */
export function decode(data: Uint8Array): Policy {
  try {
    const policy = readMembers(POLICY, canonical.decode(data, MAX_POLICY), "policy");
    if (policy.expires_at <= policy.issued_at) throw new Malformed("member_value", "policy.expires_at");
    if (policy.trust_anchors.simulated.length > 0 && !policy.allow_simulated) {
      throw new Malformed("member_value", "policy.trust_anchors.simulated without allow_simulated");
    }
    return { ...policy, digest: toHex(sha256(data)) };
  } catch (error) {
    if (error instanceof Malformed) throw new PolicyMalformed(error.message);
    throw error;
  }
}

/** The pins of `kind` that `policy` accepts, for psa and cca the keys, in hexadecimal; `nvidia` stands for devices. */
export function trustAnchors(policy: Policy, kind: AnchoredKind): ReadonlySet<string> {
  const named = policy.trust_anchors[kind];
  return named === "built_in" ? builtIn(kind) : new Set(named);
}

/** The fields in which `policy` is looser than what this client was built with. */
export function belowFloor(policy: Policy): readonly string[] {
  const found = [...looser(policy, FLOOR)];
  if (!policy.allow_simulated) {
    for (const kind of BUILT_IN.keys()) {
      const known = builtIn(kind);
      const foreign = [...trustAnchors(policy, kind as AnchoredKind)].some((one) => !known.has(one));
      if (foreign) found.push(`trust_anchors.${kind}`);
    }
  }
  if (policy.expires_at - policy.issued_at > MAX_LIFETIME) found.push("expires_at");
  return found;
}

/**
 * The user's own policy in `data`, which may be stricter than `base` and looser in nothing.
 *
 * Raises PolicyMalformed; its reason is `policy_below_floor` when a field is looser.
 */
export function userPolicy(data: Uint8Array, base: Policy): Policy {
  const policy = decode(data);
  const found = looser(policy, base);
  if (found.length > 0) throw new PolicyMalformed(found.join(", "), "policy_below_floor");
  return policy;
}

/**
 * The default policy for a deployment, issued at `now` (Unix seconds) for one day.
 *
 * A simulated enclave is accepted only with `allowSimulated` and only under `roots`, each the SHA-256 of the
 * SubjectPublicKeyInfo of a development root in hexadecimal. Raises PolicyMalformed.
 */
export function localPolicy(local: Local): Policy {
  return decode(canonical.encode(defaultDocument(local)));
}

const FLOOR = decode(canonical.encode(floorDocument()));
