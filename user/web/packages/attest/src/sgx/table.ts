/** The checks of the kind `sgx`, and the values that they vouch for. */

import { toHex } from "@privity/protocol/bytes";

import { check } from "../checks.ts";
import { CLAIMS as COMMON, COLLATERAL, DEBUG, GENUINE, LEVEL, ratingClaims, SIGNED, signedClaims } from "../dcap/table.ts";
import { type ClaimOf, type Kind, LOGGED } from "../kind.ts";
import { bodyOf, CHECKS as RUN } from "./acceptable.ts";

const CHECKS = [
  ...GENUINE,
  DEBUG,
  ...COLLATERAL,
  LEVEL,
  check("tcb_status", "cpu", "tcb_status", { needs: ["tcb_level"] }),
  check("enclave", "cpu", "measurement_mismatch", { needs: [...SIGNED, "release_form"] }),
] as const;

const CLAIMS: Readonly<Record<string, ClaimOf>> = {
  ...COMMON,
  ...signedClaims({
    mr_enclave: (at) => toHex(bodyOf(at).mrenclave),
    mr_signer: (at) => toHex(bodyOf(at).mrsigner),
    isv_prod_id: (at) => bodyOf(at).prodid,
    isv_svn: (at) => bodyOf(at).isvsvn,
    attributes: (at) => toHex(bodyOf(at).attributes),
    report_cpu_svn: (at) => toHex(bodyOf(at).cpuSvn),
  }),
  ...ratingClaims(),
};

export const SGX: Kind = {
  name: "sgx",
  checks: CHECKS,
  run: RUN,
  claims: CLAIMS,
  required: () => new Set([...LOGGED, "dcap-collateral"]),
  optional: () => new Set(),
};
