"""A session id is worth one request, whoever asks how often."""

import contextlib
import random
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave.sessions import Lineage, SessionTable, TableFull, UnknownSession

KID = b"kid-kid-"


def sid(number: int) -> bytes:
    return number.to_bytes(16)


def table(limit: int = 4, erased: list[str] | None = None) -> SessionTable[str]:
    return SessionTable(limit=limit, chain_runs=32, erase=[].append if erased is None else erased.append)


def begin(
    sessions: SessionTable[str], number: int, *, now: float = 0.0, kid: bytes = KID, ends: float = 3600.0
) -> None:
    sessions.begin(sid(number), f"chain {number}", kid=kid, ends=ends, ttl=120, now=now)


def gone(sessions: SessionTable[str], number: int, *, kid: bytes = KID, now: float = 0.0) -> bool:
    try:
        sessions.take(sid(number), kid=kid, now=now)
    except UnknownSession:
        return True
    return False


def test_a_session_opens_one_request() -> None:
    sessions = table()
    begin(sessions, 1)
    taken = sessions.take(sid(1), kid=KID, now=119.9)
    assert (taken.chain, taken.lineage) == ("chain 1", Lineage(sid(1), KID, 0, 3600.0))
    assert gone(sessions, 1)


def test_an_unknown_an_expired_and_a_foreign_session_look_the_same() -> None:
    sessions = table()
    begin(sessions, 1)
    begin(sessions, 2)
    assert gone(sessions, 9)
    assert gone(sessions, 1, now=120.0)
    assert gone(sessions, 2, kid=b"another-")
    assert gone(sessions, 2), "asking under a wrong key uses the session up"


def test_a_session_never_outlives_its_key() -> None:
    sessions = table()
    begin(sessions, 1, ends=50.0)
    assert gone(sessions, 1, now=50.0)


def test_the_oldest_session_without_a_request_goes_first() -> None:
    sessions = table(limit=3)
    begin(sessions, 1)
    first = sessions.take(sid(1), kid=KID, now=0.0)
    sessions.chain(sid(2), "next", first.lineage, ttl=600, now=0.0)
    begin(sessions, 3, now=1.0)
    begin(sessions, 4, now=2.0)
    begin(sessions, 5, now=3.0)
    assert len(sessions) == 3
    assert gone(sessions, 3, now=3.0)
    assert not gone(sessions, 2, now=3.0)
    assert not gone(sessions, 4, now=3.0)


def test_a_stranger_cannot_push_out_a_session_that_carried_a_request() -> None:
    sessions = table(limit=1)
    sessions.chain(sid(1), "next", Lineage(sid(0), KID, 0, 3600.0), ttl=600, now=0.0)
    with pytest.raises(TableFull):
        begin(sessions, 2)
    assert not gone(sessions, 1)


def test_a_full_table_of_chains_drops_its_oldest_for_the_next_of_a_chain() -> None:
    sessions = table(limit=2)
    lineage = Lineage(sid(0), KID, 0, 3600.0)
    for number in (1, 2, 3):
        sessions.chain(sid(number), "next", lineage, ttl=600, now=0.0)
    assert gone(sessions, 1)
    assert not gone(sessions, 3)


def test_room_is_made_by_time_before_anything_living_is_dropped() -> None:
    sessions = table(limit=2)
    begin(sessions, 1, now=0.0)
    begin(sessions, 2, now=100.0)
    begin(sessions, 3, now=120.0)
    assert not gone(sessions, 2, now=120.0)
    assert not gone(sessions, 3, now=120.0)


def test_the_next_session_of_a_chain_counts_its_runs_and_keeps_its_origin_and_end() -> None:
    sessions = table()
    begin(sessions, 1, ends=700.0)
    taken = sessions.take(sid(1), kid=KID, now=0.0)
    sessions.chain(sid(2), "next", taken.lineage, ttl=600, now=150.0)
    following = sessions.take(sid(2), kid=KID, now=699.9)
    assert following.lineage == Lineage(sid(1), KID, 1, 700.0)
    sessions.chain(sid(3), "next", following.lineage, ttl=600, now=650.0)
    assert gone(sessions, 3, now=700.0)


def test_the_secret_of_a_session_that_opens_nothing_any_more_is_erased() -> None:
    erased: list[str] = []
    sessions = table(limit=2, erased=erased)
    begin(sessions, 1)
    begin(sessions, 2, kid=b"another-")
    begin(sessions, 3)
    assert erased == ["chain 1"], "evicted"
    assert gone(sessions, 3, now=120.0)
    assert erased == ["chain 1", "chain 3"], "expired"
    begin(sessions, 4)
    assert gone(sessions, 4, kid=b"another-")
    sessions.forget(b"another-")
    begin(sessions, 5)
    begin(sessions, 6, now=120.0)
    assert erased[2:] == ["chain 4", "chain 2", "chain 5"], "foreign, of a destroyed key, swept"
    full = table(limit=1, erased=erased)
    full.chain(sid(1), "first", Lineage(sid(0), KID, 0, 9.0), ttl=9, now=0.0)
    with pytest.raises(TableFull):
        begin(full, 7)
    full.chain(sid(2), "second", Lineage(sid(0), KID, 0, 9.0), ttl=9, now=0.0)
    assert erased[5:] == ["chain 7", "first"], "no room"
    full.take(sid(2), kid=KID, now=0.0)
    assert len(erased) == 7


def test_a_chain_ends_after_its_runs_or_at_its_time() -> None:
    sessions = table()
    assert sessions.continues(Lineage(sid(1), KID, 30, 100.0), now=99.0)
    assert not sessions.continues(Lineage(sid(1), KID, 31, 100.0), now=99.0)
    assert not sessions.continues(Lineage(sid(1), KID, 30, 100.0), now=100.0)


def test_a_destroyed_key_takes_its_sessions_along() -> None:
    sessions = table()
    begin(sessions, 1)
    begin(sessions, 2, kid=b"another-")
    sessions.chain(sid(3), "next", Lineage(sid(0), KID, 0, 3600.0), ttl=600, now=0.0)
    sessions.forget(KID)
    assert len(sessions) == 1
    assert not gone(sessions, 2, kid=b"another-")


@pytest.mark.parametrize("bad", [b"short", sid(1)])
def test_a_session_id_is_new_and_of_its_size(bad: bytes) -> None:
    sessions = table()
    begin(sessions, 1)
    with pytest.raises(AssertionError):
        sessions.begin(bad, "chain", kid=KID, ends=1.0, ttl=1, now=0.0)


class Yielding(bytes):
    """A session id that lets another thread run whenever it is looked up."""

    def __hash__(self) -> int:
        time.sleep(0)
        return super().__hash__()


def test_of_many_threads_with_one_session_id_one_gets_the_session() -> None:
    sessions = table(limit=200)
    for number in range(100):
        begin(sessions, number)
    taken: list[int] = []
    barrier = threading.Barrier(4)

    def take_all() -> None:
        barrier.wait()
        for number in range(100):
            with contextlib.suppress(UnknownSession):
                sessions.take(Yielding(sid(number)), kid=KID, now=0.0)
                taken.append(number)

    threads = [threading.Thread(target=take_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(100))


class Interleaved(bytes):
    """A session id that lets another caller in when the table looks it up a second time."""

    other: Callable[[], None]
    looks = 0

    def __hash__(self) -> int:
        self.looks += 1
        if self.looks == 2:
            self.other()
        return bytes.__hash__(self)


def test_nobody_gets_in_between_finding_a_session_and_removing_it() -> None:
    sessions = table(limit=4)
    begin(sessions, 0)
    taken: list[bytes] = []

    def take(identifier: bytes) -> None:
        with contextlib.suppress(UnknownSession):
            sessions.take(identifier, kid=KID, now=0.0)
            taken.append(identifier)

    crowded = Interleaved(sid(0))
    crowded.other = lambda: take(sid(0))
    take(crowded)
    take(sid(0))
    assert len(taken) == 1


@given(st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_table_agrees_with_a_plain_model_and_never_exceeds_its_limit(limit: int, chance: random.Random) -> None:
    sessions = table(limit=limit)
    made: set[bytes] = set()
    used: set[bytes] = set()
    now = 0.0
    for number in range(60):
        now += chance.choice([0.0, 1.0, 30.0, 200.0])
        if chance.random() < 0.6:
            with contextlib.suppress(TableFull):
                begin(sessions, number, now=now, ends=now + 3600)
                made.add(sid(number))
        elif made:
            chosen = chance.choice(sorted(made))
            try:
                taken = sessions.take(chosen, kid=KID, now=now)
            except UnknownSession:
                continue
            assert chosen not in used
            used.add(chosen)
            sessions.chain(sid(1000 + number), "next", taken.lineage, ttl=600, now=now)
            made.add(sid(1000 + number))
        assert len(sessions) <= limit
