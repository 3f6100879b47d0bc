"""The kinds of evidence that this verifier judges, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from privity_attest.kind import Kind
from privity_attest.nitro.table import NITRO
from privity_attest.sev_snp.table import SEV_SNP
from privity_attest.simulated.table import SIMULATED

KINDS: Final[Mapping[str, Kind]] = MappingProxyType({one.name: one for one in (SEV_SNP, NITRO, SIMULATED)})
