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

export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [TDX, SGX, SEV_SNP, NITRO, PSA, CCA, SIMULATED, SIM_TPM].map((one) => [one.name, one]),
);
