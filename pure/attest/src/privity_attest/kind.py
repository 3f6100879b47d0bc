"""What a kind of evidence brings: its checks, the functions that make them, its claims, and the items it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import Check, genuine_names
from privity_attest.policy import Policy
from privity_attest.result import ClaimValue

Labels = Callable[[Policy], frozenset[str]]
ALWAYS: Final = frozenset({"node-document", "cpu", "configuration", "models", "release"})
"""Items of every bundle."""
LOGGED: Final = ALWAYS | {"release-proof", "endorsement"}
"""Items of every bundle that is held against the log; of simulated kinds only where the client knows one."""
PROOFS: Final = LOGGED - ALWAYS


@dataclass(frozen=True, slots=True)
class ClaimOf:
    """A claim: the item it comes from, the checks that vouch for it, and its value."""

    item: str
    needs: frozenset[str]
    value: Callable[[Case], ClaimValue]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `checks` of stages 2 to 9 in order, `run` by check name, `labels` that a policy demands or admits.

    `run` may replace a common check of the same name where the kind's evidence differs.
    """

    name: str
    checks: tuple[Check, ...]
    run: Mapping[str, Run]
    claims: Mapping[str, ClaimOf]
    required: Labels
    optional: Labels

    @property
    def genuine(self) -> tuple[str, ...]:
        """Return the names of the checks that decide whether the CPU evidence is genuine."""
        return genuine_names(self.checks)
