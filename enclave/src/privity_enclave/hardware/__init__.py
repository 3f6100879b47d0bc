"""What vouches for this process: the one place that touches devices. `Hardware` is what all kinds offer."""

from collections.abc import Mapping
from typing import Protocol

from privity_protocol.platform import Platform

Items = Mapping[str, tuple[str, bytes]]
"""Bundle items: label to (media type without prefix, bytes)."""


class HardwareFailed(Exception):
    """The device answered with an error, or with something that must not be published."""


class Hardware(Protocol):
    """A platform that signs evidence. Methods block; call them in a thread when others wait."""

    @property
    def platform(self) -> Platform:
        """Kind and hashed identifier, as the node document states them."""

    @property
    def has_register(self) -> bool:
        """Whether there is a runtime register to extend."""

    def extend(self, event: bytes) -> None:
        """Extend the runtime register by the hash of `event` that the register is made of. Raises HardwareFailed."""

    def close(self) -> None:
        """Nothing is extended any more: lock the register where the hardware can. Raises HardwareFailed."""

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu`, a fresh statement over the 64 bytes `report_data`, and the boot log where there is one.

        Raises HardwareFailed.
        """
