/** The checks of the kind `tdx`, and the values that they vouch for. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import { type Case } from "../case.ts";
import { check, RUNTIME_EVENTS, RUNTIME_LOG_FORM } from "../checks.ts";
import { type TdBody } from "../dcap/body.ts";
import { CLAIMS as COMMON, COLLATERAL, DEBUG, GENUINE, LEVEL, RATED, ratingClaims, SIGNED, signedClaims } from "../dcap/table.ts";
import { type ClaimOf, type Kind, LOGGED } from "../kind.ts";
import { bodyOf, BOOT_LOG, CHECKS as RUN, RUNTIME_LOG } from "./acceptable.ts";

const BOOT = ["boot_log_form"];
const RELEASED = [...SIGNED, "release_form"];
const LEVELLED = ["tcb_level"];
const CHECKS = [
  ...GENUINE,
  check("boot_log_form", BOOT_LOG, "malformed", { reads: [BOOT_LOG] }),
  RUNTIME_LOG_FORM,
  DEBUG,
  check("td_attributes", "cpu", "td_attributes", { needs: SIGNED }),
  check("xfam", "cpu", "xfam", { needs: SIGNED }),
  check("service_td", "cpu", "service_td_present", { needs: SIGNED }),
  check("pck_type", "cpu", "pck_configuration", { needs: SIGNED }),
  check("pck_configuration", "cpu", "pck_configuration", { needs: SIGNED }),
  ...COLLATERAL,
  check("module_identity", "cpu", "module_identity", { needs: RATED }),
  LEVEL,
  check("tcb_status", "cpu", "tcb_status", { needs: LEVELLED }),
  check("tcb_advisory", "cpu", "tcb_advisory", { needs: LEVELLED }),
  check("tcb_floor", "dcap-collateral", "tcb_below_floor", { needs: RATED }),
  check("module_floor", "cpu", "tcb_below_floor", { needs: SIGNED }),
  check("mrseam", "cpu", "measurement_mismatch", { needs: SIGNED }),
  check("shape", "cpu", "measurement_mismatch", { needs: RELEASED }),
  check("rtmr1", "cpu", "measurement_mismatch", { needs: RELEASED }),
  check("rtmr2", "cpu", "measurement_mismatch", { needs: RELEASED }),
  check("mrconfigid", "cpu", "measurement_mismatch", { needs: RELEASED }),
  check("zero_registers", "cpu", "register_not_zero", { needs: SIGNED }),
  check("boot_registers", BOOT_LOG, "event_log_replay", { reads: [BOOT_LOG], needs: [...SIGNED, ...BOOT] }),
  check("boot_payloads", BOOT_LOG, "event_log_payload", { reads: [BOOT_LOG], needs: BOOT }),
  check("runtime_register", RUNTIME_LOG, "event_log_replay", {
    reads: [RUNTIME_LOG], needs: [...SIGNED, RUNTIME_LOG_FORM.name],
  }),
  RUNTIME_EVENTS,
] as const;

function register(of: (body: TdBody) => Bytes | null): (at: Case) => string | null {
  return (at) => {
    const value = of(bodyOf(at));
    return value === null ? null : toHex(value);
  };
}

const CLAIMS: Readonly<Record<string, ClaimOf>> = {
  ...COMMON,
  ...signedClaims({
    mr_td: register((body) => body.mrtd),
    rt_mr0: register((body) => body.rtmr[0]),
    rt_mr1: register((body) => body.rtmr[1]),
    rt_mr2: register((body) => body.rtmr[2]),
    rt_mr3: register((body) => body.rtmr[3]),
    td_attributes: register((body) => body.tdattributes),
    xfam: register((body) => body.xfam),
    mr_seam: register((body) => body.mrseam),
    mr_config_id: register((body) => body.mrconfigid),
    mr_owner: register((body) => body.mrowner),
    mr_owner_config: register((body) => body.mrownerconfig),
    tee_tcb_svn: register((body) => body.teeTcbSvn),
    tee_tcb_svn2: register((body) => body.teeTcbSvn2),
    mr_service_td: register((body) => body.mrservicetd),
  }),
  ...ratingClaims("module_identity"),
};

export const TDX: Kind = {
  name: "tdx",
  checks: CHECKS,
  run: RUN,
  claims: CLAIMS,
  required: () => new Set([...LOGGED, "dcap-collateral", BOOT_LOG, RUNTIME_LOG]),
  optional: () => new Set(),
};
