"""Responses that a program may build upon: in the memory of the proxy, never on a node, never on a disk.

Trusted: yes. Altered: not by others. Lost, when the proxy ends or too much is kept: the program is told so by name.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_protocol import jsontext

from privity_client.openai_api.reading import Json

MOST: Final = 1_000
MOST_BYTES: Final = 64 * 2**20
"""Responses and bytes; beyond either the oldest is forgotten."""


@dataclass(frozen=True, repr=False)
class _Kept:
    messages: tuple[Json, ...]
    told: Json
    size: int


class KeptResponses:
    """Responses by id, for all programs that hold the key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def keep(self, id: str, messages: Sequence[Json], told: Json) -> None:
        """Keep a complete response and all that was said until then."""
        size = len(jsontext.encode([list(messages), told]))
        self._kept[id] = _Kept(tuple(messages), told, size)
        self._size += size
        while len(self._kept) > MOST or self._size > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size

    def messages(self, id: str) -> Sequence[Json] | None:
        """Return all that was said up to and with this response, None when it is not kept."""
        found = self._kept.get(id)
        return None if found is None else found.messages

    def told(self, id: str) -> Json | None:
        """Return the response as it was told, None when it is not kept."""
        found = self._kept.get(id)
        return None if found is None else found.told

    def forget(self, id: str) -> bool:
        """Forget a response; return whether it was there."""
        found = self._kept.pop(id, None)
        self._size -= 0 if found is None else found.size
        return found is not None
