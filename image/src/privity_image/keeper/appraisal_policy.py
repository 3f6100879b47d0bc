"""Appraisal policies that an operator logs: the verifier's defaults for one deployment. Source: specs/policy.md."""

from collections.abc import Sequence
from typing import Any, Final

from privity_attest import policy
from privity_attest.defaults import default_document
from privity_attest.policy import Policy
from privity_protocol import canonical

LIFE: Final = 30 * 86_400
"""Seconds; the verifier admits ninety days at most."""
DATES: Final = ("issued_at", "expires_at", "version")


def document(*, deploy: str, roots: Sequence[bytes], version: int, now: int) -> bytes:
    """Return the default policy of deployment `deploy` from `now` on.

    Simulated nodes are accepted only under `roots`, each the SHA-256 of a development root's public key.
    """
    made = default_document(now=now, deployment=deploy, allow_simulated=bool(roots), roots=roots)
    data = canonical.encode({**made, "name": deploy, "version": version, "expires_at": now + LIFE})
    policy.decode(data)
    return data


def is_half_over(known: Policy, now: int) -> bool:
    """Return whether half of a policy's life has passed, or its beginning has not come."""
    return not known.issued_at <= now < (known.issued_at + known.expires_at) // 2


def same_but_dates(first: bytes, second: bytes) -> bool:
    """Return whether two documents say the same, whenever they were issued."""
    return _undated(first) == _undated(second)


def _undated(data: bytes) -> dict[str, Any]:
    value = canonical.decode(data, max_bytes=policy.MAX_POLICY)
    assert isinstance(value, dict)
    return {name: one for name, one in value.items() if name not in DATES}
