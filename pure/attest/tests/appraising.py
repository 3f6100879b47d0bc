"""Appraises a built bundle with everything that a test does not say left as it should be."""

from privity_attest.appraise import appraise
from privity_attest.errors import Refused
from privity_attest.logged import NOTHING_LOGGED, Logged
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.result import Record
from privity_attest.testing.bundle import NOW, default_policy


def appraised(
    data: bytes,
    *,
    now: int = NOW,
    policy: Policy | None = None,
    logged: Logged = NOTHING_LOGGED,
    nonce: bytes | None = None,
    memory: Memory | None = None,
):
    """The appraisal of `data`, or what `appraise` raises."""
    return appraise(
        data, now=now, policy=policy or default_policy(), logged=logged, nonce=nonce, memory=memory or Memory()
    )


def record_of(data: bytes, **given) -> Record:
    """The record, whatever the outcome."""
    try:
        return appraised(data, **given).record
    except Refused as refused:
        return refused.record


def reasons_of(data: bytes, **given) -> tuple[str, ...]:
    """All failures, none when accepted."""
    return record_of(data, **given).reasons
