"""CBOR of which every value has one encoding (RFC 8949 section 4.2.1), read strictly; `cbor_writer` writes it.

Source: specs/cbor.md. No floats, no indefinite lengths, no duplicate or unordered keys, no simple values besides false,
true and null, integers below 2^53 in absolute value, bounded depth and count.
"""

from typing import Final

from privity_protocol.cbor_writer import Key, Tag, Value, bounded, encode
from privity_protocol.errors import Malformed

__all__ = ["Key", "Tag", "Value", "decode", "encode"]

MAX_DEPTH: Final = 16  # nested arrays, maps and tags; attested formats need 6
MAX_ITEMS: Final = 4096  # data items in one document, bounds memory before content is looked at
_SIMPLE: Final = {20: False, 21: True, 22: None}
_UNCOUNTED: Final = -1
_BREAK: Final = b"\xff"


def decode(
    data: bytes,
    *,
    max_depth: int = MAX_DEPTH,
    max_items: int = MAX_ITEMS,
    any_order: bool = False,
    indefinite: bool = False,
) -> Value:
    """Return the one value that `data` encodes; every byte is consumed.

    `any_order` is for documents of vendors, who do not sort their keys; a key that occurs twice is refused either way.
    `indefinite` is for those who do not count arrays and maps either; strings of indefinite length stay refused.

    Raises Malformed: `truncated`, `trailing_data`, `not_minimal`, `unsupported_item`, `integer_range`, `key_order`,
    `too_deep`, `too_many`.
    """
    reader = _Reader(data, max_items, any_order, indefinite)
    value = reader.item(max_depth)
    if reader.position != len(data):
        raise Malformed("trailing_data", f"{len(data) - reader.position} bytes after the value")
    return value


class _Reader:
    def __init__(self, data: bytes, max_items: int, any_order: bool, indefinite: bool) -> None:
        self.data = data
        self.any_order = any_order
        self.indefinite = indefinite
        self.position = 0
        self.left = max_items

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise Malformed("truncated", f"at byte {self.position}")
        part = self.data[self.position : end]
        self.position = end
        return part

    def head(self) -> tuple[int, int]:
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if major == 7:
            if low not in _SIMPLE:
                raise Malformed("unsupported_item", f"major 7 value {low}")
            return major, low
        if low < 24:
            return major, low
        if low == 31 and major in (4, 5) and self.indefinite:
            return major, _UNCOUNTED
        if low > 27:
            raise Malformed("unsupported_item", f"length {low}")
        size = 1 << (low - 24)
        argument = int.from_bytes(self.take(size))
        if argument < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24]:
            raise Malformed("not_minimal", f"at byte {self.position - size - 1}")
        return major, argument

    def item(self, depth: int) -> Value:
        self.left -= 1
        if self.left < 0:
            raise Malformed("too_many", "data items")
        major, argument = self.head()
        if major >= 4 and major != 7 and depth == 0:
            raise Malformed("too_deep", "nesting")
        match major:
            case 0 | 1:
                return bounded(argument if major == 0 else -1 - argument)
            case 2:
                return self.take(argument)
            case 3:
                return self.text(argument)
            case 4:
                return self.array(argument, depth)
            case 5:
                return self.map(argument, depth)
            case 6:
                return Tag(bounded(argument), self.item(depth - 1))
            case _:
                return _SIMPLE[argument]

    def text(self, size: int) -> str:
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("unsupported_item", "text is not UTF-8") from error

    def goes_on(self, count: int, read: int) -> bool:
        """Return whether another entry follows; the break of an array or map without a count is consumed."""
        if count != _UNCOUNTED:
            return read < count
        ended = self.data[self.position : self.position + 1] == _BREAK
        self.position += ended
        return not ended

    def array(self, count: int, depth: int) -> list[Value]:
        result: list[Value] = []
        while self.goes_on(count, len(result)):
            result.append(self.item(depth - 1))
        return result

    def map(self, count: int, depth: int) -> dict[Key, Value]:
        result: dict[Key, Value] = {}
        before = b""
        while self.goes_on(count, len(result)):
            start = self.position
            key = self.item(depth - 1)
            if isinstance(key, bool) or not isinstance(key, int | bytes | str):
                raise Malformed("unsupported_item", "map key")
            encoded = self.data[start : self.position]
            if key in result or (encoded <= before and not self.any_order):
                raise Malformed("key_order", f"at byte {start}")
            before = encoded
            result[key] = self.item(depth - 1)
        return result
