"""The runtime log: what the enclave measured into its runtime register before it served. Source: specs/simulated.md.

An event is u32 length, tag, u32 length, payload, big-endian; the register starts as 48 zero bytes and is extended by
the SHA-384 of the encoded event.
"""

from dataclasses import dataclass
from hashlib import sha384
from typing import Final

CONFIGURATION: Final = "privity/configuration"
MODELS: Final = "privity/models"
CLOSED: Final = "privity/closed"
MAX_EVENTS: Final = 64


class EventLogError(Exception):
    """The bytes are not a runtime log; the only error of this module."""


@dataclass(frozen=True, slots=True)
class Event:
    """One measured event; `encoded` are its bytes in the log."""

    tag: str
    payload: bytes
    encoded: bytes


def decode(data: bytes) -> tuple[Event, ...]:
    """Return the events of a runtime log, every byte consumed. Raises EventLogError."""
    events: list[Event] = []
    position = 0
    while position < len(data):
        tag, middle = _field(data, position)
        payload, end = _field(data, middle)
        if len(events) == MAX_EVENTS or not tag.isascii():
            raise EventLogError("too many events, or a tag that is not ASCII")
        events.append(Event(tag.decode("ascii"), payload, data[position:end]))
        position = end
    return tuple(events)


def replay(events: tuple[Event, ...]) -> bytes:
    """Return the 48 bytes of the runtime register after `events`."""
    register = bytes(48)
    for event in events:
        register = sha384(register + sha384(event.encoded).digest()).digest()
    return register


def _field(data: bytes, position: int) -> tuple[bytes, int]:
    start = position + 4
    end = start + int.from_bytes(data[position:start])
    if start > len(data) or end > len(data):
        raise EventLogError("truncated")
    return data[start:end], end
