"""What was said in one chat, in the memory of this process only, and what is attached to a message."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from privity_client.errors import ClientError

MAX_FILE: Final = 262_144
"""Bytes of one attached file."""
MAX_ATTACHED: Final = 1_048_576
"""Bytes of all files attached to one message."""
MAX_TEXT: Final = 4_194_304
"""Bytes of one message read from a pipe."""

State = Literal["complete", "stopped", "partial"]


@dataclass(frozen=True)
class Turn:
    """One message. An answer that is not complete says so wherever it is shown."""

    role: Literal["user", "assistant"]
    text: str
    state: State = "complete"


@dataclass(frozen=True)
class Attachment:
    """A text file that travels inside a message."""

    name: str
    text: str


@dataclass
class Conversation:
    """System text and turns. Nothing of it is written to disk."""

    system: str = ""
    turns: list[Turn] = field(default_factory=list)

    def messages(self, text: str) -> list[dict[str, str]]:
        """Return the messages of a request that asks `text` after everything said so far."""
        opening = [{"role": "system", "content": self.system}] if self.system else []
        said = [{"role": turn.role, "content": turn.text} for turn in self.turns if turn.text]
        return [*opening, *said, {"role": "user", "content": text}]

    def add(self, asked: str, answered: str, state: State) -> None:
        """Note a question and its answer; an unanswered question is not kept here but handed back as a draft."""
        self.turns += [Turn("user", asked), Turn("assistant", answered, state)]

    def clear(self) -> None:
        """Begin anew."""
        self.turns.clear()


def compose(text: str, attachments: list[Attachment]) -> str:
    """Return the message with its files in front, each between named marks."""
    files = [f"[File: {item.name}]\n{item.text.rstrip()}\n[End of file: {item.name}]" for item in attachments]
    return "\n\n".join([*files, text])


def read_attachments(paths: list[Path]) -> list[Attachment]:
    """Return the files as text.

    Raises ClientError `file_unreadable`, `file_too_large`, `file_not_text`, each naming the file.
    """
    attachments, total = [], 0
    for path in paths:
        data = read_bytes(path, MAX_FILE)
        total += len(data)
        if total > MAX_ATTACHED:
            raise ClientError("file_too_large", f"{path.name}: together more than {MAX_ATTACHED} bytes")
        attachments.append(Attachment(path.name, as_text(data, path.name)))
    return attachments


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes. Raises as `read_attachments`."""
    try:
        if not path.is_file():
            raise ClientError("file_unreadable", f"{path}: not a file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ClientError("file_unreadable", f"{path}: {error.strerror}") from error
    if len(data) > limit:
        raise ClientError("file_too_large", f"{path.name}: more than {limit} bytes")
    return data


def as_text(data: bytes, name: str) -> str:
    """Return UTF-8 `data` as text, without a byte order mark. Raises ClientError `file_not_text`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClientError("file_not_text", f"{name}: byte {error.start} is not UTF-8") from error
    if "\0" in text:
        raise ClientError("file_not_text", f"{name}: it holds zero bytes")
    return text
