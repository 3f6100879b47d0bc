"""The client picks the node: at random, by published weight, and never because a server said so.

Source: specs/ec1.md (client verification, step 8).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Entropy = Callable[[int], bytes]


class Weighted(Protocol):
    """Anything with a directory weight from 1 to 8."""

    @property
    def weight(self) -> int: ...


T = TypeVar("T", bound=Weighted)


def choose(candidates: Sequence[T], *, entropy: Entropy) -> T:
    """Return one candidate with probability proportional to its weight. `candidates` must not be empty."""
    total = sum(candidate.weight for candidate in candidates)
    ticket = below(total, entropy=entropy)
    for candidate in candidates:
        ticket -= candidate.weight
        if ticket < 0:
            return candidate
    raise AssertionError("the ticket is below the total")


def below(limit: int, *, entropy: Entropy) -> int:
    """Return a uniform integer in [0, limit) from 8 random bytes; draws again in the biased tail."""
    bound = 2**64 - 2**64 % limit
    while True:
        drawn = int.from_bytes(entropy(8), "big")
        if drawn < bound:
            return drawn % limit
