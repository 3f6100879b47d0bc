"""The closed lists: reasons and labels are those of the specifications, and every reason has a case."""

import ast
import json
import re
from pathlib import Path

import make_vault_vectors
import pytest
from privity_protocol.stored import labels as public
from privity_vault import errors, labels
from vault_material import KEPT, OWN, used

SPECS = OWN.parent / "specs"
SOURCES = Path(errors.__file__).parent


def spelled(module) -> set[bytes]:
    return {value for name, value in vars(module).items() if name.isupper() and isinstance(value, bytes)}


def test_the_list_of_reasons_is_that_of_the_specification() -> None:
    rows = re.findall(r"^\| (\w+) \| (.+?) \|", (SPECS / "vault-reasons.md").read_text(), re.M)
    listed = {group: tuple(re.findall(r"`([\w.]+)`", codes)) for group, codes in rows if "`" in codes}
    assert listed == dict(errors.GROUPS)


def test_the_list_of_labels_is_that_of_the_specification() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", (SPECS / "labels.md").read_text(), re.M)
    assert {one.replace("\\0", "\0").encode() for one in listed} == spelled(labels) | spelled(public)


def test_no_other_module_spells_a_label() -> None:
    found = {
        path.name
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes) and b"privity/" in node.value
    }
    assert found == {"labels.py"}


def test_every_reason_is_the_answer_to_some_case() -> None:
    named = {
        one["expect"].get("error")
        for name in make_vault_vectors.FILES
        for one in json.loads((OWN / name / "cases.json").read_text())["cases"]
    }
    assert errors.REASONS - named == set()


def test_a_reason_that_is_not_listed_cannot_be_given() -> None:
    with pytest.raises(AssertionError):
        errors.VaultError("log.bad_luck")


def test_the_vectors_are_what_the_script_writes() -> None:
    for name, text in make_vault_vectors.made().items():
        assert (OWN / name / "cases.json").read_text() == text
    assert json.loads(KEPT.read_text()) == used


@pytest.mark.parametrize("name", sorted(make_vault_vectors.FORMATS))
def test_most_cases_must_fail(name) -> None:
    cases = json.loads((OWN / name / "cases.json").read_text())["cases"]
    assert sum("error" in one["expect"] for one in cases) > len(cases) / 2
