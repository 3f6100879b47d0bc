"""Whole bundles of SEV-SNP and Nitro from files: what a second implementation must say of them."""

import json
import re

import pytest
from make_vendor_vectors import ATTACKS, FOLDER, made
from privity_attest import memory
from privity_attest.policy import decode
from privity_attest.testing.node import EVERYTHING_PROVED
from vendor_appraisal import record_of

FILES = {kind: json.loads((FOLDER / f"{kind}.json").read_text()) for kind in ATTACKS}


def joined(pieces, blobs) -> bytes:
    """The bytes of a list of pieces."""
    return b"".join(one["text"].encode() if isinstance(one, dict) else sliced(one, blobs) for one in pieces)


def sliced(piece: str, blobs) -> bytes:
    name, start, end = re.fullmatch(r"\$(\w+)\[(\d+):(\d+)\]", piece).groups()
    return bytes.fromhex(blobs[name])[int(start) : int(end)]


@pytest.mark.parametrize(
    ("kind", "one"), [pytest.param(kind, one, id=one["id"]) for kind, file in FILES.items() for one in file["cases"]]
)
def test_a_case_gives_what_it_expects(kind, one) -> None:
    given, expect, blobs = one["input"], one["expect"], FILES[kind]["blobs"]
    remembered = bytes.fromhex(given["memory"]) if "memory" in given else None
    record = record_of(
        joined(given["data"], blobs),
        policy=decode(joined(given["policy"], blobs)),
        now=given["now"],
        logged=EVERYTHING_PROVED,
        memory=None if remembered is None else memory.decode(remembered),
    )
    if "ok" in expect:
        assert expect["ok"] == {"outcome": record.outcome, "valid_until": record.valid_until}
    else:
        assert list(record.reasons) == expect["reasons"]
        assert expect["error"] == record.reasons[0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ATTACKS)
def test_the_file_is_what_the_script_writes(kind) -> None:
    assert (FOLDER / f"{kind}.json").read_text() == made(kind), "run make_vendor_vectors.py"
