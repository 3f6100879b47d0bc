"""What the client has proved elsewhere and hands to the appraisal as one typed value.

The proofs of policy, release, revocations, fleet, directory and anchor join it when the log exists; until then the
checks that need them are `not_applicable:simulated` for the simulated kind and missing, hence refused, for any other.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Logged:
    """`traffic_key` is the `pk` of the node document that traffic uses: required when a challenge is appraised."""

    traffic_key: bytes | None


NOTHING_LOGGED: Final = Logged(traffic_key=None)
