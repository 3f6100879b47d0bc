/** The kinds of evidence that this verifier judges, by name. */

import { CCA } from "./cca/table.ts";
import { type Kind } from "./kind.ts";
import { NITRO } from "./nitro/table.ts";
import { PSA } from "./psa/table.ts";
import { SEV_SNP } from "./sev_snp/table.ts";
import { SGX } from "./sgx/table.ts";
import { SIM_TPM } from "./sim_tpm/table.ts";
import { SIMULATED } from "./simulated/table.ts";
import { TDX } from "./tdx/table.ts";

/** Set by the bundler of a release (its `define`), which leaves imitations of hardware out; it exists nowhere else. */
declare const PRIVITY_RELEASE: true | undefined;
const IMITATIONS = typeof PRIVITY_RELEASE === "undefined" ? [SIMULATED, SIM_TPM] : [];

export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [TDX, SGX, SEV_SNP, NITRO, PSA, CCA, ...IMITATIONS].map((one) => [one.name, one]),
);
