"""The sequencer over a strict store: every write fails in each way, then the whole log is audited from its files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_log import sequencer, staging
from privity_log.audit import audit
from privity_log.errors import LogError, StoreError
from privity_log.sequencer import CHECKPOINT, COMMITTED, STAGED, Sequencer
from privity_tlog import merkle, note
from stand import ED, LOG, NOW, ORIGIN, entries, entry, policy, signer
from strict_store import HALF, KEPT, LOST, Disk, StrictStore, head_in


def made(disk: Disk, signers=ED) -> Sequencer:
    sequencer.create(StrictStore(disk), ORIGIN, signers, now=NOW)
    return opened(disk, signers)


def opened(disk: Disk, signers=ED) -> Sequencer:
    return sequencer.open_log(StrictStore(disk), ORIGIN, signers, now=NOW)


def leaves(disk: Disk) -> list[bytes]:
    """Every entry, after the audit of published and committed head."""
    audit(disk, policy(logs=LOG), ORIGIN, committed=disk.files[COMMITTED])
    size = head_in(disk.files[COMMITTED]).size
    found = [
        sequencer.reading.read_bundle(StrictStore(disk), at // 256, min(256, size - at)) for at in range(0, size, 256)
    ]
    return [one for bundle in found for one in bundle]


def test_entries_get_their_places_and_the_files_make_the_signed_root() -> None:
    disk = Disk()
    log = made(disk, LOG)
    assert log.append(entries(0, 3), now=NOW) == (0, 1, 2)
    assert log.append(entries(3, 600), now=NOW) == tuple(range(3, 600))
    log.publish(log.committed, [])
    assert leaves(disk) == entries(0, 600)
    assert log.committed.head.root == merkle.root_of([merkle.leaf_hash(one) for one in entries(0, 600)])
    assert STAGED not in disk.files


def test_a_repeated_entry_gets_its_first_place_also_after_a_restart_and_within_one_batch() -> None:
    disk = Disk()
    log = made(disk)
    assert log.append([entry(1), entry(2), entry(1)], now=NOW) == (0, 1, 0)
    writes = disk.writes
    assert log.append([entry(2)], now=NOW) == (1,)
    assert disk.writes == writes
    assert opened(disk).append([entry(3), entry(1)], now=NOW) == (2, 0)


def test_only_the_newest_leaves_are_remembered_and_an_old_one_is_logged_again(monkeypatch) -> None:
    monkeypatch.setattr(sequencer, "MAX_REMEMBERED", 256)
    disk = Disk()
    log = made(disk)
    log.append(entries(0, 600), now=NOW)
    again = opened(disk)
    assert again.append([entry(599), entry(0)], now=NOW) == (599, 600)


@pytest.mark.parametrize("size", [0, 65_536])
def test_an_entry_that_no_bundle_can_hold_is_refused_and_appends_nothing(size) -> None:
    disk = Disk()
    log = made(disk)
    with pytest.raises(LogError, match="entry_size"):
        log.append([entry(1), bytes(size)], now=NOW)
    assert log.append([bytes(65_535)], now=NOW) == (0,)


BATCHES = [entries(0, 200), entries(200, 230), entries(230, 300), entries(250, 520), entries(520, 521)]


def life(disk: Disk) -> int:
    """Append and publish all batches, starting anew after each failure as a process does; return their number."""
    failures = 0
    log: Sequencer | None = None
    for batch in BATCHES:
        while True:
            try:
                if log is None:
                    if COMMITTED not in disk.files:
                        sequencer.create(StrictStore(disk), ORIGIN, ED, now=NOW)
                    log = opened(disk)
                places = log.append(batch, now=NOW)
                log.publish(log.committed, [])
            except StoreError as error:
                if error.reason != "store_write":
                    raise
                failures, log = failures + 1, None
            else:
                held = leaves(disk)
                assert [held[place] for place in places] == batch
                break
    return failures


def test_every_write_fails_in_each_way_and_the_log_is_whole_after_it() -> None:
    undisturbed = Disk()
    assert life(undisturbed) == 0
    assert leaves(undisturbed) == entries(0, 521)
    assert undisturbed.writes > 30
    for how in (LOST, KEPT, HALF):
        for at in range(1, undisturbed.writes + 1):
            disk = Disk()
            disk.fail_at, disk.how = at, how
            assert life(disk) == 1, (how, at)
            assert leaves(disk) == entries(0, 521), (how, at)


def test_two_failures_in_a_row_also_during_recovery_leave_a_whole_log() -> None:
    class Twice(Disk):
        """Fails at one write and at the next but one."""

        @property
        def fail_at(self) -> int:
            return self.second if self.writes >= self.first else self.first

        @fail_at.setter
        def fail_at(self, value) -> None: ...

    for first in range(1, 40, 2):
        for gap in (1, 2, 3):
            disk = Twice()
            disk.first, disk.second, disk.how = first, first + gap, KEPT
            life(disk)
            assert leaves(disk) == entries(0, 521), (first, gap)


def test_a_sequencer_whose_write_failed_does_nothing_more() -> None:
    disk = Disk()
    log = made(disk)
    log.append([entry(0)], now=NOW)
    disk.fail_at = disk.writes + 1
    with pytest.raises(StoreError):
        log.append([entry(1)], now=NOW)
    for attempt in (
        lambda: log.append([entry(2)], now=NOW),
        lambda: log.refresh(now=NOW),
        lambda: log.publish(log.committed, []),
    ):
        with pytest.raises(StoreError, match="store_write"):
            attempt()


def test_what_was_staged_comes_next_whatever_is_appended_after_a_crash() -> None:
    """Else two batches could share a place, and a tile its path, with other bytes."""
    disk = Disk()
    log = made(disk)
    log.append(entries(0, 10), now=NOW)
    disk.fail_at, disk.how = disk.writes + 2, HALF
    with pytest.raises(StoreError):
        log.append(entries(10, 20), now=NOW)
    again = opened(disk)
    assert again.append(entries(30, 40), now=NOW) == tuple(range(20, 30))
    again.publish(again.committed, [])
    assert leaves(disk) == [*entries(0, 20), *entries(30, 40)]


class Faulty:
    """A signer whose signatures are false."""

    key = ED[0].key

    def sign(self, message: bytes) -> bytes:
        return bytes(64)


def test_a_false_signature_of_our_own_signer_is_never_used() -> None:
    disk = Disk()
    made(disk).append([entry(0)], now=NOW)
    log = sequencer.open_log(StrictStore(disk), ORIGIN, [Faulty()], now=NOW)
    before = disk.files[COMMITTED]
    with pytest.raises(LogError, match="signer"):
        log.append([entry(1)], now=NOW)
    assert disk.files[COMMITTED] == before
    with pytest.raises(StoreError):
        log.append([entry(2)], now=NOW)
    assert opened(disk).append([entry(3)], now=NOW) == (2,)


def spoil_committed(disk: Disk) -> None:
    disk.files[COMMITTED] = disk.files[COMMITTED].replace(b"log.example/release\n300", b"log.example/release\n299")


def spoil_tile(disk: Disk) -> None:
    disk.files["public/tile/0/001.p/44"] = bytes(44 * 32)


def spoil_full_tile(disk: Disk) -> None:
    disk.files["public/tile/0/000"] = bytes(256 * 32)


def spoil_bundle(disk: Disk) -> None:
    name = "public/tile/entries/001.p/44"
    disk.files[name] = disk.files[name].replace(b"256", b"257")


def forget_tile(disk: Disk) -> None:
    del disk.files["public/tile/1/000.p/1"]


def stage_another(disk: Disk) -> None:
    disk.files[STAGED] = staging.encode(299, bytes(32), [entry(9)])


def stage_a_false_root(disk: Disk) -> None:
    disk.files[STAGED] = staging.encode(300, bytes(32), [entry(9)])


def stage_nonsense(disk: Disk) -> None:
    disk.files[STAGED] = b"privity-log-staged 1\nnonsense"


def restore_an_old_copy(disk: Disk) -> None:
    disk.files[COMMITTED] = disk.old


def publish_another(disk: Disk) -> None:
    forked = Disk()
    log = made(forked)
    log.append(entries(1000, 1300), now=NOW)
    disk.files[CHECKPOINT] = log.committed.note


def forget_all(disk: Disk) -> None:
    del disk.files[COMMITTED]


DAMAGES = {
    spoil_committed: "store_damaged",
    spoil_tile: "store_damaged",
    spoil_full_tile: "store_damaged",
    spoil_bundle: "store_damaged",
    forget_tile: "store_damaged",
    stage_another: "store_damaged",
    stage_a_false_root: "store_damaged",
    stage_nonsense: "store_damaged",
    restore_an_old_copy: "store_rolled_back",
    publish_another: "store_rolled_back",
    forget_all: "store_missing",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__)
def test_a_store_that_is_not_what_was_signed_is_not_opened(damage) -> None:
    disk = Disk()
    log = made(disk)
    log.append(entries(0, 200), now=NOW)
    disk.old = disk.files[COMMITTED]
    log.append(entries(200, 300), now=NOW)
    log.publish(log.committed, [])
    damage(disk)
    before = disk.files.get(COMMITTED)
    with pytest.raises(StoreError, match=DAMAGES[damage]):
        opened(disk)
    assert disk.files.get(COMMITTED) == before


def test_a_tile_high_above_the_newest_leaves_is_checked_too(monkeypatch) -> None:
    monkeypatch.setattr(sequencer, "MAX_REMEMBERED", 0)
    disk = Disk()
    made(disk).append(entries(0, 300), now=NOW)
    disk.files["public/tile/1/000.p/1"] = bytes(32)
    with pytest.raises(StoreError, match="store_damaged"):
        opened(disk)


def test_a_head_signed_by_a_foreign_key_or_for_another_log_is_not_ours() -> None:
    disk = Disk()
    made(disk).append([entry(0)], now=NOW)
    with pytest.raises(StoreError, match="store_damaged"):
        opened(disk, [signer(ORIGIN, 1, 99)])
    with pytest.raises(StoreError, match="store_damaged"):
        sequencer.open_log(StrictStore(disk), "log.example/keys", ED, now=NOW)


def test_while_keys_are_changed_both_sign_and_then_the_new_one_alone() -> None:
    disk, new = Disk(), signer(ORIGIN, 1, 50)
    made(disk).append([entry(0)], now=NOW)
    both = opened(disk, (*ED, new))
    both.append([entry(1)], now=NOW)
    assert len(note.decode(both.committed.note).signatures) == 2
    assert opened(disk, (new,)).append([entry(2)], now=NOW) == (2,)
    with pytest.raises(StoreError, match="store_damaged"):
        opened(disk, ED)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=100) | st.binary(max_size=60).map(lambda one: b"privity-log-staged 1\n" + one))
def test_any_bytes_as_a_staged_batch_are_damage_or_read_back_the_same(data) -> None:
    try:
        read = staging.decode(data)
    except StoreError as error:
        reason = error.reason
    else:
        reason = "store_damaged"
        assert staging.encode(read.old, read.root, read.entries) == data
    assert reason == "store_damaged"


def test_a_log_is_made_once_also_when_only_its_public_files_are_left() -> None:
    disk = Disk()
    log = made(disk)
    log.publish(log.committed, [])
    with pytest.raises(StoreError, match="store_conflict"):
        sequencer.create(StrictStore(disk), ORIGIN, ED, now=NOW)
    del disk.files[COMMITTED]
    with pytest.raises(StoreError, match="store_conflict"):
        sequencer.create(StrictStore(disk), ORIGIN, ED, now=NOW)


def test_an_older_head_is_not_published_over_a_newer_one() -> None:
    disk = Disk()
    log = made(disk)
    log.append([entry(0)], now=NOW)
    old = log.committed
    log.append([entry(1)], now=NOW)
    log.publish(log.committed, [])
    with pytest.raises(StoreError, match="store_rolled_back"):
        log.publish(old, [])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.data())
def test_any_batches_make_the_naive_tree_and_every_proof_verifies(counts, data) -> None:
    disk = Disk()
    log = made(disk)
    heads = [log.committed]
    total = 0
    for count in counts:
        log.append(entries(total, total + count), now=NOW)
        total += count
        heads.append(log.committed)
    hashes = [merkle.leaf_hash(one) for one in entries(0, total)]
    assert [head.head.root for head in heads] == [merkle.root_of(hashes[: head.head.size]) for head in heads]
    of = data.draw(st.sampled_from(heads[1:]))
    index = data.draw(st.integers(0, of.head.size - 1))
    merkle.verify_inclusion(hashes[index], index, of.head.size, log.prover(of)(index), of.head.root)
    old = data.draw(st.sampled_from([head for head in heads if head.head.size <= of.head.size]))
    steps = log.consistency(old.head.size, of)
    merkle.verify_consistency(old.head.size, of.head.size, steps, old.head.root, of.head.root)
    assert opened(disk).committed.head == heads[-1].head
