"""Vendors that fail: every fault has its reason, and the older file stays where it is."""

import os
from collections.abc import Callable

import pytest
from image_pki import DAY, NOW
from image_run import Stand
from image_server import Reply, serving
from image_worlds import CRL_PATH, DCAP, QE_PATH, TCB_PATH, intel
from privity_image.collateral import download, store
from privity_image.collateral.subject import Subject
from privity_image.errors import Failed

GOOD = {"dcap-collateral": None}


@pytest.fixture
def vendors():
    with serving() as running:
        yield running


@pytest.fixture
def stand(tmp_path, vendors):
    vendors.replies |= intel().answers()
    made = Stand(tmp_path, vendors, Subject(dcap=DCAP))
    assert made.fetch() == GOOD
    vendors.asked.clear()
    return made


def tcb_body() -> bytes:
    return intel().answers()[TCB_PATH].body


FAULTS = {
    "404": (Reply(status=404), "not_found"),
    "500": (Reply(b"sorry", 500), "status"),
    "redirect to another host": (Reply(status=302, headers={"location": "http://127.0.0.2/elsewhere"}), "redirect"),
    "redirect to the same host": (Reply(status=301, headers={"location": QE_PATH}), "redirect"),
    "429 for an hour": (Reply(status=429, headers={"retry-after": "3600"}), "throttled"),
    "truncated": (Reply(tcb_body(), headers=intel().answers()[TCB_PATH].headers, fault="truncated"), "malformed"),
    "no answer": (Reply(fault="cut"), "malformed"),
    "wrong content": (Reply(b"<html>", headers=intel().answers()[TCB_PATH].headers), "malformed"),
    "oversized": (Reply(b"x" * (49 * 1024)), "too_large"),
    "compressed": (Reply(b"\x1f\x8b", headers={"content-encoding": "gzip"}), "malformed"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_reason_and_keeps_the_older_file(stand, vendors, fault) -> None:
    before = stand.folder.read("dcap-collateral")
    vendors.replies[TCB_PATH], reason = FAULTS[fault]
    assert stand.fetch(NOW + DAY) == {"dcap-collateral": reason}
    assert stand.folder.read("dcap-collateral") == before is not None
    entry = stand.folder.entries["dcap-collateral"]
    assert (entry.tried_at, entry.stored_at) == (NOW + DAY, NOW)
    assert entry.failure is not None
    assert entry.failure.startswith(reason)
    assert vendors.asked[0] == TCB_PATH
    assert stand.pauses == []
    assert reason != "redirect" or vendors.asked == [TCB_PATH]


def test_a_slow_drip_ends_at_the_deadline_of_the_whole_exchange(stand, vendors) -> None:
    vendors.replies[TCB_PATH] = Reply(b"{", fault="drip")
    stand.deadline = 0.2
    assert stand.fetch() == {"dcap-collateral": "timeout"}


def test_the_limit_does_not_wait_for_the_end_of_an_answer(stand, vendors) -> None:
    vendors.replies[TCB_PATH] = Reply(b"x" * (49 * 1024), fault="drip")
    assert stand.fetch() == {"dcap-collateral": "too_large"}


def test_nobody_listening_is_unreachable(stand) -> None:
    stand.settings.addresses["intel_pcs"] = "http://127.0.0.1:9"
    assert stand.fetch() == {"dcap-collateral": "unreachable"}


@pytest.mark.parametrize(
    ("header", "waited"),
    [({"retry-after": "5"}, 5.0), ({}, 2.0), ({"retry-after": "soon"}, 2.0), ({"retry-after": "-1"}, 2.0)],
)
def test_a_throttled_request_is_tried_again_after_the_asked_pause(stand, vendors, header, waited) -> None:
    good = vendors.replies[TCB_PATH]
    vendors.replies[TCB_PATH] = [Reply(status=429, headers=header), good]
    assert stand.fetch() == GOOD
    assert stand.pauses == [waited]


def test_a_date_to_come_back_is_understood(stand, vendors, monkeypatch) -> None:
    monkeypatch.setattr(download.time, "time", lambda: float(NOW))
    good = vendors.replies[TCB_PATH]
    vendors.replies[TCB_PATH] = [Reply(status=503, headers={"retry-after": "Fri, 15 Jan 2027 08:00:40 GMT"}), good]
    assert stand.fetch() == GOOD
    assert stand.pauses == [40.0]


def test_patience_ends_after_three_attempts(stand, vendors) -> None:
    vendors.replies[TCB_PATH] = Reply(status=429, headers={"retry-after": "1"})
    assert stand.fetch() == {"dcap-collateral": "throttled"}
    assert vendors.asked == [TCB_PATH] * download.ATTEMPTS
    assert len(stand.pauses) == download.ATTEMPTS - 1


def test_older_data_never_replaces_newer(stand, vendors) -> None:
    before = stand.folder.read("dcap-collateral")
    vendors.replies |= {TCB_PATH: intel().answers(since=NOW - 2 * DAY)[TCB_PATH]}
    assert stand.fetch() == {"dcap-collateral": "older"}
    assert stand.folder.read("dcap-collateral") == before
    vendors.replies |= intel().answers(since=NOW - DAY + 1)
    assert stand.fetch() == GOOD
    assert stand.folder.read("dcap-collateral") != before


def failing(call: int, wrapped: Callable[..., object]) -> Callable[..., object]:
    """`wrapped`, which fails at the given call as a full disk does."""
    left = [call]

    def run(*arguments: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        return wrapped(*arguments)

    return run


BROKEN = [("fsync", 1, "old"), ("replace", 1, "old"), ("fsync", 2, "unknown"), ("fsync", 3, "unknown")]
BROKEN += [("replace", 2, "unknown"), ("fsync", 4, "new")]


@pytest.mark.parametrize(("operation", "call", "known"), BROKEN)
def test_a_write_that_fails_leaves_a_whole_file_and_is_healed_by_the_next_run(
    stand, vendors, monkeypatch, operation, call, known
) -> None:
    """A run syncs file and folder, for the item and then for the state; where the state could not follow, the file is
    whole but not passed off as known."""
    old = stand.folder.read("dcap-collateral")
    vendors.replies |= intel().answers(since=NOW - DAY + 1)
    with monkeypatch.context() as broken:
        broken.setattr(store.os, operation, failing(call, getattr(os, operation)))
        with pytest.raises(Failed, match="store"):
            stand.fetch()
    stand.folder.load()
    found = stand.folder.read("dcap-collateral")
    on_disk = (stand.folder.path / "dcap-collateral").read_bytes()
    assert stand.fetch() == GOOD
    new = stand.folder.read("dcap-collateral")
    assert found == {"old": old, "unknown": None, "new": new}[known]
    assert on_disk == (old if known == "old" else new)
    assert sorted(path.name for path in stand.folder.path.iterdir()) == [".lock", "dcap-collateral", "state.json"]


def test_what_an_interrupted_run_left_is_removed(stand) -> None:
    (stand.folder.path / ".dcap-collateral.part").write_bytes(b"half")
    assert stand.fetch() == GOOD
    assert not (stand.folder.path / ".dcap-collateral.part").exists()


def test_two_runs_do_not_meet(stand) -> None:
    with stand.folder.exclusive(), pytest.raises(Failed, match="another run"):
        stand.fetch()
    assert stand.fetch() == GOOD


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b'{"items":[],"v":1}', b'{"items":{"a":{}},"v":1}', b"\xff", b"[" * 4000]
)
def test_a_damaged_state_is_refused_and_says_where(stand, damage) -> None:
    (stand.folder.path / store.STATE).write_bytes(damage)
    with pytest.raises(Failed, match=r"state\.json"):
        stand.fetch()


def test_the_state_is_read_as_it_was_written(stand, vendors) -> None:
    vendors.replies[CRL_PATH] = Reply(status=404)
    stand.fetch(NOW + 1)
    written = dict(stand.folder.entries)
    stand.folder.load()
    assert stand.folder.entries == written
    assert {one.kind for one in written["dcap-collateral"].periods} == {"signed", "certificate", "policy"}


def test_a_name_cannot_act_on_a_terminal(stand, vendors) -> None:
    stand.folder.failed("dcap-collateral", Failed("mismatch", "\x1b[2J\u202e" + "x" * 900), NOW)
    stand.folder.load()
    failure = stand.folder.entries["dcap-collateral"].failure
    assert failure is not None
    assert failure.startswith("mismatch: ?[2J?xxx")
    assert len(failure) == 500
