"""What a leaf must be before an operator logs it: a monitor would report it otherwise, and clients might refuse it.

Source: specs/leaves.md.
"""

from collections.abc import Callable, Mapping
from typing import Final

from privity_attest import release
from privity_attest.release import Release
from privity_protocol.errors import Malformed
from privity_tlog.leaves import fleet, issuers, reading, revocations, trust, web

from privity_image.errors import Failed
from privity_image.keeper.ledger import Side
from privity_image.keeper.upkeep import SKEW, is_simulated

DAY: Final = 86_400
EMERGENCY: Final = "emergency"
RELEASE: Final = "release"
FIRST: Final = (trust.KIND, fleet.KIND, revocations.KIND)
"""Logged before the first release."""
_DATED: Final[Mapping[str, Callable[[bytes], fleet.Fleet | trust.Trust | revocations.Revocations]]] = {
    fleet.KIND: fleet.decode,
    trust.KIND: trust.decode,
    revocations.KIND: revocations.decode,
}
_OTHERS: Final[Mapping[str, Callable[[bytes], object]]] = {web.KIND: web.decode, issuers.KIND: issuers.decode}


def check(leaf: bytes, side: Side, now: int) -> None:
    """Hold a leaf to the rules of its kind, after what the log holds. Raises Failed `leaf`."""
    try:
        kind = reading.kind_of(leaf)
        if kind == RELEASE:
            check_release(release.decode(leaf), side, now)
        elif kind in _DATED:
            _check_dated(kind, leaf, side, now)
        elif kind in _OTHERS:
            _OTHERS[kind](leaf)
        else:
            raise Failed("leaf", f"a leaf of the kind {kind!r} is not logged by hand")
    except Malformed as error:
        raise Failed("leaf", str(error)) from error


def check_release(read: Release, side: Side, now: int) -> None:
    """Hold a release to what must stand before it, and to when it may begin. Raises Failed `leaf`."""
    missing = [kind for kind in FIRST if kind not in side.newest]
    if missing:
        raise Failed("leaf", f"before the first release log: {', '.join(missing)}")
    early = read.not_before < now + DAY - SKEW
    if early and EMERGENCY not in read.flags and not is_simulated(read):
        raise Failed("leaf", "it may begin less than 24 hours after it is logged: prepare it anew, or as an emergency")


def _check_dated(kind: str, leaf: bytes, side: Side, now: int) -> None:
    read = _DATED[kind](leaf)
    entry = side.newest.get(kind)
    before = None if entry is None else _DATED[kind](entry.leaf)
    if read.time > now + SKEW:
        raise Failed("leaf", f"its time {read.time} lies {read.time - now} s ahead")
    if before is not None and read.time < before.time:
        raise Failed("leaf", f"its time {read.time} is before that of the older one")
    if isinstance(read, revocations.Revocations) and isinstance(before, revocations.Revocations):
        for name in ("releases", "keys", "platforms"):
            if not set(getattr(before, name)) <= set(getattr(read, name)):
                raise Failed("leaf", f"it lists fewer {name} than the revocations before it")
