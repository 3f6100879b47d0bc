"""Dishonest logs against the monitor, the mirror, the audit and what a client checks: a sentence, and the reason."""

import json

import pytest
from dishonest import (
    CONVICTING,
    DISHONEST,
    TWO_OF_THREE,
    Ear,
    Operator,
    another_log,
    exchanged_leaf,
    false_cosignature,
    foreign_log_key,
    foreign_witness,
    fork,
    grown_fork,
    head_without_leaves,
    leaf,
    missing_leaf,
    omitted_leaf,
    quorum_short_by_one,
    rewritten_past,
    rollback,
    tiles_of_another_tree,
    watched,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_log import followed, sequencer
from privity_log.audit import audit
from privity_log.errors import LogError, StoreError
from privity_log.mirror import copy
from privity_log.monitor import visit
from privity_log.sequencer import CHECKPOINT
from privity_log.source import FolderSource
from privity_log.store import locked
from privity_tlog import head, note, tiles
from privity_tlog.errors import TlogError
from stand import LOG, NOW, ORIGIN
from strict_store import Disk, StrictStore


@pytest.fixture
def store(tmp_path):
    with locked(tmp_path / "state") as made:
        yield made


def evidence_in(folder) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "state/evidence").rglob("*") if path.is_file())


@pytest.mark.parametrize("deed", DISHONEST, ids=lambda one: one.__name__)
def test_the_monitor_tells_what_a_dishonest_log_does_once_and_keeps_the_notes(deed, store, tmp_path) -> None:
    one, ear = Operator(10, 300), Ear()
    assert visit(watched(one), store, ear, now=NOW).surprises == ()
    before = one.published().note
    deed(one)
    for _ in range(2):
        found = visit(watched(one), store, ear, now=NOW)
        assert [each.reason for each in found.surprises] == [DISHONEST[deed]]
    assert len(ear.heard) == 1
    if deed in CONVICTING:
        assert evidence_in(tmp_path) == sorted([before, one.published().note])
        assert {note.decode(each).text.split("\n")[0] for each in evidence_in(tmp_path)} == {ORIGIN}


def test_an_honest_log_is_followed_over_restarts_and_every_leaf_is_read_once(tmp_path) -> None:
    one, ear = Operator(10), Ear()
    new = []
    for size in (10, 300, 300, 9000):
        one.grow(size)
        with locked(tmp_path / "state") as store:
            found = visit(watched(one), store, ear, now=NOW)
            new.append(found.new)
    assert new == [10, 290, 0, 8700]
    assert ear.heard == []
    with locked(tmp_path / "state") as store:
        assert followed.load(store).edge.root() == one.log.committed.head.root


def test_leaves_that_were_known_must_still_be_served(store) -> None:
    """The head may be honest: whoever reads the bundle now would see another past than the one that is signed."""
    one, ear = Operator(10, 300), Ear()
    visit(watched(one), store, ear, now=NOW)
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept_entries = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle([leaf(7777), *kept_entries[1:]])
    assert [each.reason for each in visit(watched(one), store, ear, now=NOW).surprises] == ["consistency"]


def test_after_an_alarm_the_honest_history_is_still_believed(store) -> None:
    one, ear = Operator(300), Ear()
    visit(watched(one), store, ear, now=NOW)
    honest = dict(one.disk.files)
    grown_fork(one)
    assert visit(watched(one), store, ear, now=NOW).size == 300
    one.disk.files.clear()
    one.disk.files.update(honest)
    one.log = sequencer.open_log(StrictStore(one.disk), ORIGIN, LOG, now=NOW)
    one.grow(310)
    assert visit(watched(one), store, ear, now=NOW).new == 10


def test_what_nobody_heard_is_told_again(store) -> None:
    one, ear = Operator(300), Ear()
    one.log.append([b"what is this"], now=NOW)
    one.sign(one.log.committed.head)
    ear.deaf = True
    with pytest.raises(LogError, match="not_told"):
        visit(watched(one), store, ear, now=NOW)
    assert followed.load(store) == followed.NOTHING
    ear.deaf = False
    visit(watched(one), store, ear, now=NOW)
    assert [each.reason for each in ear.heard] == ["leaf_malformed"]


def test_a_log_that_cannot_be_reached_is_no_surprise_but_a_failure(store) -> None:
    class Away(Disk):
        def read(self, path: str, most: int) -> bytes | None:
            raise LogError("source_unreachable", path)

    one, ear = Operator(3), Ear()
    one.disk = Away()
    with pytest.raises(LogError, match="source_unreachable"):
        visit(watched(one), store, ear, now=NOW)
    assert ear.heard == []


def test_a_log_that_stays_hidden_until_its_head_is_old_wakes_somebody(store) -> None:
    one, ear = Operator(3), Ear()
    visit(watched(one), store, ear, now=NOW)
    one.disk.files.clear()
    for days, heard in ((1, 0), (8, 1), (9, 1)):
        with pytest.raises(LogError, match="source_missing"):
            visit(watched(one), store, ear, now=NOW + days * 86_400)
        assert len(ear.heard) == heard
    assert ear.heard[0].reason == "checkpoint_stale"


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200)
    | st.fixed_dictionaries(
        {
            "size": st.integers() | st.floats() | st.text(),
            "rows": st.lists(st.lists(st.text() | st.integers())),
            "note": st.text(),
        }
    ).map(lambda one: json.dumps(one).encode())
)
def test_any_bytes_as_a_state_are_damage(data) -> None:
    class Held:
        def read(self, _name: str) -> bytes:
            return data

    with pytest.raises(StoreError, match="store_damaged"):
        followed.load(Held())


def test_a_state_that_was_altered_is_not_followed_from(store) -> None:
    one = Operator(300)
    visit(watched(one), store, Ear(), now=NOW)
    data = store.read(followed.FOLLOWED)
    kept = json.loads(data)
    for spoiled in (
        {**kept, "size": 299},
        {**kept, "rows": kept["rows"][:-1]},
        {**kept, "note": ""},
        {**kept, "leaves": []},
        {**kept, "visited": None},
        {},
        [],
    ):
        store.replace(followed.FOLLOWED, json.dumps(spoiled).encode(), expected=store.read(followed.FOLLOWED))
        with pytest.raises(StoreError, match="store_damaged"):
            followed.load(store)


@pytest.mark.parametrize("deed", [fork, grown_fork, rollback, exchanged_leaf, rewritten_past, tiles_of_another_tree])
def test_a_mirror_copies_what_holds_and_stops_where_it_does_not(deed, tmp_path) -> None:
    one = Operator(10, 300)
    with locked(tmp_path) as store:
        assert copy(one.disk, TWO_OF_THREE, ORIGIN, store) == 300
        one.grow(350)
        assert copy(one.disk, TWO_OF_THREE, ORIGIN, store) == 350
        one = Operator(10, 300, 350) if deed is not rewritten_past else one
        before = (tmp_path / CHECKPOINT).read_bytes()
        deed(one)
        with pytest.raises(TlogError):
            copy(one.disk, TWO_OF_THREE, ORIGIN, store)
        assert (tmp_path / CHECKPOINT).read_bytes() == before
    found = audit(FolderSource(tmp_path / "public"), TWO_OF_THREE, ORIGIN)
    assert found.head.size == 350


@pytest.mark.parametrize(
    "deed", [omitted_leaf, missing_leaf, exchanged_leaf, tiles_of_another_tree, head_without_leaves]
)
def test_an_audit_finds_what_is_not_whole(deed) -> None:
    one = Operator(10, 300)
    audit(one.disk, TWO_OF_THREE, ORIGIN, committed=one.log.committed.note)
    deed(one)
    with pytest.raises((TlogError, LogError)) as failure:
        audit(one.disk, TWO_OF_THREE, ORIGIN)
    assert failure.value.reason in (DISHONEST[deed], "source_missing")


def test_an_audit_demands_that_the_committed_head_continues_the_published_one() -> None:
    one = Operator(300)
    forked = Operator(400, start=1000)
    with pytest.raises((TlogError, LogError)):
        audit(one.disk, TWO_OF_THREE, ORIGIN, committed=forked.log.committed.note)


CLIENT = {
    foreign_witness: "witness_quorum",
    quorum_short_by_one: "witness_quorum",
    false_cosignature: "witness_signature",
    foreign_log_key: "log_signature",
    another_log: "log_unknown",
}


@pytest.mark.parametrize("deed", CLIENT, ids=lambda one: one.__name__)
def test_a_client_refuses_the_same_head_for_the_same_reason(deed) -> None:
    one = Operator(300)
    deed(one)
    with pytest.raises(TlogError) as failure:
        head.verify(one.published().note, TWO_OF_THREE, origin=ORIGIN)
    assert failure.value.reason == CLIENT[deed] == DISHONEST[deed]
