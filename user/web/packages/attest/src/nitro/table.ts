/** The checks of Nitro, and the values that they vouch for. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import { type Case } from "../case.ts";
import { check, RUNTIME_EVENTS, RUNTIME_LOG_FORM } from "../checks.ts";
import { type ClaimOf, type Kind, LOGGED } from "../kind.ts";
import { type ClaimValue } from "../result.ts";
import * as acceptable from "./acceptable.ts";
import * as genuine from "./genuine.ts";

const needs = ["certificate_form"];
const GENUINE = [
  check("document_form", "cpu", "malformed trailing_data unsupported_algorithm cose_mac0_not_verifiable", {
    reads: ["cpu"],
  }),
  check("leaf_form", "cpu", "certificate_malformed", { needs: ["document_form"] }),
  check("certificate_form", "cpu", "certificate_malformed", { needs: ["leaf_form"] }),
  check("certificate_chain", "cpu", "certificate_chain", { needs }),
  check("certificate_profile", "cpu", "certificate_profile", { needs }),
  check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", { needs }),
  check("root", "cpu", "root_not_pinned", { needs }),
  check("revocation", "cpu", "crl_missing"),
  check("document_signature", "cpu", "document_signature", { needs: ["leaf_form"] }),
] as const;
const SIGNED = GENUINE.map((one) => one.name);
const CHECKS = [
  ...GENUINE,
  RUNTIME_LOG_FORM,
  check("debug", "cpu", "debug_enabled", { needs: SIGNED }),
  check("tcb", "cpu", "tcb_status", { needs: SIGNED }),
  check("registers", "cpu", "measurement_mismatch", { needs: [...SIGNED, "release_form"] }),
  check("registers_unchecked", "cpu", "measurement_mismatch", { needs: SIGNED }),
  check("registers_zero", "cpu", "register_not_zero", { needs: SIGNED }),
  check("runtime_register", "runtime-log", "event_log_replay", {
    reads: ["runtime-log"], needs: [...SIGNED, "runtime_log_form"],
  }),
  RUNTIME_EVENTS,
] as const;

function registers({ found: { nitro: { pcrs } } }: Case): ClaimValue {
  const ascending = [...pcrs].sort(([one], [other]) => one - other);
  return Object.fromEntries(ascending.map(([index, value]) => [String(index), toHex(value)]));
}

function hexOrNull(value: Bytes | null): string | null {
  return value === null ? null : toHex(value);
}

const VALUES: Readonly<Record<string, (at: Case) => ClaimValue>> = {
  module_id: ({ found }) => found.nitro.moduleId,
  timestamp: ({ found }) => found.nitro.timestamp,
  registers,
  public_key: ({ found }) => hexOrNull(found.nitro.publicKey),
  user_data: ({ found }) => hexOrNull(found.nitro.userData),
  nonce: ({ found }) => hexOrNull(found.nitro.nonce),
};
const CLAIMS: Readonly<Record<string, ClaimOf>> = Object.fromEntries(
  Object.entries(VALUES).map(([name, value]) => [name, { item: "cpu", needs: SIGNED, value }]),
);

export const NITRO: Kind = {
  name: "nitro",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: () => new Set([...LOGGED, "runtime-log"]),
  optional: () => new Set(),
};
