"""A log's operator who has the keys and stops being honest: each deed is a sentence, and has the reason it must get."""

from privity_log import sequencer
from privity_log.errors import LogError
from privity_log.leaf_checks import checks_for
from privity_log.monitor import Watched
from privity_log.sequencer import CHECKPOINT, Committed, Sequencer
from privity_log.signer import signature_of
from privity_protocol import canonical
from privity_tlog import checkpoint, note, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.leaves import revocations
from stand import LOG, NOW, ORIGIN, W1, W2, policy, signer, witness_lines
from strict_store import Disk, StrictStore

FOREIGN_LOG = [signer(ORIGIN, 1, 91)]
FOREIGN_WITNESS = signer("one.example/w", 6, 92)
TWO_OF_THREE = policy(witness_lines(2))


REVOKED = revocations.encode(revocations.Revocations(NOW, (), (), ()))


def leaf(number: int, **members: object) -> bytes:
    """A release that may run two days after `NOW`."""
    release = {
        "v": 1, "t": "release", "name": "enclave", "version": str(number), "source": "ab" * 20,
        "platforms": {"tdx": {}}, "configuration": ["00" * 32], "models": ["11" * 32],
        "not_before": NOW + 2 * 86_400, "flags": [],
    }  # fmt: skip
    return canonical.encode(release | members)


class Operator:
    """A log's operator, honest until told otherwise: owns its files and its keys, and the ear of two witnesses."""

    def __init__(self, *sizes: int, start: int = 0, age: int = 0, witnesses=(W1[1], W2[0])) -> None:
        self.disk = Disk()
        self.now, self.witnesses = NOW - age, witnesses
        sequencer.create(StrictStore(self.disk), ORIGIN, LOG, now=NOW)
        self.log: Sequencer = sequencer.open_log(StrictStore(self.disk), ORIGIN, LOG, now=NOW)
        for size in sizes:
            self.grow(size, start)

    def grow(self, size: int, start: int = 0) -> None:
        """Append up to `size` leaves: the first lists what is revoked, nothing; the others are releases."""
        numbers = range(self.log.committed.head.size, size)
        self.log.append([leaf(start + number) if number else REVOKED for number in numbers], now=NOW)
        self.sign(self.log.committed.head)

    def sign(self, of: Checkpoint, signers=LOG) -> None:
        """Publish any head at all, as one who has the keys can."""
        lines = [signature_of(one, of, self.now) for one in (*signers, *self.witnesses)]
        self.disk.files[CHECKPOINT] = note.encode(note.Note(checkpoint.encode(of), tuple(lines)))

    def published(self) -> Committed:
        data = self.disk.files[CHECKPOINT]
        return Committed(checkpoint.decode(note.decode(data).text), data)

    def become(self, other: "Operator") -> None:
        """Serve another history under the same name."""
        self.disk.files.clear()
        self.disk.files.update(other.disk.files)


def fork(one: Operator) -> None:
    one.become(Operator(300, start=1000))


def grown_fork(one: Operator) -> None:
    one.become(Operator(700, start=1000))


def rollback(one: Operator) -> None:
    one.become(Operator(200))


def omitted_leaf(one: Operator) -> None:
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle(kept[:-1])


def missing_leaf(one: Operator) -> None:
    one.grow(400)
    del one.disk.files["public/tile/entries/001.p/144"]


def exchanged_leaf(one: Operator) -> None:
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle([*kept[:-1], leaf(9999)])


def rewritten_past(one: Operator) -> None:
    """The known leaf 299 is another one now, and the tiles fit it."""
    other = Operator(299)
    other.log.append([leaf(5555)], now=NOW)
    other.grow(400)
    one.become(other)


def tiles_of_another_tree(one: Operator) -> None:
    one.grow(400)
    one.disk.files["public/tile/0/001.p/144"] = bytes(144 * 32)


def head_without_leaves(one: Operator) -> None:
    one.sign(Checkpoint(ORIGIN, 301, bytes(32)))


def root_that_the_leaves_do_not_make(one: Operator) -> None:
    one.grow(400)
    one.sign(Checkpoint(ORIGIN, 400, bytes(32)))


def another_root(one: Operator) -> None:
    one.sign(Checkpoint(ORIGIN, 300, bytes(32)))


def stale_checkpoint(one: Operator) -> None:
    one.now = NOW - 8 * 86_400
    one.sign(one.log.committed.head)


def head_of_tomorrow(one: Operator) -> None:
    one.now = NOW + 86_400
    one.sign(one.log.committed.head)


def foreign_witness(one: Operator) -> None:
    one.witnesses = (FOREIGN_WITNESS, W2[0])
    one.sign(one.log.committed.head)


def false_cosignature(one: Operator) -> None:
    one.witnesses = ()
    one.sign(one.log.committed.head)
    signed = note.decode(one.disk.files[CHECKPOINT])
    bad = [note.Signature(each.key.name, each.key.id, bytes(8 + 2420)) for each in (W1[1], W2[0])]
    one.disk.files[CHECKPOINT] = note.encode(signed.with_signatures(bad))


def quorum_short_by_one(one: Operator) -> None:
    one.witnesses = (W2[0],)
    one.sign(one.log.committed.head)


def one_witness_twice(one: Operator) -> None:
    one.witnesses = (W2[0], W2[0])
    one.sign(one.log.committed.head)


def foreign_log_key(one: Operator) -> None:
    one.sign(one.log.committed.head, FOREIGN_LOG)


def another_log(one: Operator) -> None:
    other = Checkpoint("other.example/release", 300, one.log.committed.head.root)
    one.sign(other, [signer("other.example/release", 1, 1)])


def unreadable_checkpoint(one: Operator) -> None:
    one.disk.files[CHECKPOINT] = b"not a note"


DISHONEST = {
    fork: "split_view",
    grown_fork: "consistency",
    rollback: "checkpoint_rollback",
    omitted_leaf: "tile_malformed",
    missing_leaf: "inclusion",
    exchanged_leaf: "consistency",
    rewritten_past: "consistency",
    tiles_of_another_tree: "consistency",
    head_without_leaves: "inclusion",
    another_root: "split_view",
    root_that_the_leaves_do_not_make: "consistency",
    stale_checkpoint: "checkpoint_stale",
    head_of_tomorrow: "checkpoint_from_the_future",
    foreign_witness: "witness_quorum",
    false_cosignature: "witness_signature",
    quorum_short_by_one: "witness_quorum",
    one_witness_twice: "witness_quorum",
    foreign_log_key: "log_signature",
    another_log: "log_unknown",
    unreadable_checkpoint: "note_malformed",
}
CONVICTING = {fork, rollback, grown_fork, another_root}


class Ear:
    """An alarm that remembers, and can be deaf."""

    def __init__(self) -> None:
        self.heard: list = []
        self.deaf = False

    def __call__(self, surprises) -> None:
        if self.deaf:
            raise LogError("not_told", "deaf")
        self.heard += surprises


def watched(one: Operator, web=None) -> Watched:
    return Watched(ORIGIN, one.disk, TWO_OF_THREE, 7 * 86_400, checks_for(ORIGIN, web))
