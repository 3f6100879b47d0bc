/** The checks and claims that tdx and sgx have in common. */

import { toHex } from "@privity/protocol/bytes";

import { type Case } from "../case.ts";
import { check, genuineNames } from "../checks.ts";
import { type ClaimOf } from "../kind.ts";
import { type ClaimValue } from "../result.ts";
import { COLLATERAL as ITEM } from "./genuine.ts";

const QUOTE = ["quote_form"];
const FORM = ["certificate_form"];
const CONTAINER = ["collateral_form"];
const ISSUERS = ["issuer_form"];
const LISTS = ["crl_form"];
export const GENUINE = [
  check("quote_form", "cpu", "malformed trailing_data unsupported_version unsupported_algorithm", { reads: ["cpu"] }),
  check("collateral_form", ITEM, "collateral_missing malformed trailing_data"),
  check("crl_form", ITEM, "malformed", { needs: CONTAINER }),
  check("certificate_form", "cpu", "certificate_malformed", { needs: QUOTE }),
  check("certificate_chain", "cpu", "certificate_chain", { needs: FORM }),
  check("certificate_profile", "cpu", "certificate_profile", { needs: FORM }),
  check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", { needs: FORM }),
  check("root", "cpu", "root_not_pinned", { needs: FORM }),
  check("issuer_form", ITEM, "certificate_malformed", { needs: CONTAINER }),
  check("issuer_chain", ITEM, "certificate_chain", { needs: ISSUERS }),
  check("issuer_profile", ITEM, "certificate_profile", { needs: ISSUERS }),
  check("issuer_dates", ITEM, "certificate_expired certificate_not_yet_valid", { needs: ISSUERS }),
  check("issuer_root", ITEM, "root_not_pinned", { needs: ISSUERS }),
  check("crl_present", ITEM, "crl_missing", { needs: LISTS }),
  check("crl_signature", ITEM, "crl_signature", { needs: [...LISTS, ...FORM] }),
  check("crl_dates", ITEM, "crl_expired crl_not_yet_valid", { needs: LISTS }),
  check("revocation", "cpu", "certificate_revoked certificate_on_hold", { needs: [...LISTS, ...FORM, ...ISSUERS] }),
  check("quote_signature", "cpu", "quote_signature", { needs: QUOTE }),
  check("qe_report_signature", "cpu", "qe_report_signature", { needs: FORM }),
  check("qe_binding", "cpu", "qe_binding", { needs: QUOTE }),
] as const;
export const SIGNED = genuineNames(GENUINE);
const CONTENT = ["collateral_content"];
export const RATED = [...SIGNED, "collateral_signature", ...CONTENT];
// Whose text it is does not depend on dates and lists: an old document is told to be old even where those fail too.
const AUTHENTIC = [...ISSUERS, "issuer_chain", "issuer_profile", "issuer_root", "collateral_signature"];
export const DEBUG = check("debug", "cpu", "debug_enabled", { needs: SIGNED });
export const COLLATERAL = [
  check("collateral_signature", ITEM, "collateral_signature", { needs: ISSUERS }),
  check("collateral_content", ITEM, "collateral_mismatch", { needs: AUTHENTIC }),
  check("collateral_dates", ITEM, "collateral_expired collateral_not_yet_valid", { needs: CONTENT }),
  check("collateral_age", ITEM, "collateral_too_old", { needs: CONTENT }),
  check("collateral_platform", ITEM, "collateral_mismatch", { needs: RATED }),
  check("collateral_rollback", ITEM, "collateral_rollback", { needs: RATED }),
  check("qe_identity", "cpu", "qe_identity", { needs: RATED }),
] as const;
export const LEVEL = check("tcb_level", "cpu", "tcb_no_matching_level", { needs: RATED });
const RATING = [...RATED, "collateral_dates", "collateral_platform", "qe_identity", "tcb_level"];

/** Claims of the CPU item, by name, for which its genuine stages vouch. */
export function signedClaims(values: Readonly<Record<string, (at: Case) => ClaimValue>>): Record<string, ClaimOf> {
  const claims = Object.entries(values).map(([name, value]) => [name, { item: "cpu", needs: SIGNED, value }] as const);
  return Object.fromEntries(claims);
}

/** The claims of Intel's rating, which also need the checks named `more`. */
export function ratingClaims(...more: readonly string[]): Record<string, ClaimOf> {
  const needs = [...RATING, ...more];
  return {
    tcb_status: { item: "cpu", needs, value: ({ found }) => found.dcap.of("rating").status },
    advisories: { item: "cpu", needs, value: ({ found }) => found.dcap.of("rating").advisories },
    tcb_evaluation: { item: ITEM, needs, value: ({ found }) => found.dcap.of("tcbInfo").evaluation },
  };
}

export const CLAIMS = signedClaims({
  quote_version: ({ found }) => found.dcap.of("quote").version,
  fmspc: ({ found }) => toHex(found.dcap.of("pck").fmspc),
  ppid: ({ found }) => toHex(found.dcap.of("pck").ppid),
  pck_sgx_type: ({ found }) => found.dcap.of("pck").type,
  pce_svn: ({ found }) => found.dcap.of("pck").pcesvn,
  cpu_svn: ({ found }) => toHex(found.dcap.of("pck").cpuSvn),
  report_data: ({ found }) => toHex(found.reportData),
  trailing_bytes: ({ found }) => found.dcap.of("quote").trailing,
});
