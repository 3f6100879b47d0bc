"""The sequencer: puts entries into the tree, one batch after another, and signs each new head last.

A batch takes these steps, each durable before the next (specs/log-service.md):

1. `state/staged`: the entries, the sizes and the root to come. From here on this batch, and no other, comes next.
2. Tiles and entry bundles: immutable, the same bytes however often the step is repeated.
3. `state/committed`: the signed head. Nothing is signed before everything that it speaks of is durable.
4. Partial tiles that became full are dropped, then `state/staged`.
5. `public/checkpoint`, by `publish`, when witnesses have cosigned.

`open` repeats whatever a crash left undone. A sequencer whose write failed does not know what the disk holds: it
refuses everything from then on, and only opening the store again finds out. So a second history cannot be signed:
the lock keeps other processes out, and step 1 decides what a restarted one must do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import checkpoint, cosignature, merkle, note, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.keys import NOTE_ED25519
from privity_tlog.limits import MAX_ENTRY, TILE_WIDTH
from privity_tlog.note import Note, Signature
from privity_tlog.tiles import Tile

from privity_log import edge as edges
from privity_log import reading, staging
from privity_log.edge import Edge
from privity_log.errors import LogError, StoreError
from privity_log.limits import MAX_REMEMBERED
from privity_log.reading import public
from privity_log.repetition import Repetition
from privity_log.signer import Signer, signature_of
from privity_log.staging import Staged
from privity_log.store import Store

STAGED: Final = "state/staged"
COMMITTED: Final = "state/committed"
CHECKPOINT: Final = public("checkpoint")


@dataclass(frozen=True, slots=True)
class Committed:
    """A head that this log signed and its signed note; the files hold everything below it."""

    head: Checkpoint
    note: bytes


def create(store: Store, origin: str, signers: Sequence[Signer], *, now: int) -> None:
    """Make an empty log. Raises StoreError `store_conflict` where there is one."""
    if any(store.read(name) is not None for name in (COMMITTED, CHECKPOINT, STAGED)):
        raise StoreError("store_conflict", "there is a log already")
    head = Checkpoint(origin, 0, merkle.EMPTY_ROOT)
    store.replace(COMMITTED, _signed(head, signers, now).note, expected=None)


class Sequencer:
    """One log, open for appending. Used by one thread at a time; made by `open_log`."""

    def __init__(self, store: Store, signers: Sequence[Signer], committed: Committed, edge: Edge) -> None:
        self._store = store
        self._signers = tuple(signers)
        self._edge = edge
        self._tail = _tail(store, edge)
        leaves = reading.newest_leaves(store, edge, MAX_REMEMBERED)
        self._repetition = Repetition(leaves, edge.size - len(leaves))
        self._failed: StoreError | None = None
        self.committed = committed

    def append(self, entries: Sequence[bytes], *, now: int) -> tuple[int, ...]:
        """Append entries and commit the new head; return the index of each, the first one's for a repetition.

        Raises LogError `entry_size` (nothing is appended), `signer`, StoreError (open the log again).
        """
        if not all(1 <= len(entry) <= MAX_ENTRY for entry in entries):
            raise LogError("entry_size", f"an entry has 1 to {MAX_ENTRY} bytes")
        places: dict[bytes, int] = {}
        new: list[bytes] = []
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        for entry, leaf in zip(entries, hashes, strict=True):
            known = self._repetition.place(leaf)
            if known is None and leaf not in places:
                known = self._edge.size + len(new)
                new.append(entry)
            if known is not None:
                places[leaf] = known
        if new:
            self._guarded(new, now)
        return tuple(places[leaf] for leaf in hashes)

    def refresh(self, *, now: int) -> None:
        """Sign the head anew: cosignatures carry a time. Raises StoreError."""
        self._check()
        try:
            self._commit(self._edge, now)
        except StoreError as error:
            self._failed = error
            raise

    def publish(self, of: Committed, cosignatures: Sequence[Signature]) -> bytes:
        """Publish a committed head with its witnesses' lines; return the note. Raises StoreError."""
        self._check()
        try:
            return publish(self._store, of, cosignatures)
        except StoreError as error:
            self._failed = error
            raise

    def prover(self, of: Committed) -> Callable[[int], tuple[bytes, ...]]:
        """Return what makes verified paths of leaves below a committed head, and reads each tile once.

        It raises StoreError, TlogError `inclusion`.
        """
        return reading.prover(self._store, of.head.size, of.head.root)

    def consistency(self, old: int, of: Committed) -> tuple[bytes, ...]:
        """Return the path from a smaller tree to a committed head. Raises StoreError."""
        return reading.consistency(self._store, old, of.head.size)

    def _check(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _guarded(self, new: list[bytes], now: int) -> None:
        self._check()
        try:
            self._sequence(new, now)
        except StoreError as error:
            self._failed = error
            raise
        except LogError as error:
            # Staged but not signed: what comes next is decided, so only opening again may go on.
            self._failed = StoreError("store_write", error.reason)
            raise

    def _sequence(self, new: list[bytes], now: int) -> None:
        leaves = [merkle.leaf_hash(entry) for entry in new]
        grown, files = self._edge.grown(leaves)
        staged = Staged(self._edge.size, grown.root(), tuple(new))
        self._store.replace(STAGED, staging.encode(staged.old, staged.root, new), expected=None)
        _write(self._store, staged, files, self._tail)
        self._commit(grown, now)
        _drop(self._store, staged)
        self._repetition.add(leaves, self._edge.size)
        self._tail = _after(self._tail, staged)
        self._edge = grown

    def _commit(self, edge: Edge, now: int) -> None:
        head = Checkpoint(self.committed.head.origin, edge.size, edge.root())
        made = _signed(head, self._signers, now)
        self._store.replace(COMMITTED, made.note, expected=self.committed.note)
        self.committed = made


def open_log(store: Store, origin: str, signers: Sequence[Signer], *, now: int) -> Sequencer:
    """Return the log of a locked store, with whatever a crash interrupted finished.

    Raises StoreError `store_missing`, `store_damaged`, `store_rolled_back`, `store_write`; LogError `signer`.
    """
    data = store.read(COMMITTED)
    if data is None:
        raise StoreError("store_missing", origin)
    committed = Committed(verified(data, origin, signers), data)
    # A write that was reported as failed may be in memory and not on the disk: nothing is built on it before this.
    store.replace(COMMITTED, data, expected=data)
    _check_published(store, committed, signers)
    held = store.read(STAGED)
    staged = None if held is None else staging.decode(held)
    if staged is not None and staged.old == committed.head.size:
        committed = _repeat(store, committed, staged, signers, now)
    if staged is not None:
        if (staged.new, staged.root) != (committed.head.size, committed.head.root):
            raise StoreError("store_damaged", "the staged batch does not lead to the signed head")
        _drop(store, staged)
    return Sequencer(store, signers, committed, _edge(store, committed.head))


def publish(store: Store, of: Committed, cosignatures: Sequence[Signature]) -> bytes:
    """Publish a committed head; one that is smaller than the published one never is. Raises StoreError."""
    before = store.read(CHECKPOINT)
    if before is not None and _size(before) > of.head.size:
        raise StoreError("store_rolled_back", "the published head is larger")
    data = note.encode(note.decode(of.note).with_signatures(cosignatures))
    store.replace(CHECKPOINT, data, expected=before)
    return data


def verified(data: bytes, origin: str, signers: Sequence[Signer]) -> Checkpoint:
    """Return the head in a note of our own; at least one of our keys signed it, and none falsely.

    Raises StoreError `store_damaged`.
    """
    try:
        signed = note.decode(data)
        head = checkpoint.decode(signed.text)
        present = [signer.key for signer in signers if signed.by(signer.key)]
        for key in present:
            if key.type == NOTE_ED25519:
                note.verify(signed, key)
            else:
                cosignature.verify(signed, head, key)
    except TlogError as error:
        raise StoreError("store_damaged", f"a head of ours: {error.reason}") from error
    if not present or head.origin != origin:
        raise StoreError("store_damaged", f"the head is of {head.origin} or of another key")
    return head


def _check_published(store: Store, committed: Committed, signers: Sequence[Signer]) -> None:
    data = store.read(CHECKPOINT)
    if data is None:
        return
    head = verified(data, committed.head.origin, signers)
    if head.size > committed.head.size:
        raise StoreError("store_rolled_back", f"published {head.size}, committed {committed.head.size}")
    if head.size == committed.head.size and head.root != committed.head.root:
        raise StoreError("store_rolled_back", f"two heads of size {head.size}")


def _repeat(store: Store, committed: Committed, staged: Staged, signers: Sequence[Signer], now: int) -> Committed:
    """Bring a staged batch into the tree: the same bytes as the first time."""
    edge = _edge(store, committed.head)
    grown, files = edge.grown([merkle.leaf_hash(entry) for entry in staged.entries])
    if grown.root() != staged.root:
        raise StoreError("store_damaged", "the staged entries do not make the staged root")
    data = staging.encode(staged.old, staged.root, staged.entries)
    store.replace(STAGED, data, expected=data)
    _write(store, staged, files, _tail(store, edge))
    made = _signed(Checkpoint(committed.head.origin, grown.size, staged.root), signers, now)
    store.replace(COMMITTED, made.note, expected=committed.note)
    return made


def _write(store: Store, staged: Staged, files: dict[Tile, bytes], tail: tuple[bytes, ...]) -> None:
    """Keep the tiles, and the bundles: the first one begins with the entries that were in it before."""
    waiting = {public(tile.path): data for tile, data in files.items()}
    entries = [*tail, *staged.entries]
    first = staged.old // TILE_WIDTH
    for start in range(0, len(entries), TILE_WIDTH):
        part = entries[start : start + TILE_WIDTH]
        waiting[public(tiles.bundle_path(first + start // TILE_WIDTH, len(part)))] = tiles.bundle(part)
    store.put(waiting)


def _drop(store: Store, staged: Staged) -> None:
    """Drop partial tiles and bundles whose full ones exist now, then the staged batch."""
    for level in range(edges.LEVELS):
        index = (staged.old >> 8 * level) // TILE_WIDTH
        if (staged.new >> 8 * (level + 1)) > index:
            paths = [
                Tile(level, index, TILE_WIDTH).path,
                *([tiles.bundle_path(index, TILE_WIDTH)] if not level else []),
            ]
            for path in paths:
                store.remove(f"{public(path)}.p")
    store.remove(STAGED)


def _after(tail: tuple[bytes, ...], staged: Staged) -> tuple[bytes, ...]:
    width = staged.new % TILE_WIDTH
    return (*tail, *staged.entries)[-width:] if width else ()


def _edge(store: Store, head: Checkpoint) -> Edge:
    """Return the right edge of a signed head. Raises StoreError `store_damaged`."""
    try:
        edge = edges.load(head.size, lambda tile: reading.read_tile(store, tile))
    except TlogError as error:
        raise StoreError("store_damaged", error.reason) from error
    if edge.root() != head.root:
        raise StoreError("store_damaged", f"the tiles do not make the root of size {head.size}")
    return edge


def _tail(store: Store, edge: Edge) -> tuple[bytes, ...]:
    """Return the entries of the incomplete bundle, which the next one repeats. Raises StoreError."""
    width = edge.size % TILE_WIDTH
    entries = reading.read_bundle(store, edge.size // TILE_WIDTH, width) if width else ()
    if tuple(merkle.leaf_hash(entry) for entry in entries) != edge.rows[0]:
        raise StoreError("store_damaged", "the last bundle does not hash to its tile")
    return entries


def _signed(head: Checkpoint, signers: Sequence[Signer], now: int) -> Committed:
    lines = tuple(signature_of(signer, head, now) for signer in signers)
    return Committed(head, note.encode(Note(checkpoint.encode(head), lines)))


def _size(data: bytes) -> int:
    try:
        return checkpoint.decode(note.decode(data).text).size
    except TlogError as error:
        raise StoreError("store_damaged", "the published head") from error
