"""Whole bundles from files: what a second implementation must say of them."""

import json
import re

import pytest
from appraising import record_of
from make_appraisal_vectors import FILE, made
from privity_attest import policy
from privity_attest.logged import without_log

CONTENT = json.loads(FILE.read_text())


def joined(value) -> bytes:
    """The bytes of a piece or a list of pieces."""
    if isinstance(value, list):
        return b"".join(joined(piece) for piece in value)
    if not value.startswith("$"):
        return bytes.fromhex(value)
    name, start, end = re.fullmatch(r"\$(\w+)(?:\[(\d*):(\d*)\])?", value).groups()
    blob = bytes.fromhex(CONTENT["blobs"][name])
    return blob[int(start or 0) : int(end or len(blob))]


def optional(value) -> bytes | None:
    return None if value is None else joined(value)


@pytest.mark.parametrize("one", CONTENT["cases"], ids=lambda one: one["id"])
def test_a_case_gives_what_it_expects(one) -> None:
    given, expect = one["input"], one["expect"]
    record = record_of(
        joined(given["data"]),
        policy=policy.decode(joined(given["policy"])),
        now=given["now"],
        nonce=optional(given["nonce"]),
        logged=without_log(optional(given["traffic_key"])),
    )
    if "ok" in expect:
        assert expect["ok"] == {"outcome": record.outcome, "valid_until": record.valid_until}
    else:
        assert list(record.reasons) == expect["reasons"]
        assert expect["error"] == record.reasons[0]


def test_the_file_is_what_the_script_writes() -> None:
    assert FILE.read_text() == made(), "run make_appraisal_vectors.py"
