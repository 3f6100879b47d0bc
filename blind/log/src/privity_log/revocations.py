"""Revocations only ever grow, and come weekly even when nothing is revoked: a gap could hide one.

Source: specs/leaves.md.
"""

from collections.abc import Mapping
from typing import Any, Final

LISTS: Final = ("releases", "keys", "platforms")
MOST_AGE: Final = 8 * 86_400  # seconds; clients refuse an older leaf


def shrink(leaf: Mapping[str, Any], before: Mapping[str, Any] | None) -> str | None:
    """Return what a revocations leaf lacks that stood in the one before, None when it lacks nothing."""
    for name in LISTS:
        listed = _texts(leaf, name)
        if listed is None:
            return f"no list of {name}"
        if before is not None and not (_texts(before, name) or set()) <= listed:
            return f"it lists fewer {name} than the one before"
    return None


def late(leaf: Mapping[str, Any], now: int) -> str | None:
    """Return that the newest revocations leaf is too old at `now` (Unix seconds), None when it is not."""
    time = leaf.get("time")
    if not isinstance(time, int):
        return "no time"
    return f"none since the one of {time}" if now - time > MOST_AGE else None


def _texts(leaf: Mapping[str, Any], name: str) -> set[str] | None:
    listed = leaf.get(name)
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return None
    return set(listed)
