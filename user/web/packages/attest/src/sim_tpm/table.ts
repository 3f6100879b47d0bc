/** The checks of a measured boot, and the values that they vouch for. */

import { toHex } from "@privity/protocol/bytes";

import { check, RUNTIME_EVENTS, RUNTIME_LOG_FORM } from "../checks.ts";
import { ALWAYS, type ClaimOf, type Kind } from "../kind.ts";
import * as acceptable from "./acceptable.ts";
import * as genuine from "./genuine.ts";
import { BOOT_LOG } from "./genuine.ts";

const FORM = ["quote_form"] as const;
const BOOT = ["boot_log_form"] as const;
const SIGNED = [...FORM, "root", "revocation", "quote_signature"] as const;
const reads = [BOOT_LOG];
const CHECKS = [
  check("quote_form", "cpu", "malformed trailing_data", { reads: ["cpu"] }),
  check("boot_log_form", BOOT_LOG, "malformed", { reads }),
  RUNTIME_LOG_FORM,
  check("root", "cpu", "root_not_pinned", { needs: FORM }),
  check("revocation", "cpu", "crl_missing"),
  check("quote_signature", "cpu", "quote_signature", { needs: FORM }),
  check("tcb", "cpu", "tcb_status"),
  check("registers", "cpu", "measurement_mismatch", { reads, needs: [...SIGNED, ...BOOT, "release_form"] }),
  check("registers_zero", "cpu", "register_not_zero", { needs: SIGNED }),
  check("boot_registers", BOOT_LOG, "event_log_replay", { reads, needs: [...SIGNED, ...BOOT] }),
  check("boot_payloads", BOOT_LOG, "event_log_payload", { reads, needs: BOOT }),
  check("runtime_register", "runtime-log", "event_log_replay", {
    reads: [BOOT_LOG, "runtime-log"], needs: [...SIGNED, ...BOOT, "runtime_log_form"],
  }),
  RUNTIME_EVENTS,
] as const;

const CLAIMS: Readonly<Record<string, ClaimOf>> = {
  // Not vouched for by anything: shown so that a person can compare it with the key they were given.
  offered_root: { item: "cpu", needs: FORM, value: ({ found }) => found.tpmQuote.pin },
  registers: {
    item: "cpu",
    needs: SIGNED,
    value: ({ found }) => {
      return Object.fromEntries([...found.tpmQuote.registers].map(([index, value]) => [String(index), toHex(value)]));
    },
  },
  qualifying_data: { item: "cpu", needs: SIGNED, value: ({ found }) => toHex(found.tpmQuote.qualifying) },
};

export const SIM_TPM: Kind = {
  name: "sim_tpm",
  checks: CHECKS,
  run: { ...genuine.CHECKS, ...acceptable.CHECKS },
  claims: CLAIMS,
  required: () => new Set([...ALWAYS, BOOT_LOG, "runtime-log"]),
  // With the log this kind proves itself like the hardware ones; a client that has none proves nothing and refuses.
  optional: () => new Set(["release-proof", "endorsement"]),
};
