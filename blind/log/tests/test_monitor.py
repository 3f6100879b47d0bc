"""Dishonest logs against the monitor, the mirror, the audit and what a client checks: a sentence, and the reason."""

import json
from hashlib import sha256

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
from privity_log.leaf_checks import checks_for
from privity_log.mirror import copy
from privity_log.monitor import visit
from privity_log.sequencer import CHECKPOINT
from privity_log.source import FolderSource
from privity_log.store import locked
from privity_log.surprise import Surprise
from privity_log.web_bundle import compare_web
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


LEAVES = {
    b'{"t":"release","v":1}': None,
    b'{"t":"directory","v":1}': "leaf_unknown",
    b'{"t":"surprise","v":1}': "leaf_unknown",
    b'{"t":5}': "leaf_malformed",
    b'["t"]': "leaf_malformed",
    b'{"t":"web","t":"release"}': "leaf_malformed",
    b"\xff": "leaf_malformed",
    b"[" * 60_000: "leaf_malformed",
}


@pytest.mark.parametrize("entry", LEAVES, ids=lambda one: repr(one[:24]))
def test_a_leaf_of_no_known_kind_is_a_surprise(entry) -> None:
    found = checks_for(ORIGIN, None).surprises(ORIGIN, 0, entry, {})
    assert [each.reason for each in found] == ([LEAVES[entry]] if LEAVES[entry] else [])


def test_a_log_that_stays_hidden_until_its_head_is_old_wakes_somebody(store) -> None:
    one, ear = Operator(3), Ear()
    visit(watched(one), store, ear, now=NOW)
    one.disk.files.clear()
    for days, heard in ((1, 0), (8, 1), (9, 1)):
        with pytest.raises(LogError, match="source_missing"):
            visit(watched(one), store, ear, now=NOW + days * 86_400)
        assert len(ear.heard) == heard
    assert ear.heard[0].reason == "checkpoint_stale"


def test_names_that_a_log_chose_cannot_steer_a_terminal_or_break_a_mail(tmp_path) -> None:
    text = compare_web({"files": {"\x1b[2J": "0", "\ud800": "0"}}, tmp_path)
    assert text is not None
    assert text.isascii()
    assert "\x1b" not in text
    assert len(Surprise(ORIGIN, "leaf_differs", text).id) == 32


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | st.text() | st.integers(), st.lists).map(
        lambda one: json.dumps({"t": one}).encode()
    )
)
def test_any_bytes_as_a_leaf_are_a_surprise_of_the_list_or_none(entry) -> None:
    checks = checks_for(ORIGIN, None)
    reasons = {each.reason for each in checks.surprises(ORIGIN, 0, entry, {})}
    assert reasons <= {"leaf_malformed", "leaf_unknown"}
    assert all(len(each.id) == 32 for each in checks.surprises(ORIGIN, 0, entry, {}))


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


def test_the_newest_logged_web_bundle_is_compared_with_the_rebuilt_one(store, tmp_path) -> None:
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(b"<html>")
    (built / "assets/app.js").write_bytes(b"app")
    files = {"index.html": sha256(b"<html>").hexdigest(), "assets/app.js": sha256(b"app").hexdigest()}

    def web(listed: dict) -> bytes:
        return json.dumps({"t": "web", "v": 1, "files": listed}).encode()

    one, ear = Operator(3), Ear()
    one.log.append([web({"index.html": "old"}), web(files)], now=NOW)
    one.sign(one.log.committed.head)
    assert visit(watched(one, built), store, ear, now=NOW).surprises == ()
    for listed, named in (
        ({**files, "assets/app.js": "0" * 64}, "assets/app.js"),
        ({**files, "extra.js": "0" * 64}, "extra.js"),
    ):
        one.log.append([web(listed)], now=NOW)
        one.sign(one.log.committed.head)
        found = visit(watched(one, built), store, ear, now=NOW).surprises
        assert [each.reason for each in found] == ["leaf_differs"]
        assert named in found[0].detail


def revoked(time: object, *keys: str, **more) -> bytes:
    lists = {"releases": [], "keys": list(keys), "platforms": []}
    return json.dumps({"t": "revocations", "v": 1, "time": time, **lists, **more}).encode()


REVOCATIONS = {
    "the same again": ([revoked(NOW, "a"), revoked(NOW, "a")], None),
    "one more": ([revoked(NOW, "a"), revoked(NOW, "a", "b")], None),
    "one gone": ([revoked(NOW, "a", "b"), revoked(NOW, "a")], "leaf_differs"),
    "one gone for another": ([revoked(NOW, "a"), revoked(NOW, "b")], "leaf_differs"),
    "no list": ([revoked(NOW, "a"), revoked(NOW, keys=None)], "leaf_differs"),
    "too old": ([revoked(NOW - 8 * 86_400 - 1)], "leaf_late"),
    "just not too old": ([revoked(NOW - 8 * 86_400)], None),
    "without a time": ([revoked("now")], "leaf_late"),
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("leaves", "reason"), REVOCATIONS.values(), ids=REVOCATIONS)
def test_revocations_never_shrink_and_never_stop(leaves, reason, at_once, store) -> None:
    """Whether the monitor reads the leaves in one visit or remembers them from one to the next."""
    one, ear = Operator(3), Ear()
    for entries in [leaves] if at_once else [[entry] for entry in leaves]:
        one.log.append([*entries, leaf(1000 + one.log.committed.head.size)], now=NOW)
        one.sign(one.log.committed.head)
        visit(watched(one), store, ear, now=NOW)
    assert [each.reason for each in ear.heard] == ([reason] if reason else [])


def test_revocations_that_stop_are_noticed_though_nothing_new_came(store) -> None:
    one, ear = Operator(3), Ear()
    one.log.append([revoked(NOW)], now=NOW)
    one.now = NOW + 9 * 86_400
    one.sign(one.log.committed.head)
    for days in (9, 10, 11):
        visit(watched(one), store, ear, now=NOW + days * 86_400)
    assert [each.reason for each in ear.heard] == ["leaf_late"]


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
