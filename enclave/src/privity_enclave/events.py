"""What a node says about itself: a closed list of events with typed fields, as JSON lines on standard error.

Source: specs/node-http.md, section "Events". No field takes free text, so that no prompt, key or address reaches a log
by mistake. The logging module is switched off: libraries put requests and addresses into its messages.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Literal

import msgspec

Refusal = Literal["malformed", "unknown_session", "unknown_key", "too_large", "slow_down", "busy", "too_slow"]
Route = Literal["hello", "run", "challenge", "bundle"]
Outcome = Literal["complete", "error", "disconnected", "slow_reader", "cut"]


class Event(msgspec.Struct, frozen=True, tag_field="event"):
    """Base of all events; a field is an integer, a Literal or a place in our own code."""


class Started(Event, frozen=True, tag="started"):
    """The node serves."""

    models: int


class KeyBegun(Event, frozen=True, tag="key_begun"):
    """A node key and its evidence are published until `exp`."""

    exp: int


class KeyDestroyed(Event, frozen=True, tag="key_destroyed"):
    """A node key is gone."""

    exp: int


class KeyLate(Event, frozen=True, tag="key_late"):
    """A new key or its evidence failed; it is tried again while the old key lives."""

    fault: str


class Refused(Event, frozen=True, tag="refused"):
    """A message was refused before it was understood."""

    route: Route
    why: Refusal


class Answered(Event, frozen=True, tag="answered"):
    """A response ended. Lengths and times are not told: they follow the content."""

    outcome: Outcome


class Draining(Event, frozen=True, tag="draining"):
    """New work is refused, running answers finish."""

    answers: int


class EngineRestarted(Event, frozen=True, tag="engine_restarted"):
    """An engine process had died; the next one answers. `starts` counts all of this boot."""

    starts: int


class EngineDown(Event, frozen=True, tag="engine_down"):
    """An engine stays down until the node is restarted."""

    why: Literal["too_many_crashes", "not_usable"]


class ViewConflict(Event, frozen=True, tag="view_conflict"):
    """A client holds another head of the log than this node's anchor of the same size: one of the two was lied to."""

    size: int


class LedgerFailed(Event, frozen=True, tag="ledger_failed"):
    """The ledger does not answer, or not as it should: no request that costs tokens is answered."""

    why: Literal["unavailable", "refused"]


class Fault(Event, frozen=True, tag="fault"):
    """Our own code failed; only the class of the exception and the place, because messages may quote input."""

    fault: str


def write(event: Event) -> None:
    """Write one line. A closed or full standard error loses the event, never the answer that caused it."""
    try:
        sys.stderr.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stderr.buffer.flush()
    except (OSError, ValueError):
        return


def place(error: BaseException) -> str:
    """Return "Class module:line" for the innermost frame of `error`, without its message."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return type(error).__name__
    frame, line = frames[-1]
    return f"{type(error).__name__} {frame.f_globals.get('__name__', '?')}:{line}"


def silence() -> None:
    """Switch off everything in this process that prints what it was given: logging, tracebacks, warnings."""
    logging.disable(logging.CRITICAL)
    logging.lastResort = None
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda unraisable: write(Fault(type(unraisable.exc_value).__name__))


def _uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    write(Fault(place(error)))


def loop_fault(_loop: object, context: dict[str, object]) -> None:
    """Exception handler for the event loop, in place of one that logs the message and the task."""
    error = context.get("exception")
    write(Fault(place(error) if isinstance(error, BaseException) else "loop"))
