"""Who may use which slot of an engine, and who waits. Pure state.

Source: specs/models.md, section "Slots". A slot remembers the tokens of its last chat. They may be reused by the owner
who put them there and by nobody else: an answer that starts faster tells what someone else wrote.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

WAITING: Final = 256  # requests in line for one model; each holds its prompt in memory
WAITING_PER_OWNER: Final = 4  # of them of one session chain, so that no chain can fill the line
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lease:
    """The use of one slot until it is released; `reuse` says that what it remembers is the owner's own."""

    slot: int
    reuse: bool


class LineFull(Exception):
    """The line, or the owner's share of it, is full."""


class Slots(Generic[T]):
    """`count` slots and a first-come first-served line of tickets (any hashable values of the caller) for them."""

    def __init__(self, count: int, *, waiting: int = WAITING, waiting_per_owner: int = WAITING_PER_OWNER) -> None:
        self._waiting = waiting
        self._waiting_per_owner = waiting_per_owner
        # Least recently used first.
        self._free: OrderedDict[int, bytes | None] = OrderedDict((slot, None) for slot in range(count))
        self._busy: dict[int, bytes] = {}
        self._line: OrderedDict[T, bytes] = OrderedDict()

    def ask(self, owner: bytes, ticket: T) -> Lease | None:
        """Return a lease, or None when `ticket` now waits in line. Raises LineFull."""
        # A free slot while others wait would mean a lost turn; `release` hands slots over, so there is none.
        if self._free:
            return self._lease(owner)
        own = sum(1 for waiting in self._line.values() if waiting == owner)
        if len(self._line) >= self._waiting or own >= self._waiting_per_owner:
            raise LineFull
        self._line[ticket] = owner
        return None

    def leave(self, ticket: T) -> None:
        """Give up waiting; nothing happens when the ticket is not in line."""
        self._line.pop(ticket, None)

    def release(self, lease: Lease) -> tuple[T, Lease] | None:
        """End a lease; return the ticket whose turn it is, with its lease. Raises KeyError for one that has ended."""
        self._free[lease.slot] = self._busy.pop(lease.slot)
        if not self._line:
            return None
        ticket, owner = self._line.popitem(last=False)
        return ticket, self._lease(owner)

    def _lease(self, owner: bytes) -> Lease:
        own = [slot for slot, remembered in self._free.items() if remembered == owner]
        slot = own[-1] if own else next(iter(self._free))
        del self._free[slot]
        self._busy[slot] = owner
        return Lease(slot, reuse=bool(own))
