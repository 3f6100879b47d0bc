"""Labels, limits, reason codes and error tables are the same in Python and in TypeScript."""

from types import ModuleType
from typing import Any

import pytest
from privity_protocol import admission, application, errors, labels, limits


@pytest.fixture
def theirs(peer: Any) -> dict[str, Any]:
    answer: dict[str, Any] = peer.ask("constants")
    return answer


def public(module: ModuleType, *kinds: type) -> dict[str, Any]:
    """The constants of a module by name."""
    return {name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, kinds)}


def test_every_label_is_the_same(theirs: dict[str, Any]) -> None:
    ours = {name: value.decode("ascii") for name, value in public(labels, bytes).items()}
    assert ours
    assert {name: theirs["labels"].get(name) for name in ours} == ours


def test_every_limit_is_the_same(theirs: dict[str, Any]) -> None:
    ours = public(limits, int)
    assert ours
    shared = ours.keys() & theirs["limits"].keys()
    assert {name: theirs["limits"][name] for name in shared} == {name: ours[name] for name in shared}
    assert set(theirs["limits"]) - {"RECORD_SIZES"} <= ours.keys(), "TypeScript has no limit that Python has not"
    assert sorted(theirs["limits"]["RECORD_SIZES"]) == sorted(limits.RECORD_SIZES)


def test_every_reason_of_typescript_is_documented(theirs: dict[str, Any]) -> None:
    assert set(theirs["reasons"]) <= errors.REASONS


def test_outer_and_inner_errors_are_the_same(theirs: dict[str, Any]) -> None:
    assert theirs["OUTER_ERRORS"] == {str(error.value): error.reason for error in admission.OuterError}
    assert theirs["INNER_ERRORS"] == {str(code): name for code, name in application.INNER_ERRORS.items()}
    assert {name: set(allowed) for name, allowed in theirs["REACTIONS"].items()} == {
        error.reason: {reaction.value for reaction in allowed} for error, allowed in admission.REACTIONS.items()
    }
