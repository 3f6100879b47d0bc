"""What the keeper says while it runs: JSON lines of a closed list on standard error. Source: specs/keeper.md."""

import json
import sys
from collections.abc import Callable
from typing import Final

EVENTS: Final = frozenset(
    {
        "started",
        "stopped",
        "log_unusable",
        "log_usable",
        "logged",
        "node_unusable",
        "node_refused",
        "endorsed",
        "issuers_refused",
        "posted",
        "not_posted",
        "write_failed",
        "surprise",
    }
)
SUBJECTS: Final = 1024
"""Subjects of which it is known what was said last; of the oldest it may be said again."""


class Events:
    """Writes events; `once` says something about a subject only when it differs from what was said of it before."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._said: dict[str, str] = {}

    def say(self, event: str, detail: str = "") -> None:
        """Write one event."""
        if event not in EVENTS:
            raise AssertionError(event)
        line = json.dumps({"time": self._now(), "event": event, "detail": detail[:500]})
        print(line, file=sys.stderr, flush=True)

    def once(self, subject: str, event: str, detail: str) -> None:
        """Write an event unless it was the last thing said of this subject."""
        if self._said.get(subject) != f"{event} {detail}":
            self._said[subject] = f"{event} {detail}"
            if len(self._said) > SUBJECTS:  # a node that lies may announce new keys for ever
                self._said.pop(next(iter(self._said)))
            self.say(event, detail)

    def over(self, subject: str, event: str = "") -> None:
        """Forget what was said of a subject; where something was, say that it is over."""
        if self._said.pop(subject, None) is not None and event:
            self.say(event, subject)
