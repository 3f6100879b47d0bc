/** Stages 6 to 8 of sgx: is this enclave the one that policy and release want? Source: specs/policy.md. */

import { toHex } from "@privity/protocol/bytes";

import { type Case, fails, NotChecked, type Run } from "../case.ts";
import * as dcap from "../dcap/acceptable.ts";
import { statusOf } from "../dcap/acceptable.ts";
import { type SgxReport } from "../dcap/body.ts";
import * as genuine from "../dcap/genuine.ts";
import { Fault } from "../errors.ts";
import { Unchecked } from "../schema.ts";

/** The enclave of the quote: `quote_form` lets no trust domain through. */
export function bodyOf({ found }: Case): SgxReport {
  const { body } = found.dcap.of("quote");
  if (body.tee === "tdx") throw new Fault("a trust domain where quote_form lets only enclaves through");
  return body;
}

/** The status is one that the policy allows. */
const tcbStatus: Run = (at) => statusOf(at, at.policy.sgx.allowed_status, 0);

/** The enclave is named by its measurement, or by its signer with product and least version. */
const enclave: Run = (at) => {
  const { mrenclave, mrsigner, prodid, isvsvn } = bodyOf(at);
  const { mrenclave: wanted, signers } = at.policy.sgx;
  const known = signers instanceof Unchecked ? [] : signers;
  const signed = known.some((one) => {
    return one.mrsigner === toHex(mrsigner) && one.prodid === prodid && isvsvn >= one.min_isvsvn;
  });
  if (signed) return [];
  if (wanted instanceof Unchecked) {
    const unchecked = new NotChecked(`unchecked_by_policy:${wanted.reason}`);
    return known.length > 0 ? ["measurement_mismatch:mrsigner"] : unchecked;
  }
  const values = wanted === "from_release" ? at.found.release.platforms.sgx?.mrenclave : wanted;
  if (values === undefined) return ["measurement_mismatch:platform"];
  return fails(!values.includes(toHex(mrenclave)), "measurement_mismatch:mrenclave");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  ...genuine.CHECKS,
  ...dcap.CHECKS,
  tcb_status: tcbStatus,
  enclave,
};
