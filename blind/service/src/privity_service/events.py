"""What the blind service may write down: a closed list of events, each with a closed list of fields.

No event belongs to one request, and no field can hold an address, a header, a key id or a body: traffic appears
only as counts per minute. Source: specs/relay.md, section "Logs".
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

EVENTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "started": frozenset({"nodes"}),
        "stopping": frozenset({"streams"}),
        "stopped": frozenset(),
        "node_listed": frozenset({"node", "windows"}),
        "node_refused": frozenset({"node", "reason"}),
        "node_dropped": frozenset({"node", "reason"}),
        "published": frozenset({"nodes"}),
        "published_refused": frozenset({"reason"}),
        "state_unwritable": frozenset({"reason"}),
        "state_writable": frozenset(),
        "counts": frozenset({"hello", "run", "challenge", "ohttp", "public", "refused", "unreachable", "cut", "gone"}),
        "accounts_ready": frozenset(),
        "accounts_unavailable": frozenset({"reason"}),
        "internal_error": frozenset({"kind"}),
    }
)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")

Sink = Callable[[str], object]


def line(event: str, fields: Mapping[str, int | str]) -> str:
    """Return the JSON line of `event`. Raises AssertionError for an event or field that is not listed."""
    if event not in EVENTS or not fields.keys() <= EVENTS[event]:
        raise AssertionError(f"unlisted event {event}")
    if any(isinstance(value, str) and not _WORD.fullmatch(value) for value in fields.values()):
        raise AssertionError(f"free text in event {event}")
    return json.dumps({"event": event, **fields}, separators=(",", ":"))


class Events:
    """Writes events to a sink, standard error by default."""

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink: Sink = sink or _to_standard_error

    def emit(self, event: str, **fields: int | str) -> None:
        """Write one event of the closed list. Raises AssertionError for anything else."""
        self._sink(line(event, fields))


def _to_standard_error(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
