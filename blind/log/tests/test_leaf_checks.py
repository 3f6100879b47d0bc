"""What a monitor says about leaves: out of form, of no known kind, against the rules of their kind, missing."""

import json
from hashlib import sha256

import pytest
from dishonest import REVOKED, Ear, Operator, leaf, watched
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_log import release_leaf
from privity_log.leaf_checks import Moment, checks_for
from privity_log.monitor import visit
from privity_log.store import locked
from privity_log.surprise import Surprise
from privity_log.web_bundle import compare_web
from privity_protocol import canonical, directory
from privity_tlog.leaves import fleet, issuers, revocations, trust, web
from privity_tlog.leaves.fleet import Fleet
from privity_tlog.leaves.issuers import Issuers
from privity_tlog.leaves.revocations import Revocations
from privity_tlog.leaves.trust import Trust
from privity_tlog.leaves.web import Web
from stand import NOW, ORIGIN

DAY = 86_400
KEYS_ORIGIN = "log.example/keys"
A, B = bytes([1]) * 32, bytes([2]) * 32
FLEET = Fleet("local", NOW, (), ())
POLICY = Trust(NOW, "quorum none\n", bytes(32), None)
ISSUERS = Issuers("local", NOW, ())


@pytest.fixture
def store(tmp_path):
    with locked(tmp_path / "state") as made:
        yield made


def reasons(*entries: bytes, origin: str = ORIGIN, now: int = NOW, before: int = 0) -> list[str]:
    """What each leaf in turn is surprising by."""
    checks, newest = checks_for(origin, None), {}
    return [
        each.reason
        for index, entry in enumerate(entries)
        for each in checks.surprises(origin, index, entry, newest, Moment(now, before))
    ]


WELL_FORMED = {
    "release": leaf(1),
    "web": web.encode(Web("1", "local", {"index.html": A})),
    "fleet": fleet.encode(FLEET),
    "policy": trust.encode(POLICY),
    "revocations": REVOKED,
}
HOURLY = {
    "directory": directory.encode(directory.Directory(NOW, NOW + 60, None, ())),
    "issuers": issuers.encode(ISSUERS),
}


def test_every_kind_of_the_specification_is_known_in_its_log_and_in_no_other() -> None:
    for kind, entry in (WELL_FORMED | HOURLY).items():
        ours, other = (ORIGIN, KEYS_ORIGIN) if kind in WELL_FORMED else (KEYS_ORIGIN, ORIGIN)
        assert reasons(entry, origin=ours) == [], kind
        assert reasons(entry, origin=other) == ["leaf_unknown"], kind
        assert reasons(entry, origin="log.example/all") == [], kind


@pytest.mark.parametrize("kind", WELL_FORMED | HOURLY)
def test_a_leaf_out_of_its_form_is_malformed_whatever_its_kind(kind: str) -> None:
    entry = (WELL_FORMED | HOURLY)[kind]
    members = json.loads(entry)
    origin = "log.example/all"
    assert reasons(entry + b" ", origin=origin) == ["leaf_malformed"]
    assert reasons(canonical.encode(members | {"more": 1}), origin=origin) == ["leaf_malformed"]
    for name in members.keys() - {"t"}:
        fewer = {each: value for each, value in members.items() if each != name}
        assert reasons(canonical.encode(fewer), origin=origin) == ["leaf_malformed"], name
        assert reasons(canonical.encode(members | {name: {"x": 1}}), origin=origin) == ["leaf_malformed"], name


@pytest.mark.parametrize(
    "entry",
    [b'{"t":5}', b'["t"]', b'{"t":"web","t":"release"}', b"\xff", b"[" * 60_000, b'{"t":"A"}', b""],
    ids=lambda one: repr(one[:24]),
)
def test_what_has_no_kind_is_malformed(entry: bytes) -> None:
    assert reasons(entry) == ["leaf_malformed"]


@pytest.mark.parametrize(
    "members",
    [
        {"platforms": {}}, {"platforms": []}, {"platforms": {"TDX": {}}}, {"platforms": {"tdx": 1}},
        {"configuration": []}, {"models": ["x"]}, {"models": ["11" * 32, "11" * 32]}, {"source": "main"},
        {"flags": ["NO"]}, {"flags": ["a"] * 17}, {"not_before": -1}, {"name": ""}, {"v": 2},
    ],
    ids=str,
)  # fmt: skip
def test_a_release_out_of_its_form_is_malformed(members: dict[str, object]) -> None:
    assert reasons(leaf(1, **members)) == ["leaf_malformed"]


SOON = NOW + DAY - release_leaf.ALLOWANCE
HASTY = {
    "a day after": ({"not_before": SOON}, None),
    "less than a day after": ({"not_before": SOON - 1}, "leaf_early"),
    "at once": ({"not_before": NOW}, "leaf_early"),
    "at once, in an emergency": ({"not_before": NOW, "flags": ["emergency"]}, None),
    "at once, with another flag": ({"not_before": NOW, "flags": ["experiment"]}, "leaf_early"),
    "at once, simulated": ({"not_before": NOW, "platforms": {"sim_tpm": {}, "simulated": {}}}, None),
    "at once, not only simulated": ({"not_before": NOW, "platforms": {"simulated": {}, "tdx": {}}}, "leaf_early"),
}


@pytest.mark.parametrize(("members", "reason"), HASTY.values(), ids=HASTY)
def test_a_release_is_announced_a_day_before_it_may_run(members, reason) -> None:
    """Judged from the visit before: the leaf appeared after that. At a first visit, nobody can say when."""
    assert reasons(leaf(1, **members), before=NOW, now=NOW + 600) == ([reason] if reason else [])
    assert reasons(leaf(1, **members), before=0) == []


def test_the_monitor_knows_when_it_looked_last(store) -> None:
    one, ear = Operator(3), Ear()
    visit(watched(one), store, ear, now=NOW)
    visit(watched(one), store, ear, now=NOW + DAY)
    one.log.append([leaf(77, not_before=NOW + DAY + 3600)], now=NOW)
    one.now = NOW + DAY
    one.sign(one.log.committed.head)
    visit(watched(one), store, ear, now=NOW + DAY + 60)
    assert [each.reason for each in ear.heard] == ["leaf_early"]


@pytest.mark.parametrize("kind", ["fleet", "policy", "revocations", "issuers"])
def test_the_newest_leaf_of_its_kind_is_not_older_than_the_one_before_nor_of_tomorrow(kind: str) -> None:
    members = json.loads((WELL_FORMED | HOURLY)[kind])

    def of(time: int) -> bytes:
        return canonical.encode(members | {"time": time})

    origin = "log.example/all"
    assert reasons(of(NOW), of(NOW), of(NOW + 300), origin=origin) == []
    assert reasons(of(NOW), of(NOW - 1), origin=origin) == ["leaf_differs"]
    assert reasons(of(NOW + 301), origin=origin) == ["leaf_differs"]


def test_each_directory_names_the_one_before() -> None:
    first, none = HOURLY["directory"], directory.Directory(NOW + 60, NOW + 120, None, ())
    second = directory.encode(directory.Directory(NOW + 60, NOW + 120, sha256(first).digest(), ()))
    assert reasons(first, second, origin=KEYS_ORIGIN) == []
    assert reasons(first, directory.encode(none), origin=KEYS_ORIGIN) == ["leaf_differs"]
    assert reasons(second, origin=KEYS_ORIGIN) == ["leaf_differs"]


def revoked(time: int, *keys: bytes, releases: tuple[bytes, ...] = ()) -> bytes:
    return revocations.encode(Revocations(time, releases, keys, ()))


REVOCATIONS = {
    "the same again": ([revoked(NOW, A), revoked(NOW, A)], None),
    "one more": ([revoked(NOW, A), revoked(NOW, A, B)], None),
    "one gone": ([revoked(NOW, A, B), revoked(NOW, A)], "leaf_differs"),
    "one gone for another": ([revoked(NOW, A), revoked(NOW, B)], "leaf_differs"),
    "moved to another list": ([revoked(NOW, A), revoked(NOW, releases=(A,))], "leaf_differs"),
    "too old": ([revoked(NOW - 8 * DAY - 1)], "leaf_late"),
    "just not too old": ([revoked(NOW - 8 * DAY)], None),
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("leaves", "reason"), REVOCATIONS.values(), ids=REVOCATIONS)
def test_revocations_never_shrink_and_never_stop(leaves, reason, at_once, store) -> None:
    """Whether the monitor reads the leaves in one visit or remembers them from one to the next."""
    one, ear = Operator(), Ear()
    for entries in [leaves] if at_once else [[entry] for entry in leaves]:
        one.log.append([*entries, leaf(1000 + one.log.committed.head.size)], now=NOW)
        one.sign(one.log.committed.head)
        visit(watched(one), store, ear, now=NOW)
    assert [each.reason for each in ear.heard] == ([reason] if reason else [])


def test_revocations_that_stop_are_noticed_though_nothing_new_came(store) -> None:
    one, ear = Operator(3), Ear()
    one.now = NOW + 9 * DAY
    one.sign(one.log.committed.head)
    for days in (9, 10, 11):
        visit(watched(one), store, ear, now=NOW + days * DAY)
    assert [each.reason for each in ear.heard] == ["leaf_late"]


def test_releases_without_any_revocations_are_noticed(store) -> None:
    one, ear = Operator(), Ear()
    one.log.append([WELL_FORMED["fleet"]], now=NOW)
    one.sign(one.log.committed.head)
    visit(watched(one), store, ear, now=NOW)
    assert ear.heard == []
    one.log.append([leaf(1)], now=NOW)
    one.sign(one.log.committed.head)
    visit(watched(one), store, ear, now=NOW)
    assert [each.reason for each in ear.heard] == ["leaf_late"]


def test_the_newest_logged_web_bundle_is_compared_with_the_rebuilt_one(store, tmp_path) -> None:
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(b"<html>")
    (built / "assets/app.js").write_bytes(b"app")
    files = {"index.html": sha256(b"<html>").digest(), "assets/app.js": sha256(b"app").digest()}

    def of(listed: dict[str, bytes]) -> bytes:
        return web.encode(Web("1", "local", listed))

    one, ear = Operator(3), Ear()
    one.log.append([of({"index.html": A}), of(files)], now=NOW)
    one.sign(one.log.committed.head)
    assert visit(watched(one, built), store, ear, now=NOW).surprises == ()
    for listed, named in (({**files, "assets/app.js": A}, "assets/app.js"), ({**files, "extra.js": A}, "extra.js")):
        one.log.append([of(listed)], now=NOW)
        one.sign(one.log.committed.head)
        found = visit(watched(one, built), store, ear, now=NOW).surprises
        assert [each.reason for each in found] == ["leaf_differs"]
        assert named in found[0].detail


def test_names_cannot_steer_a_terminal_or_break_a_mail(tmp_path) -> None:
    text = compare_web({"\x1b[2J": A, "\ud800": A}, tmp_path)
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
    | st.dictionaries(st.sampled_from(sorted(json.loads(leaf(1)))), st.none() | st.text() | st.integers(0, 99)).map(
        lambda one: (
            canonical.encode(json.loads(leaf(1)) | {name: str(value)[:9] for name, value in one.items()})
            if all(str(value).isascii() for value in one.values())
            else b""
        )
    )
)
def test_any_bytes_as_a_leaf_are_a_surprise_of_the_list_or_none(entry) -> None:
    found = checks_for(ORIGIN, None).surprises(ORIGIN, 0, entry, {}, Moment(NOW, 0))
    assert {each.reason for each in found} <= {"leaf_malformed", "leaf_unknown"}
    assert all(len(each.id) == 32 for each in found)


def issued(time: int, *keys: tuple[str, bytes]) -> bytes:
    """An issuers leaf; each key ends in an hour."""
    listed = (issuers.IssuerKey(plan, "2026-11-25", NOW - DAY, NOW + 3600, spki) for plan, spki in keys)
    return issuers.encode(Issuers("local", time, tuple(listed)))


def test_a_token_key_is_never_exchanged_and_stays_until_its_end() -> None:
    free, paid, other = ("free", A), ("paid", B), ("free", B)
    first, more = issued(NOW, free), issued(NOW + 60, free, paid)
    assert reasons(first, more, origin=KEYS_ORIGIN) == []
    assert reasons(first, issued(NOW + 60, other), origin=KEYS_ORIGIN) == ["leaf_differs"]
    assert reasons(more, issued(NOW + 60, paid), origin=KEYS_ORIGIN) == ["leaf_differs"]
    assert reasons(more, issued(NOW + 3600, paid), origin=KEYS_ORIGIN, now=NOW + 3600) == []
