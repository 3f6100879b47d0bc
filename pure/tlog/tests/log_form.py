"""How a case is written down: bytes as hex, with long parts that several cases share named once per file."""

import re
from typing import Any

Case = dict[str, Any]
BYTES = frozenset({"data", "policy", "entry"})
"""Members of an input that are byte strings, in the file and for the operations."""

LEAST_RUN = 48
RUNS = re.compile(rb"((?s:(?P<one>.)(?P=one){47,}))")


def case(id_: str, what: str, op: str, expect: Any, **given: Any) -> Case:
    """One case; `expect` is a reason (text), or `...` for whatever the operation gives."""
    return {"id": id_, "what": what, "op": op, "input": given, "expect": expect}


def pieces(data: bytes, blobs: dict[str, bytes]) -> list[str]:
    """`data` as hex, bytes that are repeated, and names of the blobs that occur in it, the longest first."""
    for name, blob in sorted(blobs.items(), key=lambda one: -len(one[1])):
        before, found, after = data.partition(blob)
        if found:
            return [*pieces(before, blobs), f"${name}", *pieces(after, blobs)]
    found = []
    # Of a match, `split` gives the run and then its one byte.
    for part in (one for at, one in enumerate(RUNS.split(data)) if at % 3 != 2):
        repeated = len(part) >= LEAST_RUN and part == part[:1] * len(part)
        found.append(f"{part[:1].hex()}*{len(part)}" if repeated else part.hex())
    return [one for one in found if one]


def joined(value: Any, blobs: dict[str, bytes]) -> bytes:
    """The bytes that pieces stand for."""
    if isinstance(value, list):
        return b"".join(joined(one, blobs) for one in value)
    if value.startswith("$"):
        return blobs[value[1:]]
    unit, _, times = value.partition("*")
    return bytes.fromhex(unit) * int(times or 1)


def given_of(written: dict[str, Any], blobs: dict[str, bytes]) -> dict[str, Any]:
    """The input of a case as its operation takes it."""
    return {name: joined(value, blobs) if name in BYTES else value for name, value in written.items()}


def text_of(data: bytes, blobs: dict[str, bytes]) -> Any:
    """One piece, or a list of pieces."""
    found = pieces(data, blobs)
    return found[0] if len(found) == 1 else found
