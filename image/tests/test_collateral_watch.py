"""Alarms: at half life of every date, at its end, and for what is missing or altered."""

import json

import pytest
from image_pki import DAY, NOW
from image_run import Stand
from image_server import serving
from image_worlds import DCAP, intel
from privity_image.collateral import run
from privity_image.collateral.item import Period
from privity_image.collateral.store import Entry
from privity_image.collateral.subject import Subject
from privity_image.collateral.watch import acknowledgement, alarms, day

PERIOD = Period("tcb_info", NOW, NOW + 30 * DAY)
HALF = NOW + 15 * DAY


def told(
    *periods: Period, now: int, acknowledged: frozenset[str] = frozenset(), notes: tuple[str, ...] = ()
) -> list[str]:
    entry = Entry("00" * 32, NOW, periods, notes, NOW, None)
    return [one.text for one in alarms({"x": entry}, {"x"}, {"x"}, acknowledged, now)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (HALF - 1, []),
        (HALF, ["tcb_info ends on 2027-02-14: half of its time has passed"]),
        (NOW + 30 * DAY - 1, ["tcb_info ends on 2027-02-14: half of its time has passed"]),
        (NOW + 30 * DAY, ["tcb_info ended on 2027-02-14"]),
    ],
)
def test_the_alarm_begins_at_half_life_to_the_second(now, expected) -> None:
    assert told(PERIOD, now=now) == expected


def test_every_date_is_watched_whatever_its_kind() -> None:
    periods = [Period(kind, NOW, NOW + 2, kind) for kind in ("signed", "certificate", "policy")]
    assert len(told(*periods, now=NOW + 1)) == 3


def test_an_acknowledged_date_is_silent_until_its_end_and_a_new_one_rings() -> None:
    known = frozenset({acknowledgement("x", PERIOD)})
    assert known == {"x: tcb_info until 2027-02-14"}
    assert told(PERIOD, now=HALF, acknowledged=known) == []
    assert told(PERIOD, now=PERIOD.until, acknowledged=known) == ["tcb_info ended on 2027-02-14"]
    newer = Period("tcb_info", NOW + DAY, NOW + 31 * DAY)
    assert len(told(newer, now=newer.half, acknowledged=known)) == 1


def test_missing_and_altered_files_and_notes_are_told() -> None:
    assert [one.text for one in alarms({}, set(), {"x"}, set(), NOW)] == ["not stored"]
    entry = Entry("00" * 32, NOW, (), (), NOW, "timeout: y")
    assert [one.text for one in alarms({"x": entry}, set(), set(), set(), NOW)] == ["not stored (timeout: y)"]
    assert told(now=NOW, notes=("OCSP: revoked",)) == ["OCSP: revoked"]


def test_a_file_changed_behind_our_back_is_missing(tmp_path) -> None:
    with serving() as vendors:
        vendors.replies |= intel().answers()
        stand = Stand(tmp_path, vendors, Subject(dcap=DCAP))
        stand.fetch()
    assert run.watch(stand.settings, stand.folder, NOW) == []
    (tmp_path / "dcap-collateral").write_bytes(b"other")
    assert [one.text for one in run.watch(stand.settings, stand.folder, NOW)] == ["not stored"]


def test_intels_age_for_clients_rings_before_intels_own_date(tmp_path) -> None:
    """Clients take seven days by default, Intel allows thirty."""
    with serving() as vendors:
        vendors.replies |= intel().answers(since=NOW)
        stand = Stand(tmp_path, vendors, Subject(dcap=DCAP))
        stand.fetch()
    told = {one.text.split(" ends")[0] for one in run.watch(stand.settings, stand.folder, NOW + 7 * DAY // 2)}
    assert told == {"tcb_info age", "qe_identity age"}


def test_the_state_is_small_canonical_json_with_dates(tmp_path) -> None:
    with serving() as vendors:
        vendors.replies |= intel().answers()
        Stand(tmp_path, vendors, Subject(dcap=DCAP)).fetch()
    value = json.loads((tmp_path / "state.json").read_bytes())
    periods = {what: (kind, until) for what, kind, _, until in value["items"]["dcap-collateral"]["periods"]}
    assert periods["tcb_info"] == ("signed", NOW + 29 * DAY)
    assert periods["pck_crl issuer 0"][0] == "certificate"


def test_a_date_beyond_the_calendar_is_still_a_line() -> None:
    assert day(253_402_300_799) == "9999-12-31"
    assert day(2**52) == "an impossible date"
