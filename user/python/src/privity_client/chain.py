"""The place of one conversation in the channel: its node, its next session, and when both end.

Source: specs/ec1.md, section "Chaining". Parallel conversations have separate chains.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol.limits import CHAIN_RUNS, CHAIN_SECONDS
from privity_protocol.session import Session

from privity_client.nodes import VerifiedNode

MARGIN: Final = 5
"""Seconds before a session's end from which it is no longer used: it could run out on the way."""


@dataclass
class _Held:
    node: VerifiedNode
    session: Session
    began: int
    expires: int


class Chain:
    """Holds at most one unused session. Not shared between conversations."""

    def __init__(self) -> None:
        self._held: _Held | None = None

    @property
    def node(self) -> VerifiedNode | None:
        """The node of the held session."""
        return self._held.node if self._held else None

    def start(self, node: VerifiedNode, session: Session, *, now: int) -> None:
        """Hold the session of a fresh HELLO."""
        self._held = _Held(node, session, now, now + session.ttl)

    def take(self, model: str, *, now: int) -> tuple[VerifiedNode, Session, int] | None:
        """Give the held session away, with the time its chain began; None when a new HELLO is due."""
        held, self._held = self._held, None
        if held is None or held.session.position >= CHAIN_RUNS or not held.node.offers(model):
            return None
        last = min(held.expires, held.began + CHAIN_SECONDS, held.node.expires, held.node.valid_until)
        return (held.node, held.session, held.began) if now < last - MARGIN else None

    def renew(self, node: VerifiedNode, session: Session, *, began: int, now: int) -> None:
        """Hold the session that a complete response named, in the chain that began at `began`."""
        self._held = _Held(node, session, began, now + session.ttl)

    def drop(self) -> None:
        """Forget the session."""
        self._held = None
