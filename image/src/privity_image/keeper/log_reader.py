"""One log as the keeper reads it: its believed head, entries and paths from its public files, and appending to it.

Nothing that comes is believed before a hash or a signature says so. Sources: specs/tiles.md, specs/log-service.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import head as heads
from privity_tlog import proof, tiles
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.limits import MAX_ENTRY, MAX_NOTE, MAX_PROOF, TILE_WIDTH
from privity_tlog.spelling import HASH
from privity_tlog.tiles import Tile, Tree
from privity_tlog.witness_policy import WitnessPolicy

from privity_image.errors import Failed
from privity_image.keeper.settings import LogPlace
from privity_image.keeper.wire import APPEND_SECONDS, Answer, Question, Wire

OK: Final = 200
NOT_FOUND: Final = 404
MAX_TILE: Final = HASH * TILE_WIDTH
MAX_BUNDLE: Final = TILE_WIDTH * (2 + MAX_ENTRY)


@dataclass(frozen=True, slots=True)
class Seen:
    """A head that is believed, and the note that says so."""

    head: Head
    note: bytes

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return self.head.checkpoint.size

    @property
    def root(self) -> bytes:
        """Return the root hash."""
        return self.head.checkpoint.root


class LogReader:
    """One log. Every method raises Failed `log` when the log does not answer, or not as a log does."""

    def __init__(self, name: str, place: LogPlace, policy: WitnessPolicy, wire: Wire) -> None:
        self._name, self._place, self._policy, self._wire = name, place, policy, wire
        self._full: dict[Tile, bytes] = {}

    def head(self) -> Seen:
        """Return the published head, believed under the policy."""
        note = self._file("checkpoint", MAX_NOTE)
        if note is None:
            raise Failed("log", f"{self._place.origin}: nothing is published yet")
        try:
            return Seen(heads.verify(note, self._policy, origin=self._place.origin), note)
        except TlogError as error:
            raise Failed("log", f"{self._place.origin}: {error}") from error

    def tree(self, size: int) -> Tree:
        """Return the tree of `size` leaves; its paths are to be verified by whoever uses them."""
        return Tree(size, self._tile)

    def entries(self, start: int, size: int) -> list[bytes]:
        """Return the entries from `start` on of a tree of `size` leaves; nobody has compared them with a root yet."""
        found: list[bytes] = []
        for number in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
            found += self.bundle(number, size)
        return found[start % TILE_WIDTH :] if start < size else []

    def backwards(self, size: int, most: int) -> Iterator[tuple[int, bytes]]:
        """Yield index and entry from the end of a tree of `size` leaves, out of at most `most` bundles."""
        last = (size - 1) // TILE_WIDTH
        for number in range(last, max(-1, last - most), -1):
            yield from reversed(list(enumerate(self.bundle(number, size), number * TILE_WIDTH)))

    def bundle(self, number: int, size: int) -> tuple[bytes, ...]:
        """Return the entries of one bundle of a tree of `size` leaves."""
        width = tiles.width_at(size, 0, number)
        data = self._file(tiles.bundle_path(number, width), MAX_BUNDLE)
        whole = data is None and width < TILE_WIDTH
        if whole:  # a partial bundle is gone when the full one is there
            data = self._file(tiles.bundle_path(number, TILE_WIDTH), MAX_BUNDLE)
        try:
            return tiles.entries(data or b"", TILE_WIDTH if whole else width)[:width]
        except TlogError as error:
            raise Failed("log", f"{self._place.origin}: entries {number}: {error}") from error

    def append(self, leaves: Sequence[bytes], token: str) -> list[bytes]:
        """Return the proof of each leaf, all handed over at once; one that is there already keeps its place."""
        headers = {"authorization": f"Bearer {token}"}
        path = f"/{self._name}/append"
        questions = [Question(self._place.append, path, MAX_PROOF, leaf, headers) for leaf in leaves]
        answers = self._wire.all(questions, APPEND_SECONDS)
        return [self._proof(leaf, answer) for leaf, answer in zip(leaves, answers, strict=True)]

    def _proof(self, leaf: bytes, answer: Answer | Failed) -> bytes:
        if isinstance(answer, Failed):
            raise Failed("log", str(answer))
        status, data = answer
        if status != OK:
            raise Failed("log", f"{self._place.origin}: {status} {data[:100].decode('ascii', 'replace').strip()}")
        try:
            proof.verify(data, leaf, self._policy, origin=self._place.origin)
        except TlogError as error:
            raise Failed("log", f"{self._place.origin}: the answer proves nothing: {error}") from error
        return data

    def _tile(self, tile: Tile) -> bytes:
        if tile in self._full:
            return self._full[tile]
        data = self._file(tile.path, MAX_TILE)
        if data is None and tile.width < TILE_WIDTH:  # a partial tile is gone when the full one is there
            whole = self._file(Tile(tile.level, tile.index, TILE_WIDTH).path, MAX_TILE)
            data = None if whole is None else whole[: tile.width * HASH]
        if data is None:
            raise Failed("log", f"{self._place.origin}: {tile.path} is missing")
        if tile.width == TILE_WIDTH:
            self._full[tile] = data
        return data

    def _file(self, path: str, most: int) -> bytes | None:
        try:
            status, data = self._wire.ask(Question(self._place.read, f"/{path}", most))
        except Failed as error:
            raise Failed("log", str(error)) from error
        if status == NOT_FOUND:
            return None
        if status != OK:
            raise Failed("log", f"{self._place.read}/{path}: status {status}")
        return data
