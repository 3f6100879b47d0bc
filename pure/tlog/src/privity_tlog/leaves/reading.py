"""What all leaves have in common: canonical JSON, closed, with `v` and `t`, no larger than an entry of a log."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_tlog.limits import MAX_ENTRY

T = TypeVar("T")
DIGEST = 32  # bytes


def leaf(data: bytes, kind: str, names: frozenset[str]) -> dict[str, object]:
    """Return the members of a leaf of `kind` in version 1 with exactly `names` beside `v` and `t`. Raises Malformed."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_ENTRY), names | {"v", "t"}, kind)
    canonical.integer(value["v"], "v", least=1, most=1)
    if value["t"] != kind:
        raise Malformed("member_value", "t")
    return value


def encode(kind: str, members: dict[str, object]) -> bytes:
    """Return the canonical JSON of a leaf, which its kind reads once before it leaves. Raises Malformed."""
    return canonical.encode({**members, "v": 1, "t": kind})


def kind_of(data: bytes) -> str:
    """Return the `t` of any leaf, also of a kind that nobody here knows. Raises Malformed."""
    value = canonical.decode(data, max_bytes=MAX_ENTRY)
    if not isinstance(value, dict) or "t" not in value:
        raise Malformed("missing_member", "t")
    return canonical.text(value["t"], "t", longest=32, pattern="[a-z][a-z0-9-]*")


def digests(value: object, what: str, *, most: int = 1024) -> tuple[bytes, ...]:
    """Return strictly ascending SHA-256 digests in hex. Raises Malformed."""
    found = canonical.entries(value, what, most=most)
    return ascending(tuple(canonical.from_hex(one, what, size=DIGEST) for one in found), what)


def listed(value: object, what: str, read: Callable[[object], T], *, most: int) -> tuple[T, ...]:
    """Return a list, each entry as `read` gives it. Raises Malformed."""
    return tuple(read(one) for one in canonical.entries(value, what, most=most))


def ascending(entries: tuple[T, ...], what: str, key: Callable[[T], object] = lambda one: one) -> tuple[T, ...]:
    """Return `entries` if their keys ascend strictly: one set has one spelling. Raises Malformed."""
    keys: Sequence[object] = [key(one) for one in entries]
    if any(second <= first for first, second in pairwise(keys)):  # type: ignore[operator]
        raise Malformed("member_value", f"{what} not strictly ascending")
    return entries
