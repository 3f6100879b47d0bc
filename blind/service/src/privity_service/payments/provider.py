"""What a payment provider does for us, and what it tells us. Source: specs/payments.md."""

from dataclasses import dataclass
from typing import Protocol


class Unavailable(Exception):
    """The provider did not answer, or refused; nothing is known to have happened."""


class NotGenuine(Exception):
    """An event that the provider did not sign, or signed too long ago."""


class EventMalformed(Exception):
    """A signed event of another shape than the provider documents."""


@dataclass(frozen=True, slots=True)
class Order:
    """A plan that somebody wants to pay for, month by month. `reference` is 32 hexadecimal digits."""

    reference: str
    title: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody agreed to pay."""

    reference: str
    subscription: str


@dataclass(frozen=True, slots=True)
class Paid:
    """An invoice was paid: it alone gives time."""

    reference: str
    subscription: str
    invoice: str
    amount: int
    currency: str
    days: int


@dataclass(frozen=True, slots=True)
class Returned:
    """An invoice was paid back in full: it alone takes time."""

    invoice: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nobody will pay for it any more; what was paid stays."""

    reference: str


Happening = Begun | Paid | Returned | Ended


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and what it means for us; None is nothing."""

    id: str
    happening: Happening | None


class Payments(Protocol):
    """A payment provider."""

    def checkout(self, order: Order) -> str:
        """The address where somebody pays; for the same order the same. Raises Unavailable."""
        ...

    def heard(self, body: bytes, signature: str) -> Event:
        """An event that was sent to us. Raises NotGenuine, EventMalformed, Unavailable."""
        ...

    def cancel(self, subscription: str) -> None:
        """Let it not be paid for again; one that has ended is left as it is. Raises Unavailable."""
        ...
