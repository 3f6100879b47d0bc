"""Tools with `strict`: what a model writes as arguments follows the tool's JSON schema, or the answer is none.

Not every engine can hold a model to a schema, and none says whether it did. So the promise is kept here, where the
arguments come in: a call that breaks its schema is an error instead of a call. A schema that says more than is checked
is refused before anything is sent. `tool_choice` is held to in the same way: a model may know of no tools at all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_JSON_DEPTH

from privity_client.openai_api.errors import SERVER, ApiError, refused
from privity_client.openai_api.reading import Json

MOST_STEPS: Final = 100_000
"""Steps of one check; arguments that take more do not follow their schema."""
MOST_INSIDE: Final = 200
"""Steps inside each other, for a schema's references and for a check."""
Strict = Mapping[str, Json]
"""The schema of each strict tool, by the tool's name."""
_TYPES: Final[dict[str, Callable[[object], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: _number(value),
    "integer": lambda value: _number(value) and float(value).is_integer(),  # type: ignore[arg-type]
}
_WORDS: Final = frozenset({"title", "description", "default", "examples", "deprecated", "format", "$schema"})
"""Keywords that describe and bind nothing; `format` is one of them in JSON Schema too."""
_NAMED: Final = ("properties", "$defs", "definitions")
_LISTED: Final = ("anyOf",)
_BOUNDS: Final[dict[str, Callable[[float, float], bool]]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "minItems": lambda count, bound: count >= bound,
    "maxItems": lambda count, bound: count <= bound,
    "minLength": lambda count, bound: count >= bound,
    "maxLength": lambda count, bound: count <= bound,
}
_OTHERS: Final = frozenset({"type", "required", "enum", "const", "items", "additionalProperties", "$ref"})


def schema_of(parameters: object, at: str) -> Json:
    """Return the schema of a strict tool. Raises ApiError for one that says what is not checked here."""
    schema = {"type": "object", "properties": {}} if parameters is None else parameters
    _judge(schema, schema, at)
    assert isinstance(schema, dict)
    return schema


def check(strict: Strict, name: str, arguments: str) -> None:
    """Raise ApiError 502 when the arguments of a call break the schema of its tool."""
    schema = strict.get(name)
    if schema is None:
        return
    try:
        value = jsontext.decode(arguments.encode("utf-8", "replace"), max_depth=MAX_JSON_DEPTH)
    except Malformed:
        holds = False
    else:
        holds = _Judge(schema).holds(schema, value)
    if not holds:
        words = f"The model called {name} with arguments that break its schema, and strict was asked for."
        raise ApiError(502, words, type=SERVER, code="tool_arguments")


def demanded(choice: object) -> str | None:
    """Return the tool that a request's `tool_choice` demands, empty when any will do; None when it demands none."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else "" if choice == "required" else None


def check_called(name: str | None, called: Iterable[str]) -> None:
    """Raise ApiError 502 when the tool that was demanded is not among those that were called."""
    names = set(called)
    if name is None or name in names or (not name and names):
        return
    words = f"The model did not call {name or 'any tool'}, and tool_choice demanded it; not every model can."
    raise ApiError(502, words, type=SERVER, code="tool_not_called")


def _judge(schema: object, root: object, at: str) -> None:
    if not isinstance(schema, dict):
        raise refused(at, "is not an object", code="invalid_type")
    for name, value in schema.items():
        if name not in _WORDS | _OTHERS | _BOUNDS.keys() and name not in (*_NAMED, *_LISTED):
            raise refused(at, f"has the keyword {name[:64]}, which strict does not check here", code="invalid_value")
        if not _formed(name, value, root):
            raise refused(at, f"has a {name} that strict cannot check here", code="invalid_value")
        for inner in _inner(name, value):
            _judge(inner, root, at)


def _formed(name: str, value: object, root: object) -> bool:
    """Whether a keyword's value has the form that it is checked in."""
    if name in _NAMED:
        return isinstance(value, dict)
    if name in _BOUNDS:
        return _number(value)
    match name:
        case "type":
            kinds = value if isinstance(value, list) else [value]
            return bool(kinds) and all(isinstance(kind, str) and kind in _TYPES for kind in kinds)
        case "required":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case "enum" | "anyOf":
            return isinstance(value, list) and bool(value)
        case "items":
            return isinstance(value, dict)
        case "additionalProperties":
            return isinstance(value, bool | dict)
        case "$ref":
            return isinstance(value, str) and _ends({"$ref": value}, root, frozenset(), set(), 0)
        case _:
            return True


def _inner(name: str, value: object) -> list[object]:
    if name in _NAMED and isinstance(value, dict):
        return list(value.values())
    if name in _LISTED and isinstance(value, list):
        return value
    return [value] if name in ("items", "additionalProperties") and isinstance(value, dict) else []


def _target(reference: object, root: object) -> object:
    """The schema that a reference names: the whole, or one of its definitions; None where there is none."""
    if reference == "#":
        return root
    for place in ("$defs", "definitions"):
        start = f"#/{place}/"
        if isinstance(reference, str) and reference.startswith(start) and isinstance(root, dict):
            named = root.get(place)
            name = reference.removeprefix(start).replace("~1", "/").replace("~0", "~")
            return named.get(name) if isinstance(named, dict) else None
    return None


def _ends(schema: object, root: object, seen: frozenset[str], known: set[str], depth: int) -> bool:
    """Whether no reference of one value leads back to itself, or to nothing: such a one would never be checked."""
    if not isinstance(schema, dict) or depth > MOST_INSIDE:
        return depth <= MOST_INSIDE
    name = schema.get("$ref")
    if name is not None and name not in known:
        target = _target(name, root)
        if name in seen or not isinstance(target, dict) or not _ends(target, root, seen | {name}, known, depth + 1):
            return False
        known.add(name)
    either = schema.get("anyOf")
    return not isinstance(either, list) or all(_ends(one, root, seen, known, depth + 1) for one in either)


class _Judge:
    """Judges one value by a schema, in a bounded number of steps: definitions that branch could take for ever."""

    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = MOST_STEPS

    def holds(self, schema: object, value: object, depth: int = 0) -> bool:
        """Whether the value follows the schema."""
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0 or depth > MOST_INSIDE:
            return schema is True
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) or kinds is None else [kinds]
        return (
            (kinds is None or any(_TYPES[kind](value) for kind in kinds))
            and ("enum" not in schema or any(_same(value, one) for one in schema["enum"]))
            and ("const" not in schema or _same(value, schema["const"]))
            and ("$ref" not in schema or self.holds(_target(schema["$ref"], self._root), value, depth + 1))
            and ("anyOf" not in schema or any(self.holds(one, value, depth + 1) for one in schema["anyOf"]))
            and _bounded(schema, value)
            and self._inside(schema, value, depth + 1)
        )

    def _inside(self, schema: Json, value: object, depth: int) -> bool:
        if isinstance(value, list):
            return all(self.holds(schema.get("items", True), entry, depth) for entry in value)
        if not isinstance(value, dict):
            return True
        named, required = schema.get("properties", {}), schema.get("required", [])
        assert isinstance(named, dict)
        assert isinstance(required, list)
        others = schema.get("additionalProperties", True)
        return all(name in value for name in required) and all(
            self.holds(named.get(name, others), entry, depth) for name, entry in value.items()
        )


def _bounded(schema: Json, value: object) -> bool:
    measured: dict[str, float] = {}
    if isinstance(value, str | list):
        kind = "Length" if isinstance(value, str) else "Items"
        measured = {f"min{kind}": len(value), f"max{kind}": len(value)}
    elif _number(value):
        measured = dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), value)  # type: ignore[arg-type]
    return all(_BOUNDS[name](size, schema[name]) for name, size in measured.items() if name in schema)  # type: ignore[arg-type]


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: object, other: object) -> bool:
    """Equality of JSON values: in Python true equals 1, there it does not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return one == other
