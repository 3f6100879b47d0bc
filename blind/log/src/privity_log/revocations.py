"""Revocations only ever grow, and come weekly even when nothing is revoked: a gap could hide one.

Source: specs/leaves.md.
"""

from typing import Final

from privity_tlog.leaves.revocations import Revocations

LISTS: Final = ("releases", "keys", "platforms")
MOST_AGE: Final = 8 * 86_400  # seconds; clients refuse an older leaf


def shrink(leaf: Revocations, before: Revocations) -> str | None:
    """Return what a revocations leaf lacks that stood in the one before, None when it lacks nothing."""
    for name in LISTS:
        if not set(getattr(before, name)) <= set(getattr(leaf, name)):
            return f"it lists fewer {name} than the one before"
    return None


def late(leaf: Revocations, now: int) -> str | None:
    """Return that the newest revocations leaf is too old at `now` (Unix seconds), None when it is not."""
    return f"none since the one of {leaf.time}" if now - leaf.time > MOST_AGE else None
