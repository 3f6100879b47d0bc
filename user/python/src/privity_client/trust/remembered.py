"""What is remembered of a server's logs between two runs, and the evidence against one that lied.

Trusted: yes. Lost: the next heads are believed as the first ones were. Rolled back: a rollback of the log by as much
goes unseen. Source: specs/trust.md.
"""

import contextlib
import fcntl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed, PrivityError
from privity_tlog import checkpoint, note
from privity_tlog.limits import MAX_NOTE
from privity_tlog.view import View

from privity_client.errors import ClientError
from privity_client.trust.pins import replace_whole

MAX_FILE: Final = 1024 * 1024
MAX_RELEASES: Final = 256
"""Releases whose first sight is remembered; the oldest goes first."""
MAX_EVIDENCE: Final = 16
"""Files of evidence for each reason: the first ones are kept, since a liar could go on for ever. A server can have
rollbacks at no cost; they must leave room for a split view, which convicts."""
_MEMBERS: Final = frozenset({"v", "views", "places", "releases"})


@dataclass(frozen=True, slots=True)
class Remembered:
    """The largest head believed of each log by origin, the newest place of each kind of leaf, and when each release
    (leaf hash in hexadecimal) was first seen (Unix seconds; 0 for those of the first contact)."""

    views: Mapping[str, View] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)
    releases: Mapping[str, int] = field(default_factory=dict)


def encode(known: Remembered) -> bytes:
    """Return the document of what is remembered."""
    newest = sorted(known.releases.items(), key=lambda one: one[1])[-MAX_RELEASES:]
    views = {origin: canonical.base64url_encode(view.note) for origin, view in known.views.items()}
    return canonical.encode({"v": 1, "views": views, "places": dict(known.places), "releases": dict(newest)})


def decode(data: bytes) -> Remembered:
    """Return what was remembered. Raises ClientError `memory_unusable`."""
    try:
        value = canonical.members(canonical.decode(data, max_bytes=MAX_FILE), _MEMBERS, "remembered")
        canonical.integer(value["v"], "v", least=1, most=1)
        views = {origin: _view(one) for origin, one in _named(value["views"], 2).items()}
        if any(view.head.origin != origin for origin, view in views.items()):
            raise Malformed("member_value", "views")
        places = {kind: canonical.integer(one, kind) for kind, one in _named(value["places"], 32).items()}
        seen = {name: canonical.integer(one, name) for name, one in _named(value["releases"], MAX_RELEASES).items()}
    except PrivityError as error:
        raise ClientError("memory_unusable", str(error)) from error
    return Remembered(views, places, seen)


def _named(value: object, most: int) -> dict[str, object]:
    if not isinstance(value, dict) or len(value) > most:
        raise Malformed("member_type", "a map")
    return value


def _view(value: object) -> View:
    data = canonical.base64url_decode(canonical.text(value, "view", longest=2 * MAX_NOTE))
    if data is None:
        raise Malformed("member_value", "view")
    return View(checkpoint.decode(note.decode(data).text), data)


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold the folder while what is remembered is read, judged and replaced. Raises ClientError `home_unusable`."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (place / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise ClientError("home_unusable", f"{place}: {error.strerror}") from error


def read(place: Path) -> Remembered:
    """Return what the folder holds, nothing remembered when it holds nothing. Raises ClientError `memory_unusable`."""
    try:
        with (place / "remembered.json").open("rb") as file:
            return decode(file.read(MAX_FILE + 1))
    except FileNotFoundError:
        return Remembered()
    except OSError as error:
        raise ClientError("memory_unusable", f"{place}: {error.strerror}") from error


def write(place: Path, known: Remembered) -> None:
    """Replace what the folder holds. Raises ClientError `home_unusable`."""
    try:
        replace_whole(place / "remembered.json", encode(known))
    except OSError as error:
        raise ClientError("home_unusable", f"{place}: {error.strerror}") from error


def keep_evidence(
    place: Path, *, reason: str, origin: str, time: int, notes: Sequence[bytes], document: bytes | None = None
) -> Path | None:
    """Keep signed notes that contradict each other, or a node; return the file, None when there are too many already.

    `document` is the node's. Raises ClientError `home_unusable`.
    """
    kept = place / "evidence"
    notes64 = [canonical.base64url_encode(one) for one in notes]
    node = {} if document is None else {"node": canonical.base64url_encode(document)}
    evidence = {"v": 1, "reason": reason, "origin": origin, "time": time, "notes": notes64, **node}
    try:
        kept.mkdir(mode=0o700, exist_ok=True)
        if len(list(kept.glob(f"*-{reason}-*.json"))) >= MAX_EVIDENCE:
            return None
        path = kept / f"{time}-{reason}-{sha256(origin.encode()).hexdigest()[:8]}.json"
        if not path.exists():
            replace_whole(path, canonical.encode(evidence))
    except OSError as error:
        raise ClientError("home_unusable", f"{place}: {error.strerror}") from error
    return path
