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


BUILT_AT: Final = 1_795_219_200  # 2026-11-21T00:00:00Z; a device clock behind the build cannot judge dates


@dataclass(frozen=True, slots=True)
class Logged:
    """`traffic_key` is the `pk` of the node document that traffic uses: required when a challenge is appraised.

    `earliest` (Unix seconds) is the earliest time at which this client may judge: that of its build, or 0 where a
    person asks what saved evidence was worth at a time of their own choice.
    """

    traffic_key: bytes | None
    policy: Proof
    release: Proof
    endorsement: Proof
    directory: Proof
    anchor: Proof
    earliest: int = BUILT_AT

    @property
    def knows_a_log(self) -> bool:
        """Return whether anything was held against a log: then no kind is excused from it."""
        named = (self.policy, self.release, self.endorsement, self.directory, self.anchor)
        return any(not isinstance(one, NotProved) for one in named)


_NO_LOG: Final = NotProved("log")


def without_log(traffic_key: bytes | None = None, *, earliest: int = BUILT_AT) -> Logged:
    """Return what a client without a log has: nothing proved. Only the simulated kind is accepted so."""
    return Logged(traffic_key, _NO_LOG, _NO_LOG, _NO_LOG, _NO_LOG, _NO_LOG, earliest)


NOTHING_LOGGED: Final = without_log()
