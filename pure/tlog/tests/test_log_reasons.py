"""The closed list compared with its specification, and the public examples of the log's formats."""

import json
import re
from pathlib import Path

import pytest
from privity_tlog import checkpoint, keys, note, view
from privity_tlog.errors import GROUPS, TlogError
from privity_tlog.keys import NOTE_ED25519, Key
from privity_tlog.spelling import from_base64
from privity_tlog.view import View
from test_merkle import SHARED, shared

SPEC = Path(__file__).resolve().parents[3] / "specs/log-reasons.md"


def test_code_and_specification_list_the_same_reasons_in_the_same_order() -> None:
    rows = re.findall(r"^\| ([a-z]+) \| (`.+?`) \|", SPEC.read_text(), re.MULTILINE)
    assert {group: tuple(re.findall("`([a-z_]+)`", codes)) for group, codes in rows} == dict(GROUPS)
    assert [group for group, _ in rows] == list(GROUPS)


def test_an_undocumented_reason_cannot_leave() -> None:
    with pytest.raises(AssertionError):
        TlogError("another")
    assert (str(TlogError("inclusion")), str(TlogError("inclusion", "root"))) == ("inclusion", "inclusion: root")


@shared
def test_the_public_example_of_a_note() -> None:
    example = json.loads((SHARED / "signed-note-example.json").read_text())
    key, signed = keys.decode(example["vkey"]), note.decode(example["note"].encode())
    note.verify(signed, key)
    assert note.encode(signed).decode() == example["note"]
    with pytest.raises(TlogError, match="log_signature"):
        note.verify(note.decode(example["note"].replace("example m", "example M").encode()), key)


@shared
def test_the_public_conversation_with_a_witness() -> None:
    """What the bodies carry, judged without a witness: signatures of the log, and that one head continues another."""
    told = json.loads((SHARED / "witness-add-checkpoint.json").read_text())
    key = Key(told["log_origin"], NOTE_ED25519, bytes.fromhex(told["log_ed25519_public_key_hex"]))
    known, statuses = None, []
    for request in told["ordered_requests"]:
        status, known = _witnessed(request["body"], known, key)
        statuses.append(status)
    assert statuses == [request["status"] for request in told["ordered_requests"]]


def _witnessed(body: str, known: View | None, key: Key) -> tuple[int, View | None]:
    """The status that is due, and what is known after it."""
    lines, _, signed = body.partition("\n\n")
    old, *path = lines.split("\n")
    try:
        read = note.decode(signed.encode())
        note.verify(read, key)
    except TlogError:
        return 403, known
    if known is not None and old != f"old {known.head.size}":
        return 409, known
    new = View(checkpoint.decode(read.text), signed.encode())
    try:
        return 200, view.advance(known, new, [from_base64(one, "proof_malformed") for one in path])
    except TlogError as error:
        return {"consistency": 422}[error.reason], known
