/** The checks of the simulated kind, and the values that they vouch for. */

import { toHex } from "@privity/protocol/bytes";

import { check, RUNTIME_EVENTS, RUNTIME_LOG_FORM } from "../checks.ts";
import { ALWAYS, type ClaimOf, type Kind } from "../kind.ts";
import * as acceptable from "./acceptable.ts";
import { CLOSURE, CODE, RUNTIME } from "./document.ts";
import * as genuine from "./genuine.ts";

const needs = ["certificate_form"];
const SIGNED = [
  "document_form", "certificate_form", "certificate_chain", "certificate_profile", "certificate_dates", "root",
  "revocation", "document_signature",
] as const;
const CHECKS = [
  check("document_form", "cpu", "malformed trailing_data unsupported_algorithm cose_mac0_not_verifiable", {
    reads: ["cpu"],
  }),
  RUNTIME_LOG_FORM,
  check("certificate_form", "cpu", "certificate_malformed", { needs: ["document_form"] }),
  check("certificate_chain", "cpu", "certificate_chain", { needs }),
  check("certificate_profile", "cpu", "certificate_profile", { needs }),
  check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", { needs }),
  check("root", "cpu", "root_not_pinned", { needs }),
  check("revocation", "cpu", "crl_missing"),
  check("document_signature", "cpu", "document_signature", { needs }),
  check("debug", "cpu", "debug_enabled", { needs: SIGNED }),
  check("tcb", "cpu", "tcb_status"),
  check("registers", "cpu", "measurement_mismatch", { needs: [...SIGNED, "release_form"] }),
  check("runtime_register", "runtime-log", "event_log_replay", { needs: [...SIGNED, "runtime_log_form"] }),
  RUNTIME_EVENTS,
] as const;

const CLAIMS: Readonly<Record<string, ClaimOf>> = {
  // Not vouched for by anything: shown so that a person can compare it with the root they were given.
  offered_root: { item: "cpu", needs, value: ({ found }) => genuine.rootOf(found.path).pin },
  registers: {
    item: "cpu",
    needs: SIGNED,
    value: ({ found: { document: { registers } } }) => ({
      [CODE]: toHex(registers[CODE]), [CLOSURE]: toHex(registers[CLOSURE]), [RUNTIME]: toHex(registers[RUNTIME]),
    }),
  },
};

export const SIMULATED: Kind = {
  name: "simulated",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: () => new Set([...ALWAYS, "runtime-log"]),
  optional: () => new Set(),
};
