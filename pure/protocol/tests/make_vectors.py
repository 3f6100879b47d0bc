"""Writes the vectors of the channel: `python make_vectors.py` from this folder. A test compares what is committed.

Long byte strings that several cases share become blobs of the file, and cases refer to slices of them.
"""

import json
import re
from itertools import combinations
from typing import Any

import vector_chat
import vector_hello
import vector_material as m
import vector_plain
import vector_receipts
import vector_responses
import vector_runs
from shared_vectors import OWN

MAKERS = (vector_hello, vector_runs, vector_responses, vector_plain, vector_chat, vector_receipts)
SMALLEST_BLOB = 400  # hex digits below which a reference is longer to read than the bytes

LONG_RUN = re.compile(rb"(.)\1{63,}", re.DOTALL)

Blobs = dict[str, str]


def hex_strings(value: Any) -> list[str]:
    """Every long hex string below `value`, in order."""
    if isinstance(value, str):
        even = len(value) % 2 == 0 and len(value) >= SMALLEST_BLOB
        return [value] if even and set(value) <= set("0123456789abcdef") else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for child in children for found in hex_strings(child)]


def overlap(one: str, other: str) -> tuple[int, int]:
    """Whole bytes of common beginning and end, in hex digits."""
    start = alike(one, other) & ~1
    rest = min(len(one), len(other)) - start
    return start, min(alike(one[::-1], other[::-1]), rest) & ~1


def alike(one: str, other: str) -> int:
    """Characters that both begin with."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)


def choose_blobs(texts: list[str]) -> Blobs:
    """The strings that others resemble: equal, or with most of a beginning or end in common."""
    chosen: list[str] = []
    for text, later in combinations(texts, 2):
        known = text in chosen or any(sum(overlap(text, blob)) > len(text) // 2 for blob in chosen)
        if not known and sum(overlap(text, later)) >= SMALLEST_BLOB:
            chosen.append(text)
    return {f"b{index}": text for index, text in enumerate(chosen)}


def refer(value: Any, blobs: Blobs) -> Any:
    """`value` with long strings written as references to blobs."""
    if isinstance(value, dict):
        return {name: refer(child, blobs) for name, child in value.items()}
    if isinstance(value, list):
        return [refer(child, blobs) for child in value]
    if not hex_strings(value):
        return value
    candidates = [(*overlap(value, blob), name) for name, blob in blobs.items()]
    start, end, name = max(candidates, key=lambda one: one[0] + one[1], default=(0, 0, ""))
    if start + end < SMALLEST_BLOB:
        pieces = [piece for piece in repeats(value) if piece]
        return value if len(pieces) == 1 and "*" not in pieces[0] else pieces
    size = len(blobs[name])
    if start == size == len(value):
        return f"${name}"
    written = [
        f"${name}[:{start // 2}]" if start else "",
        *repeats(value[start : len(value) - end]),
        f"${name}[{(size - end) // 2}:]" if end else "",
    ]
    return [piece for piece in written if piece]


def repeats(digits: str) -> list[str]:
    """Pieces of hex in which a long run of one byte is `xx*count`."""
    data = bytes.fromhex(digits)
    pieces: list[str] = []
    at = 0
    for run in LONG_RUN.finditer(data):
        pieces += [data[at : run.start()].hex(), f"{run[0][:1].hex()}*{len(run[0])}"]
        at = run.end()
    return [*pieces, data[at:].hex()]


def text_of(spec: str, what: str, cases: list[m.Case]) -> str:
    """The text of one file."""
    blobs = choose_blobs(hex_strings(cases))
    document = {"spec": spec, "what": what, "blobs": blobs, "cases": [refer(one, blobs) for one in cases]}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def all_files() -> dict[str, str]:
    """Path below vectors/ → text."""
    return {
        f"{path}.json": text_of(path.split("/")[0], what, cases)
        for maker in MAKERS
        for path, (what, cases) in maker.files().items()
    }


if __name__ == "__main__":
    for path, text in all_files().items():
        (OWN / path).parent.mkdir(parents=True, exist_ok=True)
        (OWN / path).write_text(text)
