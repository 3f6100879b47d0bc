"""What a fetch yields: one bundle item with every date that ends its usefulness."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["signed", "certificate", "policy"]


@dataclass(frozen=True, slots=True)
class Period:
    """Something in an item that holds from `since` until `until`, both Unix seconds; `what` names it for people.

    Kind `signed` is data that its vendor issues anew, `certificate` one of the keys behind it, and `policy` an age that
    clients allow although the vendor would allow more.
    """

    what: str
    since: int
    until: int
    kind: Kind = "signed"

    @property
    def half(self) -> int:
        """The middle: from then on an operator is warned, while the item is still good."""
        return self.since + (self.until - self.since) // 2


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the collateral folder with its periods; `notes` are facts that an operator must hear.

    `label` is the bundle label (specs/evidence.md) or, for a reference manifest, its place in the folder.
    """

    label: str
    data: bytes
    periods: tuple[Period, ...]
    notes: tuple[str, ...] = ()
