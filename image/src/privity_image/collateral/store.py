"""The folder beside the bundle: one file per item, and `state.json` with the dates. Public data, atomic writes.

A file is replaced as a whole or not at all, the state after it: a crash between the two is seen by the file's digest.
If the folder is altered, clients refuse the evidence; if it is lost, the next run fetches everything; if it is rolled
back, dates and the clients' memory show it.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

from privity_image.collateral.item import Item, Period
from privity_image.errors import Failed

STATE: Final = "state.json"
MAX_STATE: Final = 1024 * 1024
_PART: Final = ".part"
_KINDS: Final = ("signed", "certificate", "policy")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one file: digest and time of what is stored (empty and 0 if nothing), and of the last try."""

    sha256: str = ""
    stored_at: int = 0
    periods: tuple[Period, ...] = ()
    notes: tuple[str, ...] = ()
    tried_at: int = 0
    failure: str | None = None


@dataclass(slots=True)
class Folder:
    """The collateral folder; `entries` is its state as of the last read or write."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    def load(self) -> None:
        """Read the state; without one everything counts as missing. Raises Failed `store`."""
        try:
            data = (self.path / STATE).read_bytes()
            self.entries = _entries(data)
        except FileNotFoundError:
            self.entries = {}
        except (OSError, Malformed) as error:
            raise Failed("store", f"{self.path / STATE}: {error}") from error

    def read(self, label: str) -> bytes | None:
        """Return a stored file whose digest is the state's, else None."""
        entry = self.entries.get(label)
        try:
            data = (self.path / label).read_bytes()
        except OSError:
            return None
        return data if entry is not None and sha256(data).hexdigest() == entry.sha256 else None

    def put(self, item: Item, now: int) -> None:
        """Store `item` unless what is stored was issued later. Raises Failed `older`, `store`."""
        known = self.entries.get(item.label, Entry())
        issued = {one.what: one.since for one in known.periods if one.kind == "signed"}
        for one in item.periods:
            if one.kind == "signed" and one.since < issued.get(one.what, one.since):
                raise Failed("older", f"{item.label}: {one.what}")
        self._write(item.label, item.data)
        digest = sha256(item.data).hexdigest()
        self._note(item.label, Entry(digest, now, item.periods, item.notes, now, None))

    def failed(self, label: str, error: Failed, now: int) -> None:
        """Remember that the last try failed; the file stays as it is. Raises Failed `store`."""
        known = self.entries.get(label, Entry())
        self._note(label, Entry(known.sha256, known.stored_at, known.periods, known.notes, now, str(error)))

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder for one run. Raises Failed `store` while another run holds it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Failed("store", str(error)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Failed("store", f"another run holds {self.path}") from error
            for left in self.path.rglob(f".*{_PART}"):
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(handle)

    def _note(self, label: str, entry: Entry) -> None:
        entries = self.entries | {label: entry}
        value = {name: _members(one) for name, one in entries.items()}
        self._write(STATE, canonical.encode({"v": 1, "items": value}))
        self.entries = entries

    def _write(self, label: str, data: bytes) -> None:
        target = self.path / label
        part = target.with_name(f".{target.name}{_PART}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
            _sync(target.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise Failed("store", f"{target}: {error}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _members(entry: Entry) -> dict[str, object]:
    return asdict(entry) | {
        "periods": [[_plain(one.what, 200), one.kind, one.since, one.until] for one in entry.periods],
        "notes": [_plain(one, 200) for one in entry.notes],
        "failure": None if entry.failure is None else _plain(entry.failure, 500),
    }


def _plain(text: str, longest: int) -> str:
    # Names come from certificates: nothing of them may act on a terminal.
    return "".join(one if " " <= one <= "~" else "?" for one in text[:longest])


def _entries(data: bytes) -> dict[str, Entry]:
    value = canonical.members(canonical.decode(data, max_bytes=MAX_STATE), frozenset({"v", "items"}), "state")
    canonical.integer(value["v"], "v", least=1, most=1)
    items = value["items"]
    if not isinstance(items, dict):
        raise Malformed("member_type", "items")
    return {str(label): _entry(one) for label, one in items.items()}


def _entry(value: object) -> Entry:
    one = canonical.members(value, frozenset(Entry.__slots__), "item")
    failure, notes = one["failure"], canonical.entries(one["notes"], "notes", most=64)
    return Entry(
        sha256=canonical.text(one["sha256"], "sha256", longest=64, pattern="([0-9a-f]{64})?"),
        stored_at=canonical.integer(one["stored_at"], "stored_at"),
        periods=tuple(_period(entry) for entry in canonical.entries(one["periods"], "periods", most=512)),
        notes=tuple(canonical.text(note, "note", longest=200) for note in notes),
        tried_at=canonical.integer(one["tried_at"], "tried_at"),
        failure=None if failure is None else canonical.text(failure, "failure", longest=500),
    )


def _period(value: object) -> Period:
    what, kind, since, until = canonical.entries(value, "period", least=4, most=4)
    if kind not in _KINDS:
        raise Malformed("member_value", "period")
    least = -canonical.MAX_INTEGER
    return Period(
        canonical.text(what, "what", longest=200),
        canonical.integer(since, "since", least=least),
        canonical.integer(until, "until", least=least),
        kind,
    )
