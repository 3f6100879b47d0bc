"""What the channel's specifications list is what the code holds."""

import ast
import re

import pytest
from privity_protocol import application, chat, errors, hello_answer, labels, limits, line_reader, xwing
from privity_protocol.pacing import PROFILES
from privity_protocol.records import Kind
from shared_vectors import ROOT

SPECS = ROOT / "specs"


def rows(name: str) -> list[list[str]]:
    """Cells of every table row of a specification."""
    found = [line for line in (SPECS / name).read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def test_every_reason_is_documented_and_no_other() -> None:
    documented = [cells[0].strip("`") for cells in rows("errors.md") if len(cells) == 3 and cells[0].startswith("`")]
    assert len(documented) == len(set(documented))
    assert set(documented) == errors.REASONS


def test_every_error_type_is_documented() -> None:
    documented = {cells[0].strip("`") for cells in rows("errors.md") if len(cells) == 2 and cells[0].startswith("`")}
    ours = {kind for kind in errors.PrivityError.__subclasses__() if kind.__module__ == errors.__name__}
    assert documented == {kind.__name__ for kind in ours}


def test_every_limit_has_its_value_and_reason_in_the_table() -> None:
    documented = {cells[0].strip("`"): cells[1] for cells in rows("limits.md") if cells[0].startswith("`")}
    values = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert documented == {
        name: ", ".join(map(str, sorted(value))) if isinstance(value, frozenset) else str(value)
        for name, value in values.items()
    }
    beyond = {reason for cells in rows("limits.md") for reason in re.findall(r"^`([a-z_]+)`$", cells[-1])}
    assert beyond <= errors.REASONS


def test_every_limit_says_why() -> None:
    tree = ast.parse((ROOT / "pure/protocol/src/privity_protocol/limits.py").read_text())
    for statement, following in zip(tree.body, tree.body[1:] + [None], strict=True):  # noqa: RUF005
        if isinstance(statement, ast.AnnAssign):
            assert isinstance(following, ast.Expr)
            assert isinstance(following.value, ast.Constant)


def test_every_label_is_documented_and_no_other() -> None:
    section = (SPECS / "ec1.md").read_text().split("## Labels")[1].split("##")[0]
    documented = {
        text.replace("\\0", "\0") for text in re.findall(r"`([^`]+)`", section) if not text.startswith("labels.")
    }
    ours = {value.decode() for name, value in vars(labels).items() if name.isupper()}
    assert documented == ours - {labels.XWING.decode(), labels.HPKE_VERSION.decode()}


def test_no_other_module_spells_a_label() -> None:
    for path in (ROOT / "pure/protocol/src/privity_protocol").glob("*.py"):
        if path.name not in {"labels.py", "envelope.py", "node_document.py"}:
            assert 'b"EC1' not in path.read_text(), path.name


def test_the_inner_errors_are_documented() -> None:
    text = (SPECS / "application.md").read_text()
    documented = {
        int(code): name for code, name in re.findall(r"\b(\d+) ([a-z]+_[a-z_]+|policy|overloaded|internal)\b", text)
    }
    assert documented == application.INNER_ERRORS


def test_the_record_types_are_documented() -> None:
    documented = {int(cells[0]): cells[1] for cells in rows("records.md") if cells[0].isdigit()}
    assert documented == {kind.value: kind.name for kind in Kind}


def test_the_kinds_of_line_and_their_reasons_are_documented() -> None:
    text = (SPECS / "application.md").read_text()
    assert all(f"`{kind}`" in text for kind in line_reader.KINDS)
    assert all(f"`{reason}`" in text for reason in line_reader.DONE_REASONS)
    assert all(f"`{operation}`" in text for operation in application.OPERATIONS)


def test_every_chat_member_is_documented() -> None:
    text = (SPECS / "chat.md").read_text()
    found = re.findall(
        r'^        "([a-z_]+)":', (ROOT / "pure/protocol/src/privity_protocol/chat.py").read_text(), re.M
    )
    assert len(found) >= 17
    assert [name for name in found if f"`{name}`" not in text] == []
    assert str(chat.MAX_MESSAGES) in text


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_ladders_are_documented(profile) -> None:
    (row,) = [cells for cells in rows("pacing.md") if cells[0].startswith(f"`{profile.name}`")]
    assert str(profile.record_size) in row[1]
    rungs = [int(number) for number in re.findall(r"\d{2,}", row[3].replace("3/2", ""))]
    count = 1
    for rung in rungs:
        assert profile.total_after(count) == rung
        count = rung


def test_an_undocumented_reason_cannot_be_raised() -> None:
    with pytest.raises(AssertionError, match="undocumented reason"):
        errors.Malformed("no_such_reason")


def test_an_error_reads_as_reason_and_detail() -> None:
    assert str(errors.Malformed("size")) == "size"
    assert str(errors.Malformed("size", "3 bytes")) == "size: 3 bytes"
    assert str(errors.NotAuthentic()).startswith("not_authentic: ")


def test_the_layout_of_hello_fills_its_fixed_sizes() -> None:
    sealed = xwing.PUBLIC_KEY + len(hello_answer.REQUEST_RESERVED) + limits.TAG
    assert hello_answer.SEALED_AT + sealed == limits.HELLO_REQUEST
    granted = limits.SID + hello_answer.TTL + len(hello_answer.RESPONSE_RESERVED) + limits.TAG
    assert hello_answer.GRANT_AT + granted == limits.HELLO_RESPONSE
