"""The kinds of evidence that this verifier judges, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from privity_attest.cca.table import CCA
from privity_attest.kind import Kind
from privity_attest.nitro.table import NITRO
from privity_attest.psa.table import PSA
from privity_attest.sev_snp.table import SEV_SNP
from privity_attest.sgx.table import SGX
from privity_attest.sim_tpm.table import SIM_TPM
from privity_attest.simulated.table import SIMULATED
from privity_attest.tdx.table import TDX

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {one.name: one for one in (TDX, SGX, SEV_SNP, NITRO, PSA, CCA, SIMULATED, SIM_TPM)}
)
