"""Which key id leads to which node."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_service.configuration import NodeAddress
from privity_service.registry import Entry, NodeUnfit, Registry, Window, parse_report
from service_stand import NOW, FakeNode

NODE = FakeNode(b"one", b"two")


def windows(*documents: bytes, **changes: object) -> list[Window]:
    return parse_report(json.dumps({"windows": [NODE.window(each, **changes) for each in documents]}).encode())


def registry(nodes: int = 2) -> Registry:
    return Registry([Entry(NodeAddress(None, "127.0.0.1", 9000 + number)) for number in range(nodes)])


def kid(document: bytes) -> bytes:
    return sha256(document).digest()[:8]


def test_an_announced_key_leads_to_its_node_and_is_listed() -> None:
    r = registry()
    assert r.report(1, windows(b"one"), NOW)
    assert not r.report(1, windows(b"one"), NOW)
    assert r.address(kid(b"one")) == r.nodes[1].address
    assert r.address(kid(b"two")) is None
    assert [window.nd for window in r.listed(NOW)] == [sha256(b"one").hexdigest()]


def test_a_key_is_not_listed_after_its_end_but_led_to_for_the_grace() -> None:
    r = registry()
    r.report(0, windows(b"one", exp=NOW + 10), NOW)
    assert r.listed(NOW + 9) != []
    assert r.listed(NOW + 10) == []
    assert r.address(kid(b"one")) is not None
    assert r.report(0, windows(b"one", exp=NOW + 10), NOW + 310)
    assert r.address(kid(b"one")) is None


def test_a_second_node_cannot_take_over_the_key_id_of_the_first() -> None:
    r = registry()
    r.report(0, windows(b"one"), NOW)
    r.report(1, windows(b"one", b"two"), NOW)
    assert r.address(kid(b"one")) == r.nodes[0].address
    assert r.address(kid(b"two")) == r.nodes[1].address
    assert len(r.listed(NOW)) == 2


def test_a_node_is_dropped_after_three_failed_polls_and_comes_back() -> None:
    r = registry()
    r.report(0, windows(b"one"), NOW)
    assert [r.fail(0) for _ in range(4)] == [False, False, True, False]
    assert r.address(kid(b"one")) is None
    assert r.report(0, windows(b"one"), NOW)
    assert [r.fail(0) for _ in range(2)] == [False, False]
    assert not r.report(0, windows(b"one"), NOW)
    assert r.address(kid(b"one")) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"nd": "AB" * 32},
        {"nd": "ab" * 31},
        {"nd": "ab" * 32 + "\n"},
        {"plat": {"type": "simulated"}},
        {"plat": {"type": "Not A Kind", "id": "11" * 32}},
        {"rel": "x"},
        {"cap": []},
        {"cap": ["a b"]},
        {"cap": [""]},
        {"cap": ["m"] * 65},
        {"w": 0},
        {"w": 9},
        {"nbf": -1},
        {"exp": 2**53},
        {"exp": "1"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_report_outside_the_schema_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(NodeUnfit, match="report_malformed"):
        windows(b"one", **changes)


def test_a_report_is_bounded() -> None:
    with pytest.raises(NodeUnfit, match="report_malformed"):
        windows(*(b"%d" % number for number in range(9)))
    with pytest.raises(NodeUnfit, match="report_malformed"):
        windows(b"one", b"one")
    with pytest.raises(NodeUnfit, match="report_too_large"):
        parse_report(b" " * 65537)


@given(
    st.one_of(st.binary(max_size=300), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
)
def test_any_report_gives_windows_or_one_documented_error(data: bytes | str) -> None:
    with pytest.raises(NodeUnfit):
        parse_report(data.encode() if isinstance(data, str) else data)
