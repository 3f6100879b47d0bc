/** The checks of PSA, and the values that they vouch for. */

import { toHex } from "@privity/protocol/bytes";

import { written } from "../arm/pinned.ts";
import { type Case } from "../case.ts";
import { check } from "../checks.ts";
import { type ClaimOf, type Kind, LOGGED } from "../kind.ts";
import { type ClaimValue } from "../result.ts";
import * as acceptable from "./acceptable.ts";
import * as genuine from "./genuine.ts";

const GENUINE = [
  check(
    "token_form",
    "cpu",
    "malformed trailing_data unsupported_version unsupported_algorithm cose_mac0_not_verifiable",
    { reads: ["cpu"] },
  ),
  check("trust_anchor", "cpu", "trust_anchor_not_pinned"),
  check("token_signature", "cpu", "token_signature", { needs: ["token_form", "trust_anchor"] }),
] as const;
const needs = GENUINE.map((one) => one.name);
const CHECKS = [
  ...GENUINE,
  check("lifecycle", "cpu", "lifecycle", { needs }),
  check("client_world", "cpu", "client_partition", { needs }),
  check("client_partition", "cpu", "client_partition", { needs: [...needs, "client_world"] }),
  check("implementation", "cpu", "measurement_mismatch", { needs }),
  check("components", "cpu", "measurement_mismatch", { needs }),
] as const;
const VALUES: Readonly<Record<string, (at: Case) => ClaimValue>> = {
  profile: ({ found }) => found.psa.profile,
  nonce: ({ found }) => toHex(found.psa.nonce),
  instance: ({ found }) => toHex(found.psa.instance),
  client: ({ found }) => found.psa.client,
  lifecycle: ({ found }) => found.psa.lifecycle,
  implementation: ({ found }) => toHex(found.psa.implementation),
  boot_seed: ({ found }) => toHex(found.psa.bootSeed),
  certification: ({ found }) => found.psa.certification,
  service: ({ found }) => found.psa.service,
  components: ({ found }) => written(found.psa.components),
};
const CLAIMS: Readonly<Record<string, ClaimOf>> = Object.fromEntries(
  Object.entries(VALUES).map(([name, value]) => [name, { item: "cpu", needs, value }]),
);

export const PSA: Kind = {
  name: "psa",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: () => new Set(LOGGED),
  optional: () => new Set(),
};
