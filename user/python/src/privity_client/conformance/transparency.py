"""Judges the folder `tlog`: Merkle proofs, a signed note, and a witness's conversation as far as a client can.

Of the conversation each head is judged: whether the log signed it and whether it continues the one before. Not judged:
that a witness answers, its words, and that it knows other logs.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from privity_tlog import checkpoint, keys, merkle, note, view
from privity_tlog.errors import TlogError
from privity_tlog.keys import NOTE_ED25519, Key
from privity_tlog.view import View

from privity_client.conformance.cases import Case, Judge

Fields = dict[str, Any]
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
"""SHA-256 of nothing, in base64."""


def _word(step: Callable[[], object]) -> str:
    try:
        step()
    except TlogError:
        return "refused"
    return "accepted"


def _decoded(value: str | None) -> bytes:
    return b64decode(value or "")


def _path(case: Fields) -> list[bytes]:
    return [_decoded(one) for one in case["proof"] or []]


def inclusion(document: Any) -> Iterator[Case]:
    """Cases of merkle-inclusion.json."""
    for case in document:
        leaf, root = _decoded(case["leafHash"]), _decoded(case["root"])
        step = partial(merkle.verify_inclusion, leaf, case["leafIdx"], case["treeSize"], _path(case), root)
        yield case["file"], "refused" if case["wantErr"] else "accepted", partial(_word, step)


def consistency(document: Any) -> Iterator[Case]:
    """Cases of merkle-consistency.json."""
    for case in document:
        roots = _decoded(case["root1"]), _decoded(case["root2"])
        step = partial(merkle.verify_consistency, case["size1"], case["size2"], _path(case), *roots)
        yield case["file"], _due(case), partial(_word, step)


def _due(case: Fields) -> str:
    """From size 0 the file refuses everything; here the true root of no leaf is accepted (specs/tiles.md)."""
    begins = case["size1"] == 0 and case["root1"] == EMPTY and not case["proof"]
    grows = case["size2"] > 0 or case["root2"] == EMPTY
    return "accepted" if (begins and grows) or not case["wantErr"] else "refused"


def signed_note(document: Any) -> Iterator[Case]:
    """The example of signed-note-example.json, and the same signature over another text."""

    def verified(text: str) -> None:
        note.verify(note.decode(text.encode()), keys.decode(document["vkey"]))

    due = "accepted" if document["valid"] else "refused"
    yield "as it is", due, partial(_word, partial(verified, document["note"]))
    yield "with another text", "refused", partial(_word, partial(verified, f"x{document['note']}"))


def conversation(document: Any) -> Iterator[Case]:
    """The requests of witness-add-checkpoint.json, in their order."""
    key = Key(document["log_origin"], NOTE_ED25519, bytes.fromhex(document["log_ed25519_public_key_hex"]))
    known: list[View] = []
    for index, request in enumerate(document["ordered_requests"]):
        due = "accepted" if request["status"] == 200 else "refused"
        step = partial(_witnessed, request["body"], known, key)
        yield f"request {index}, status {request['status']}", due, partial(_word, step)


def _witnessed(body: str, known: list[View], key: Key) -> None:
    """Judge one request after those before it; `known` holds what was believed last."""
    lines, _, signed = body.partition("\n\n")
    old, *path = lines.split("\n")
    read = note.decode(signed.encode())
    note.verify(read, key)
    before = known[-1] if known else None
    if old != f"old {before.head.size if before else 0}":
        raise TlogError("consistency", "another size is known")
    new = View(checkpoint.decode(read.text), signed.encode())
    known[:] = [view.advance(before, new, [_decoded(one) for one in path])]


JUDGES: dict[str, Judge] = {
    "tlog/merkle-inclusion.json": inclusion,
    "tlog/merkle-consistency.json": consistency,
    "tlog/signed-note-example.json": signed_note,
    "tlog/witness-add-checkpoint.json": conversation,
}
