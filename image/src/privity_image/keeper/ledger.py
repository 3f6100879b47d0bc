"""What both logs say, read anew at each look; all that is remembered between runs are the largest heads.

Source: specs/keeper.md. A head that does not continue the remembered one is a surprise, and nothing goes on after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_tlog import checkpoint, merkle, note
from privity_tlog.bulletin import DIRECTORY, ONCE, RELEASE, Entry
from privity_tlog.errors import TlogError
from privity_tlog.leaves import issuers, reading
from privity_tlog.view import View, advance

from privity_image.errors import Failed
from privity_image.keeper.files import Files
from privity_image.keeper.log_reader import LogReader, Seen
from privity_image.keeper.settings import LOGS, Settings

VIEWS: Final = "views"
MAX_VIEWS: Final = 1024 * 1024
MAX_RELEASE_LEAVES: Final = 65_536
BUNDLES: Final = 4
"""Bundles of the keys log, from its end, among which the newest directory stands: one an hour is logged at least."""
SURPRISING: Final = frozenset({"checkpoint_rollback", "split_view", "consistency", "log_unknown"})


@dataclass(slots=True)
class Side:
    """One log: its head, and the newest leaf of each kind of which only one counts; `releases` by leaf hash."""

    seen: Seen | None = None
    leaves: list[bytes] = field(default_factory=list)
    newest: dict[str, Entry] = field(default_factory=dict)
    releases: dict[bytes, Entry] = field(default_factory=dict)

    def take(self, index: int, leaf: bytes) -> None:
        """Count a leaf, which a root vouches for, if it is of a kind that matters here."""
        kind = _kind(leaf)
        if kind == RELEASE:
            self.releases.setdefault(merkle.leaf_hash(leaf), Entry(leaf, index, ()))
        elif kind in ONCE and index > (self.newest[kind].index if kind in self.newest else -1):
            self.newest[kind] = Entry(leaf, index, ())


class Ledger:
    """Both logs as of the last look."""

    def __init__(self, settings: Settings, readers: Mapping[str, LogReader], files: Files) -> None:
        self._path = settings.state / VIEWS
        self._readers, self._files = readers, files
        self._views = _remembered(files.read(self._path, MAX_VIEWS))
        self.sides = {name: Side() for name in LOGS}

    @property
    def release(self) -> Side:
        """Return the release log."""
        return self.sides["release"]

    @property
    def keys(self) -> Side:
        """Return the keys log."""
        return self.sides["keys"]

    def look(self, name: str) -> bool:
        """Read a log; return whether its head was signed or cosigned anew.

        Raises Failed `log`, `store`, and `surprise` for a head that does not continue the largest one known.
        """
        seen = self._readers[name].head()
        side = self.sides[name]
        if side.seen is not None and side.seen.note == seen.note:
            return False
        self._advance(name, seen)
        (self._read_release if name == "release" else self._read_keys)(side, seen)
        side.seen = seen
        return True

    def path(self, name: str, index: int) -> tuple[bytes, ...]:
        """Return the path of a leaf below the head of the last look. Raises Failed `log`."""
        seen = self.sides[name].seen
        if seen is None:
            raise Failed("log", f"{name} was never read")
        try:
            return self._readers[name].tree(seen.size).inclusion(index)
        except TlogError as error:
            raise Failed("log", f"{name}: {error}") from error

    def is_history(self, size: int, root: bytes) -> bool:
        """Return whether the release log had this root at this size."""
        leaves = self.release.leaves
        return 0 < size <= len(leaves) and merkle.root_of(leaves[:size]) == root

    def _advance(self, name: str, seen: Seen) -> None:
        known = self._views.get(name)
        new = View(seen.head.checkpoint, seen.note)
        try:
            path = None
            if known is not None and 0 < known.head.size < seen.size:
                path = self._readers[name].tree(seen.size).consistency(known.head.size)
            view = advance(known, new, path if path is not None or known is None or known.head.size else ())
        except TlogError as error:
            raise Failed("surprise" if error.reason in SURPRISING else "log", f"{name}: {error}") from error
        if known is None or known.head != view.head:
            self._views[name] = view
            self._files.write(self._path, _encoded(self._views))

    def _read_release(self, side: Side, seen: Seen) -> None:
        """Read what is new; the root over all leaves must be the head's."""
        if seen.size > MAX_RELEASE_LEAVES:
            raise Failed("log", f"the release log has more than {MAX_RELEASE_LEAVES} leaves")
        new = self._readers["release"].entries(len(side.leaves), seen.size)
        leaves = side.leaves + [merkle.leaf_hash(one) for one in new]
        if len(leaves) != seen.size or merkle.root_of(leaves) != seen.root:
            raise Failed("log", "the entries of the release log are not those of its head")
        for index, leaf in enumerate(new, len(side.leaves)):
            side.take(index, leaf)
        side.leaves = leaves

    def _read_keys(self, side: Side, seen: Seen) -> None:
        """Find the newest directory and issuers from the end; each must be below the head."""
        reader, wanted = self._readers["keys"], {DIRECTORY, issuers.KIND}
        before = 0 if side.seen is None else side.seen.size
        for index, leaf in reader.backwards(seen.size, BUNDLES) if seen.size else ():
            if index < before or not wanted:
                break
            kind = _kind(leaf)
            # Until the newest directory is found, what merely looks like another leaf could hide it.
            if kind in wanted or DIRECTORY in wanted:
                self._prove(reader, seen, index, leaf)
            if kind in wanted:
                side.take(index, leaf)
                wanted.discard(kind)

    def _prove(self, reader: LogReader, seen: Seen, index: int, leaf: bytes) -> None:
        try:
            path = reader.tree(seen.size).inclusion(index)
            merkle.verify_inclusion(merkle.leaf_hash(leaf), index, seen.size, path, seen.root)
        except TlogError as error:
            raise Failed("log", f"keys: leaf {index}: {error}") from error


def _kind(leaf: bytes) -> str:
    """Return the kind of any leaf, nothing for one that has none."""
    try:
        return reading.kind_of(leaf)
    except Malformed:
        return ""


def _remembered(data: bytes | None) -> dict[str, View]:
    """Return the remembered heads; a file that cannot be read is no reason to forget them. Raises Failed `surprise`."""
    if data is None:
        return {}
    try:
        value = canonical.decode(data, max_bytes=MAX_VIEWS)
        if not isinstance(value, dict) or not value.keys() <= set(LOGS):
            raise Malformed("member_type", VIEWS)
        return {name: _view(one) for name, one in value.items()}
    except (Malformed, TlogError) as error:
        raise Failed("surprise", f"the remembered heads are damaged: {error}") from error


def _view(value: object) -> View:
    data = canonical.base64url_decode(canonical.text(value, VIEWS, longest=MAX_VIEWS))
    if data is None:
        raise Malformed("member_value", VIEWS)
    return View(checkpoint.decode(note.decode(data).text), data)


def _encoded(views: Mapping[str, View]) -> bytes:
    return canonical.encode({name: canonical.base64url_encode(view.note) for name, view in views.items()})
