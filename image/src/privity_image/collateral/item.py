"""What a fetch yields: one bundle item with every date that ends its usefulness."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """Something in an item that holds from `since` until `until`, both Unix seconds; `what` names it for people."""

    what: str
    since: int
    until: int

    @property
    def half(self) -> int:
        """The middle: from then on an operator is warned, while the item is still good."""
        return self.since + (self.until - self.since) // 2


@dataclass(frozen=True, slots=True)
class Item:
    """One bundle item (specs/evidence.md names the label) and its periods; `notes` are facts an operator must hear."""

    label: str
    data: bytes
    periods: tuple[Period, ...]
    notes: tuple[str, ...] = ()
