"""The closed list of reasons for which something of a log is not believed, and the one error that carries them.

Source: specs/log-reasons.md; a test compares the two lists, and those of TypeScript.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from privity_protocol.errors import PrivityError

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "form": (
            "note_malformed",
            "key_malformed",
            "checkpoint_malformed",
            "cosignature_malformed",
            "proof_malformed",
            "policy_malformed",
            "tile_malformed",
            "log_too_large",
        ),
        "log": ("log_unknown", "log_signature"),
        "witness": ("witness_signature", "witness_quorum"),
        "tree": ("inclusion", "consistency"),
        "bulletin": ("leaf_missing", "leaf_repeated", "appraisal_policy"),
        "view": ("checkpoint_rollback", "split_view", "leaf_rolled_back"),
        "age": ("checkpoint_stale", "checkpoint_from_the_future"),
    }
)
REASONS: Final = frozenset(reason for group in GROUPS.values() for reason in group)


class TlogError(PrivityError):
    """Something of a log does not hold: `reason` is of the closed list, `detail` names the line, key or number."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        Exception.__init__(self, f"{reason}: {detail}" if detail else reason)
