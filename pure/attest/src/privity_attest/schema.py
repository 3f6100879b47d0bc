"""Closed JSON schemas written as dataclasses: each field says how it is read and whether it may stay unchecked.

Used by the policy: every field is required, unknown fields are refused, and leaving something unchecked is a value
with a reason, `{"unchecked": "reason"}`, never an absence.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

from privity_protocol import canonical
from privity_protocol.errors import Malformed

Read = Callable[[object, str], object]
_KEY_HEADS = (  # SubjectPublicKeyInfo of an uncompressed point, up to the point
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
    bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"),
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unchecked:
    """The policy's author decided against a check and says why."""

    reason: str


def required(read: Read) -> Any:
    """A field that the policy must decide."""
    return field(metadata={"read": read, "unchecked": False})


def may_be_unchecked(read: Read) -> Any:
    """A field for which `{"unchecked": "reason"}` may stand."""
    return field(metadata={"read": read, "unchecked": True})


def section(kind: type[T]) -> Read:
    """Return a reader of the members of dataclass `kind`."""
    return lambda value, what: read_members(kind, value, what)


def read_members(kind: type[T], value: object, what: str) -> T:
    """Return an instance of dataclass `kind` from a JSON object with exactly its fields. Raises Malformed."""
    schema = [one for one in fields(kind) if "read" in one.metadata]  # type: ignore[arg-type]
    values = canonical.members(value, frozenset(one.name for one in schema), what)
    return kind(**{one.name: _read(one, values[one.name], f"{what}.{one.name}") for one in schema})


def _read(one: Field[object], value: object, what: str) -> object:
    if isinstance(value, dict) and value.keys() == {"unchecked"}:
        if not one.metadata["unchecked"]:
            raise Malformed("member_value", f"{what} may not be unchecked")
        return Unchecked(canonical.text(value["unchecked"], what, longest=200))
    return one.metadata["read"](value, what)


def integer(least: int = 0, most: int = canonical.MAX_INTEGER) -> Read:
    """Return a reader of integers from `least` to `most`."""
    return lambda value, what: canonical.integer(value, what, least=least, most=most)


def boolean(value: object, what: str) -> bool:
    """Read true or false."""
    return canonical.boolean(value, what)


def text(longest: int, pattern: str = "[ -~]+") -> Read:
    """Return a reader of text."""
    return lambda value, what: canonical.text(value, what, longest=longest, pattern=pattern)


def one_of(*choices: str) -> Read:
    """Return a reader of one of `choices`."""

    def read(value: object, what: str) -> str:
        found = canonical.text(value, what, longest=64)
        if found not in choices:
            raise Malformed("member_value", what)
        return found

    return read


def digest(*sizes: int) -> Read:
    """Return a reader of lower-case hexadecimal of one of `sizes` bytes."""

    def read(value: object, what: str) -> bytes:
        fitting = [size for size in sizes if isinstance(value, str) and len(value) == 2 * size]
        return canonical.from_hex(value, what, size=(fitting or sizes)[0])

    return read


def elliptic_key(value: object, what: str) -> bytes:
    """Read a SubjectPublicKeyInfo (DER, in hexadecimal) of a key on P-256 or P-384."""
    spki = digest(91, 120)(value, what)
    if not (isinstance(spki, bytes) and spki.startswith(_KEY_HEADS)):
        raise Malformed("member_value", f"{what} is no elliptic key")
    return spki


def list_of(read: Read, most: int = 256) -> Read:
    """Return a reader of lists without repetition, as tuples."""

    def read_list(value: object, what: str) -> tuple[object, ...]:
        entries = tuple(read(entry, what) for entry in canonical.entries(value, what, most=most))
        if _repeats(entries):
            raise Malformed("member_value", f"{what} repeats an entry")
        return entries

    return read_list


def _repeats(entries: tuple[object, ...]) -> bool:
    try:
        return len(set(entries)) != len(entries)
    except TypeError:  # sections with maps inside have no hash; such lists are short
        return any(one in entries[:at] for at, one in enumerate(entries))


def ascending(read: Read, most: int = 256) -> Read:
    """Return a reader of lists whose entries ascend strictly, as tuples: one spelling for one set."""

    def read_ascending(value: object, what: str) -> tuple[object, ...]:
        entries: tuple[Any, ...] = tuple(read(entry, what) for entry in canonical.entries(value, what, most=most))
        if any(second <= first for first, second in pairwise(entries)):
            raise Malformed("member_value", f"{what} not strictly ascending")
        return entries

    return read_ascending


def map_of(read: Read, name: str, most: int = 64) -> Read:
    """Return a reader of objects whose member names match the pattern `name`."""

    def read_map(value: object, what: str) -> Mapping[str, object]:
        if not isinstance(value, dict) or len(value) > most:
            raise Malformed("member_type", f"{what} is not a small object")
        return MappingProxyType(
            {canonical.text(key, what, longest=64, pattern=name): read(one, what) for key, one in value.items()}
        )

    return read_map


def built_in_or(read: Read) -> Read:
    """Return a reader that also takes the text "built_in": what the verifier was built with decides."""
    return lambda value, what: value if value == "built_in" else read(value, what)


def from_release_or(read: Read) -> Read:
    """Return a reader that also takes the text "from_release": the release decides."""
    return lambda value, what: value if value == "from_release" else read(value, what)
