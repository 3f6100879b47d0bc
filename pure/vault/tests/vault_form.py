"""How a case of the vault is written down: bytes as pieces in one text, long parts named once per file."""

import re
from typing import Any

Case = dict[str, Any]
BYTES = frozenset(
    {
        *("data", "material", "first", "second", "account", "keys", "claims", "trusted", "records", "record"),
        *("box", "object", "key", "body", "hash", "pages", "keyrings", "head", "channel", "secret", "reveal", "answer"),
        *("card", "grant", "link_seed", "device_seed", "answer_nonce", "share", "salt", "plain"),
        *("base", "mine", "theirs", "objects", "ours", "others", "archived"),
    }
)
"""Members of an input that are byte strings, or lists of them, in the file and for the operations."""
LEAST_SHARED = 48
RUN = re.compile(rb"((?s:(?P<one>.)(?P=one){47,}))")
SLICE = re.compile(r"\$(\w+)(?:\[(\d*):(\d*)\])?$")


def case(id_: str, what: str, op: str, expect: Any, **given: Any) -> Case:
    """One case; `expect` is a reason (text), or `...` for whatever the operation gives."""
    return {"id": id_, "what": what, "op": op, "input": given, "expect": expect}


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two strings begin with alike."""
    most = min(len(one), len(other))
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _runs(data: bytes) -> list[str]:
    found = []
    for at, part in enumerate(RUN.split(data)):
        if at % 3 != 2 and part:
            same = len(part) >= LEAST_SHARED and part == part[:1] * len(part)
            found.append(f"{part[:1].hex()}*{len(part)}" if same else part.hex())
    return found


def text_of(data: bytes, blobs: dict[str, bytes]) -> str:
    """`data` as pieces: a blob whole, or the beginning and end of one around what differs."""
    best: tuple[int, str, int, int] = (0, "", 0, 0)
    for name, blob in blobs.items():
        head = _common(data, blob)
        tail = min(_common(data[::-1], blob[::-1]), min(len(data), len(blob)) - head)
        tail = tail if tail >= LEAST_SHARED else 0
        best = max(best, (head + tail, name, head, tail))
    shared, name, head, tail = best
    if shared < LEAST_SHARED:
        return " ".join(_runs(data))
    blob = blobs[name]
    if data == blob:
        return f"${name}"
    parts = [f"${name}[0:{head}]"] if head else []
    parts += _runs(data[head : len(data) - tail])
    return " ".join([*parts, f"${name}[{len(blob) - tail}:]"] if tail else parts)


def bytes_of(text: str, blobs: dict[str, bytes]) -> bytes:
    """The bytes that pieces stand for."""
    return b"".join(_piece(one, blobs) for one in text.split())


def _piece(piece: str, blobs: dict[str, bytes]) -> bytes:
    found = SLICE.match(piece)
    if found:
        name, first, last = found.groups()
        return blobs[name][int(first or 0) : int(last) if last else None]
    unit, _, times = piece.partition("*")
    return bytes.fromhex(unit) * int(times or 1)


def mapped(value: Any, change: Any) -> Any:
    """Apply `change` to every byte string, or text of one, in nested lists."""
    if isinstance(value, list | tuple):
        return [mapped(one, change) for one in value]
    return change(value) if isinstance(value, bytes | str) else value


def given_of(written: dict[str, Any], blobs: dict[str, bytes]) -> dict[str, Any]:
    """The input of a case as its operation takes it."""
    return {
        name: mapped(value, lambda text: bytes_of(text, blobs)) if name in BYTES else value
        for name, value in written.items()
    }


def written_of(given: dict[str, Any], blobs: dict[str, bytes]) -> dict[str, Any]:
    """The input of a case as the file has it."""
    return {
        name: mapped(value, lambda data: text_of(data, blobs)) if name in BYTES else value
        for name, value in given.items()
    }
