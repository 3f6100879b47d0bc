"""Closed schemas of contents: which members there are, in which order, and what each may be. Source: specs/contents.md.

A content is a map {1: version, 2: first member, 3: second member, ...}. A rule reads one member; what it returns is
written back as the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from itertools import pairwise
from typing import Any, ClassVar, Final, Generic, TypeVar

from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed
from privity_protocol.stored import members as m

from privity_vault.clock import MAX_MILLIS, Stamp
from privity_vault.errors import VaultError, reading
from privity_vault.secret import Secret

T = TypeVar("T")
Rule = Callable[[Value, str], Any]
"""Reads the member of this name. Raises Malformed `member_type`, `member_value`."""


class Kind(IntEnum):
    """The kind of an object, as its frame names it."""

    CHAT = 1
    NODE = 2
    FOLDER = 3
    ATTACHMENT = 4
    CHUNK = 5
    SETTINGS = 6
    MEMORY = 7
    WALLET = 8
    RECEIPT = 9
    EVIDENCE = 10
    SHARE = 11
    PROMPT = 12
    VIEW = 13


@dataclass(frozen=True, slots=True, repr=False)
class Private:
    """Something whose members nobody may see by accident, in a log or an error."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<private>)"


@dataclass(frozen=True, slots=True, repr=False)
class Content(Private):
    """What one object holds. Its members are those of its schema, in their order."""


@dataclass(frozen=True, slots=True, repr=False)
class Part(Private):
    """One row of a list whose rows are of several types; `TAG` is its first member."""

    TAG: ClassVar[int]


@dataclass(frozen=True, slots=True, repr=False)
class Field(Private, Generic[T]):
    """A value that the last writer wins, and when it was written."""

    value: T
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Schema:
    """The members of one kind."""

    kind: Kind
    type: type[Content]
    rules: tuple[Rule, ...]
    check: Callable[[Any], None] | None = None
    """What members must be to each other. Raises Malformed."""

    def read(self, value: Value) -> Content:
        """Return the content that `value` is. Raises VaultError `object.malformed`."""
        with reading("object.malformed"):
            version, *members = m.of_map(value, 1 + len(self.rules))
            m.version(version)
            named = zip(self.rules, members, fields(self.type), strict=True)
            content = self.type(*(rule(member, one.name) for rule, member, one in named))
            if self.check is not None:
                self.check(content)
            return content

    def write(self, content: Content) -> Value:
        """Return the value that reads as `content`. Raises VaultError `object.malformed` for what nobody would read."""
        members = (plain(getattr(content, one.name)) for one in fields(content))
        value: Value = {1: 1, **dict(enumerate(members, 2))}
        try:
            self.read(value)
        except UnicodeEncodeError:
            raise VaultError("object.malformed", "half of a character") from None
        return value


def plain(value: Any) -> Value:
    """Return a member as CBOR has it."""
    match value:
        case Field():
            stamp = value.stamp
            return [plain(value.value), stamp.millis, stamp.counter, stamp.device]
        case Part():
            return [value.TAG, *(plain(getattr(value, one.name)) for one in fields(value))]
        case Secret():
            return value.reveal()
        case tuple():
            return [plain(one) for one in value]
        case None | bool() | int() | bytes() | str():
            return int(value) if isinstance(value, IntEnum) else value
    raise VaultError("object.malformed", f"a member of type {type(value).__name__}")


def text(most: int, least: int = 0) -> Rule:
    """Text of `least` to `most` UTF-8 bytes."""

    def read(value: Value, name: str) -> str:
        found = m.text(value, name, most)
        if len(found.encode()) < least:
            raise Malformed("member_value", f"{name}: empty")
        return found

    return read


def octets(least: int, most: int | None = None) -> Rule:
    """A byte string of `least` bytes, or of `least` to `most`."""
    return lambda value, name: m.bounded(value, name, least, least if most is None else most)


ID: Final = octets(16)
HASH: Final = octets(32)


def number(most: int, least: int = 0) -> Rule:
    """An integer from `least` to `most`."""
    return lambda value, name: m.number(value, name, least, most)


TIME: Final = number(MAX_MILLIS)


def flag(value: Value, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Malformed("member_type", name)
    return value


def choice(of: type[IntEnum]) -> Rule:
    """One member of an enumeration, by its number."""
    return lambda value, name: of(m.number(value, name, min(of), max(of)))


def nullable(rule: Rule) -> Rule:
    """Null, or what `rule` reads."""
    return lambda value, name: None if value is None else rule(value, name)


def secret(of: type[Secret]) -> Rule:
    """Key material."""
    return lambda value, name: of(m.octets(value, name, of.SIZE))


def rows(rule: Rule, most: int, least: int = 0) -> Rule:
    """A list of `least` to `most` members that `rule` reads."""
    return lambda value, name: tuple(rule(one, name) for one in m.listed(value, name, most, least))


def row(*rules: Rule) -> Rule:
    """A list of exactly these members."""

    def read(value: Value, name: str) -> tuple[Any, ...]:
        found = m.row(value, name, len(rules))
        return tuple(rule(one, name) for rule, one in zip(rules, found, strict=True))

    return read


def rising(rule: Rule) -> Rule:
    """A list of rows whose first members rise, so that none occurs twice."""

    def read(value: Value, name: str) -> tuple[tuple[Any, ...], ...]:
        found: tuple[tuple[Any, ...], ...] = rule(value, name)
        if any(before[0] >= after[0] for before, after in pairwise(found)):
            raise Malformed("member_value", f"{name}: not in rising order")
        return found

    return read


def union(types: Mapping[type[Part], tuple[Rule, ...]]) -> Rule:
    """A row whose first member says which type the rest is of."""
    tagged = {known.TAG: known for known in types}

    def read(value: Value, name: str) -> Part:
        tag, *members = m.listed(value, name, 8, 1)
        known = tagged[m.number(tag, name, 0, max(tagged))]
        found: tuple[Any, ...] = row(*types[known])(members, name)
        return known(*found)

    return read


def lww(rule: Rule) -> Rule:
    """A field: [value, millis, counter, device]."""

    def read(value: Value, name: str) -> Field[Any]:
        inner, millis, counter, device = m.row(value, name, 4)
        stamp = Stamp(TIME(millis, name), m.number(counter, name), m.octets(device, name, 16))
        return Field(rule(inner, name), stamp)

    return read
