"""Where the newest leaves stand, so that an entry offered again gets the place that it has.

Kept in memory and bounded: an entry older than the newest 65,536 leaves is logged a second time, which harms nobody.
Rebuilt from the log's own tiles at every start, so it cannot contradict them.
"""

from collections.abc import Iterable

from privity_log.limits import MAX_REMEMBERED


class Repetition:
    """Leaf hash to first index, of the newest leaves."""

    def __init__(self, leaves: Iterable[bytes], first: int, *, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._places: dict[bytes, int] = {}
        self.add(leaves, first)

    def place(self, leaf: bytes) -> int | None:
        """Return the index of a leaf, None when it is not among the newest."""
        return self._places.get(leaf)

    def add(self, leaves: Iterable[bytes], first: int) -> None:
        """Remember leaves that stand from index `first` on; the oldest are forgotten."""
        for index, leaf in enumerate(leaves, first):
            self._places.setdefault(leaf, index)
        surplus = len(self._places) - self._most
        if surplus > 0:
            for leaf in list(self._places)[:surplus]:
                del self._places[leaf]
