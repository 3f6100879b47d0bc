"""What may be written down is a closed list."""

import json

import pytest
from privity_service.events import EVENTS, Events, line


def test_a_listed_event_is_one_line_of_json() -> None:
    lines: list[str] = []
    Events(lines.append).emit("node_listed", node=0, windows=2)
    assert json.loads(lines[0]) == {"event": "node_listed", "node": 0, "windows": 2}


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("request", {}),
        ("started", {"address": "x"}),
        ("node_refused", {"reason": "10.0.0.1 said no"}),
        ("node_refused", {"reason": "line\nbreak"}),
        ("node_refused", {"reason": "x" * 65}),
        ("internal_error", {"kind": ""}),
    ],
)
def test_anything_else_is_a_bug_and_is_not_written(event: str, fields: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        line(event, fields)


def test_no_event_has_a_field_for_a_person_or_a_request() -> None:
    fields = set().union(*EVENTS.values())
    assert fields == {
        "nodes",
        "streams",
        "node",
        "windows",
        "reason",
        "hello",
        "run",
        "challenge",
        "ohttp",
        "public",
        "refused",
        "unreachable",
        "cut",
        "gone",
        "kind",
    }


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    Events().emit("stopped")
    assert capsys.readouterr().err == '{"event":"stopped"}\n'
