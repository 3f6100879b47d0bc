"""Appraises a built bundle of a vendor's kind with everything that a test does not say left as it should be."""

from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import Logged
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.result import Record
from privity_attest.testing.bundle import NOW


def record_of(data: bytes, *, policy: Policy, logged: Logged, now: int = NOW, memory: Memory | None = None) -> Record:
    """The record, whatever the outcome."""
    try:
        return appraise(data, now=now, policy=policy, logged=logged, nonce=None, memory=memory or Memory()).record
    except Refused as refused:
        return refused.record


def slug(title: str) -> str:
    """A title as part of a test's name: patches name tests, separated by spaces."""
    return title.replace(" ", "-")
