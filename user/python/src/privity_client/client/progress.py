"""What a program is told while it waits: typed events, in order, none of which holds anything that was asked."""

from collections.abc import Callable
from dataclasses import dataclass

from privity_client.commands import Accepted, Complete, Event, Line, Restarted, Resuming, Retrying
from privity_client.nodes import VerifiedNode


@dataclass(frozen=True)
class Verifying:
    """The evidence of `done` of `of` nodes has been judged; some of them may have been refused."""

    done: int
    of: int


@dataclass(frozen=True)
class Sending:
    """A request is being sealed and sent."""


@dataclass(frozen=True)
class Waiting:
    """`node` has taken the request, and has answered nothing yet."""

    node: VerifiedNode


@dataclass(frozen=True)
class Streaming:
    """The first words of the answer are here."""


@dataclass(frozen=True)
class Finished:
    """The end of the answer was authenticated."""


Progress = Verifying | Sending | Waiting | Streaming | Finished | Retrying | Resuming | Restarted
Tell = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Tell nobody."""


class Told:
    """Tells the progress of one answer; one instance for each."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._speaking = False
        tell(Sending())

    def take(self, event: Event) -> None:
        """Say what an event of the channel means."""
        match event:
            case Accepted(node):
                self._tell(Waiting(node))
            case Line():
                if not self._speaking:
                    self._speaking = True
                    self._tell(Streaming())
            case Complete():
                self._tell(Finished())
            case Restarted():
                self._speaking = False
                self._tell(event)
            case Retrying() | Resuming():
                self._tell(event)
