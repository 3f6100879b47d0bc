"""What the client proved with the log, as checks: policy, release, endorsement, directory, anchor; and the fleet."""

from collections.abc import Callable, Mapping
from typing import Final

from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.logged import Logged, NotProved, Proof


def _from(proof: Callable[[Logged], Proof]) -> Run:
    def proved(case: Case) -> Finding:
        outcome = proof(case.logged)
        return NotChecked(f"blocked_by:{outcome.text}") if isinstance(outcome, NotProved) else outcome

    return proved


def platform_listed(case: Case) -> Finding:
    """The machine is one of the operator's, by the logged fleet entry."""
    return fails(case.platform_id not in case.policy.fleet.platforms, "platform_not_listed")


CHECKS: Final[Mapping[str, Run]] = {
    "policy_signature": _from(lambda logged: logged.policy),
    "release_logged": _from(lambda logged: logged.release),
    "endorsement": _from(lambda logged: logged.endorsement),
    "directory": _from(lambda logged: logged.directory),
    "anchor": _from(lambda logged: logged.anchor),
    "platform_listed": platform_listed,
}
