"""Contents as JSON that people can read: names for members, hexadecimal for bytes, no stamps. Source: specs/export.md.

What is read is held to the schema of its kind, so that an archive brings in nothing that no device could write.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final, TypeVar

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_vault.clock import NEVER
from privity_vault.contents import kinds
from privity_vault.contents.chat import Attached, Chat, Node, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.home import Folder, Memory, Prompt, Settings, Theme
from privity_vault.contents.proof import Evidence, Receipt
from privity_vault.contents.schema import Content, Field, Part
from privity_vault.errors import VaultError, reading

C = TypeVar("C", bound=Content)
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Form:
    write: Callable[[Any], object]
    read: Callable[[object], Any]


def _same(value: Any) -> Any:
    return value


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def unhex(value: object) -> bytes | None:
    """Bytes of lower-case hexadecimal, or null. Raises Malformed `member_type`, `member_value`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed("member_type", "not text")
    return canonical.from_hex(value, "bytes", size=len(value) // 2)


def _named(of: type[IntEnum]) -> _Form:
    names = {one.name.lower(): one for one in of}

    def read(value: object) -> IntEnum:
        if not isinstance(value, str) or value not in names:
            raise Malformed("member_value", "no such name")
        return names[value]

    return _Form(lambda value: value.name.lower(), read)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed("member_type", "not a list")
    return value


_PLAIN: Final = _Form(_same, _same)
_BYTES: Final = _Form(_hex, unhex)
_ROW: Final = _Form(
    lambda value: None if value is None else list(value), lambda value: None if value is None else tuple(_list(value))
)
_ROWS: Final = _Form(
    lambda value: [list(one) for one in value], lambda value: tuple(tuple(_list(one)) for one in _list(value))
)
_PARTS_BY_NAME: Final[Mapping[str, type[Part]]] = {
    "text": Text,
    "reasoning": Reasoning,
    "attachment": Attached,
    "tool_call": ToolCall,
    "tool_result": ToolResult,
}
_NAMES: Final = {known: name for name, known in _PARTS_BY_NAME.items()}


def _write_part(part: Part) -> Json:
    found: Json = {"type": _NAMES[type(part)]}
    return found | {one.name: _part_form(one.name).write(getattr(part, one.name)) for one in fields(part)}


def _read_part(value: object) -> Part:
    known = _PARTS_BY_NAME.get(str(value.get("type"))) if isinstance(value, dict) else None
    if known is None:
        raise Malformed("member_value", "a part of an unknown type")
    names = [one.name for one in fields(known)]
    members = canonical.members(value, frozenset({"type", *names}), "part")
    return known(*(_part_form(name).read(members[name]) for name in names))


def _part_form(name: str) -> _Form:
    return _BYTES if name == "attachment" else _PLAIN


_PARTS: Final = _Form(
    lambda value: [_write_part(one) for one in value], lambda value: tuple(_read_part(one) for one in _list(value))
)
_SPECIAL: Final[Mapping[type[Content], Mapping[str, _Form]]] = {
    Chat: {"folder": _BYTES, "leaf": _BYTES},
    Node: {
        "parent": _BYTES,
        "role": _named(Role),
        "parts": _PARTS,
        "model": _BYTES,
        "usage": _ROW,
        "state": _named(State),
    },
    Folder: {},
    Settings: {"theme": _named(Theme), "consents": _ROWS},
    Memory: {"source": _BYTES, "embedding": _BYTES},
    Prompt: {},
    Receipt: {"node": _BYTES, "receipt": _BYTES, "franking": _BYTES, "evidence": _BYTES, "position": _ROW},
    Evidence: {"document": _BYTES, "bundle": _BYTES, "appraisal": _BYTES},
}
"""Members that are not written as they are."""
_FIELDS: Final = frozenset({Chat, Folder, Settings, Memory, Prompt})
"""Kinds whose members are fields; an archive has their values only."""
_OMITTED: Final = frozenset({"chat"})


def write(content: Content) -> Json:
    """Return the members of a content by name, those left out that the archive says elsewhere."""
    special = _SPECIAL[type(content)]
    found: Json = {}
    for one in fields(content):
        if one.name not in _OMITTED:
            value = getattr(content, one.name)
            form = special.get(one.name, _PLAIN)
            found[one.name] = form.write(value.value if isinstance(value, Field) else value)
    return found


def read(of: type[C], value: object, **given: Any) -> C:
    """Return the content with these members and `given` ones, fields with the stamp of what nobody wrote.

    Raises VaultError `export.malformed`.
    """
    special = _SPECIAL[of]
    names = [one.name for one in fields(of) if one.name not in given]
    with reading("export.malformed"):
        members = canonical.members(value, frozenset(names), of.__name__)
        values = {name: special.get(name, _PLAIN).read(members[name]) for name in names}
    made = {name: Field(one, NEVER) for name, one in values.items()} if of in _FIELDS else values
    content = of(**made, **given)
    try:
        kinds.encode(content)
    except VaultError as error:
        raise VaultError("export.malformed", error.detail) from error
    return content
