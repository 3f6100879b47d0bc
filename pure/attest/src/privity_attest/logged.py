"""What the client has proved elsewhere and hands to the appraisal as one typed value.

The client proves policy, release, revocations, directory and anchor against the log and checks the endorsement; the
outcomes, failures included, come here. Nothing is assumed: each must be given.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NotProved:
    """Nothing was proved, and why: the check is then `blocked_by` this text, which refuses."""

    text: str


Proof = tuple[str, ...] | NotProved
"""Failures as reasons of the check; none when it was proved."""
PROVED: Final[Proof] = ()


@dataclass(frozen=True, slots=True)
class Logged:
    """`traffic_key` is the `pk` of the node document that traffic uses: required when a challenge is appraised."""

    traffic_key: bytes | None
    policy: Proof
    release: Proof
    endorsement: Proof
    directory: Proof
    anchor: Proof


_NO_LOG: Final = NotProved("log")


def without_log(traffic_key: bytes | None = None) -> Logged:
    """Return what a client without a log has: nothing proved. Only the simulated kind is accepted so."""
    return Logged(traffic_key, _NO_LOG, _NO_LOG, _NO_LOG, _NO_LOG, _NO_LOG)


NOTHING_LOGGED: Final = without_log()
