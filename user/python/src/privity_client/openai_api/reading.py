"""A request's JSON, read strictly: an object, its nulls taken away where the API says that null means absent."""

from collections.abc import Collection, Mapping
from typing import Final

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_JSON_DEPTH

from privity_client.openai_api.errors import ApiError, of_request, refused

Json = dict[str, object]
NOT_SENT: Final = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"})
"""Members that name a person or a program to a provider. They never leave this machine, and the answer says so."""
SERVICE: Final[Mapping[str, Collection[object]]] = {"service_tier": ("auto", "default")}
"""Members with the values that ask for nothing."""


def read_object(data: bytes) -> Json:
    """Return the JSON object in `data`. Raises ApiError."""
    try:
        value = jsontext.decode(data, max_depth=MAX_JSON_DEPTH)
    except Malformed as error:
        raise of_request(error) from None
    if not isinstance(value, dict):
        raise ApiError(400, "The body is not a JSON object.", code="invalid_type")
    return present(value)


def present(value: Json) -> Json:
    """Return the members that are not null."""
    return {name: entry for name, entry in value.items() if entry is not None}


def take_flag(value: Json, name: str, *, default: bool = False, at: str = "") -> bool:
    """Take a boolean out of `value`. Raises ApiError."""
    found = value.pop(name, default)
    if not isinstance(found, bool):
        raise refused(f"{at}{name}", "is not a boolean", code="invalid_type")
    return found


def take_unsent(value: Json) -> tuple[str, ...]:
    """Take out what is never sent; return its names, for the answer to say."""
    return tuple(sorted(name for name in NOT_SENT if value.pop(name, None) is not None))


def drop_neutral(value: Json, neutral: Mapping[str, Collection[object]]) -> None:
    """Take out members whose value asks for what happens anyway; with any other value they stay, to be judged."""
    for name, values in neutral.items():
        # By type too: in Python 0 equals false.
        if name in value and any(type(one) is type(value[name]) and one == value[name] for one in values):
            del value[name]
