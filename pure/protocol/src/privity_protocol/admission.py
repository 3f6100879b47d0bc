"""What relay and node answer to a request that they do not admit, and what a client may do about it.

Source: specs/admission.md; the list is in `outer_error`, which is all of this that a node loads. These answers are
unauthenticated hints: a status, an empty body. They never relax anything.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from privity_protocol.limits import MAX_TRIES
from privity_protocol.outer_error import OuterError

__all__ = ["REACTIONS", "OuterError", "Reaction", "from_status", "reactions"]


class Reaction(Enum):
    """The closed list of what a client may do after an outer error."""

    NEW_HELLO = "new_hello"  # same node, new session
    OTHER_NODE = "other_node"  # another node that has been verified
    GIVE_UP = "give_up"


REACTIONS: Final[Mapping[OuterError, frozenset[Reaction]]] = MappingProxyType(
    {
        OuterError.MALFORMED: frozenset({Reaction.NEW_HELLO, Reaction.OTHER_NODE}),
        OuterError.UNKNOWN_SESSION: frozenset({Reaction.NEW_HELLO, Reaction.OTHER_NODE}),
        OuterError.UNKNOWN_KEY: frozenset({Reaction.OTHER_NODE}),
        OuterError.TOO_LARGE: frozenset({Reaction.GIVE_UP}),
        OuterError.SLOW_DOWN: frozenset({Reaction.NEW_HELLO, Reaction.OTHER_NODE}),
        OuterError.BUSY: frozenset({Reaction.NEW_HELLO, Reaction.OTHER_NODE}),
    }
)


def from_status(status: int) -> OuterError:
    """Return the outer error of an HTTP status other than 200; an unlisted one counts as busy."""
    try:
        return OuterError(status)
    except ValueError:
        return OuterError.BUSY


def reactions(error: OuterError, *, sent: int) -> frozenset[Reaction]:
    """Return what is allowed after `error` when the request has been sent `sent` times."""
    return REACTIONS[error] if sent < MAX_TRIES else frozenset({Reaction.GIVE_UP})
