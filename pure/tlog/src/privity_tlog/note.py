"""Signed notes. Source: C2SP signed-note.

A note is text, a blank line, and signature lines. Signatures of unknown keys are kept and ignored; a signature that
names a known key and fails rejects the whole note.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import keys
from privity_tlog.errors import TlogError
from privity_tlog.keys import Key
from privity_tlog.limits import MAX_NOTE, MAX_SIGNATURE, MAX_SIGNATURES
from privity_tlog.spelling import from_base64, to_base64

_PREFIX: Final = "— "


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, four bytes of key id, and the signature itself."""

    name: str
    key_id: bytes
    signature: bytes

    def is_by(self, key: Key) -> bool:
        """Return whether this line names `key`."""
        return self.name == key.name and self.key_id == key.id


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed, unverified note; `text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def by(self, key: Key) -> tuple[Signature, ...]:
        """Return the signatures that name `key`."""
        return tuple(one for one in self.signatures if one.is_by(key))

    def with_signatures(self, added: Sequence[Signature]) -> "Note":
        """Return the note with further signatures, each line once."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *added))))


def decode(data: bytes) -> Note:
    """Return the note in `data`. Raises TlogError `note_malformed`."""
    if len(data) > MAX_NOTE:
        raise TlogError("note_malformed", "too large")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TlogError("note_malformed", "not UTF-8") from error
    if any(one < " " and one != "\n" for one in whole):
        raise TlogError("note_malformed", "control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise TlogError("note_malformed", "no text, blank line or signature")
    signatures = tuple(_line(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise TlogError("note_malformed", "too many signatures")
    return Note(text + "\n", signatures)


def encode(note: Note) -> bytes:
    """Return the bytes of a note. Raises TlogError `note_malformed`; nothing is written that `decode` refuses."""
    lines = "".join(f"{_PREFIX}{one.name} {to_base64(one.key_id + one.signature)}\n" for one in note.signatures)
    data = f"{note.text}\n{lines}".encode()
    if decode(data) != note:
        raise TlogError("note_malformed", "text")
    return data


def verify(note: Note, key: Key) -> None:
    """Verify the note's signature by `key`, of type 0x01, over its text. Raises TlogError `log_signature`."""
    signatures = note.by(key)
    if not signatures:
        raise TlogError("log_signature", f"no signature by {key.name}")
    if not all(key.verify(note.text.encode(), one.signature) for one in signatures):
        raise TlogError("log_signature", key.name)


def _line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not space or not keys.is_name(name):
        raise TlogError("note_malformed", "signature line")
    data = from_base64(encoded, "note_malformed")
    if not keys.ID < len(data) <= MAX_SIGNATURE:
        raise TlogError("note_malformed", "signature length")
    return Signature(name, data[: keys.ID], data[keys.ID :])
