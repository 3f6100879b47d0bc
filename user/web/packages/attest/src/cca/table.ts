/** The checks of CCA, and the values that they vouch for. */

import { toHex } from "@privity/protocol/bytes";

import { written } from "../arm/pinned.ts";
import { type Case } from "../case.ts";
import { check, RUNTIME_EVENTS, RUNTIME_LOG_FORM } from "../checks.ts";
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
  check("realm_signature", "cpu", "token_signature", { needs: ["token_form"] }),
  check("key_binding", "cpu", "key_binding", { needs: ["token_form"] }),
] as const;
const needs = GENUINE.map((one) => one.name);
const CHECKS = [
  ...GENUINE,
  RUNTIME_LOG_FORM,
  check("lifecycle", "cpu", "lifecycle", { needs }),
  check("implementation", "cpu", "measurement_mismatch", { needs }),
  check("components", "cpu", "measurement_mismatch", { needs }),
  check("initial_measurement", "cpu", "measurement_mismatch", { needs }),
  check("extensible_measurements", "cpu", "measurement_mismatch", { needs }),
  check("runtime_register", "runtime-log", "event_log_replay", {
    reads: ["runtime-log"], needs: [...needs, "runtime_log_form"],
  }),
  RUNTIME_EVENTS,
] as const;
const VALUES: Readonly<Record<string, (at: Case) => ClaimValue>> = {
  profile: ({ found }) => found.ccaPlatform.profile,
  instance: ({ found }) => toHex(found.ccaPlatform.instance),
  implementation: ({ found }) => toHex(found.ccaPlatform.implementation),
  lifecycle: ({ found }) => found.ccaPlatform.lifecycle,
  configuration: ({ found }) => toHex(found.ccaPlatform.configuration),
  components: ({ found }) => written(found.ccaPlatform.components),
  service: ({ found }) => found.ccaPlatform.service,
  platform_challenge: ({ found }) => toHex(found.ccaPlatform.challenge),
  challenge: ({ found }) => toHex(found.realm.challenge),
  personalisation: ({ found }) => toHex(found.realm.personalisation),
  hash: ({ found }) => found.realm.hash,
  realm_key: ({ found }) => toHex(found.realm.encodedKey),
  rim: ({ found }) => toHex(found.realm.rim),
  rem: ({ found }) => found.realm.rem.map(toHex),
};
const CLAIMS: Readonly<Record<string, ClaimOf>> = Object.fromEntries(
  Object.entries(VALUES).map(([name, value]) => [name, { item: "cpu", needs, value }]),
);

export const CCA: Kind = {
  name: "cca",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: () => new Set([...LOGGED, "runtime-log"]),
  optional: () => new Set(),
};
