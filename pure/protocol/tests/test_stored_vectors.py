"""What is signed for the account service, against its vectors."""

import json

import make_stored_vectors as maker
import pytest
from privity_protocol.errors import PrivityError
from shared_vectors import OWN

CASES = [one for name in maker.FILES for one in json.loads((OWN / name / "cases.json").read_text())["cases"]]


@pytest.mark.parametrize("one", CASES, ids=lambda one: one["id"])
def test_a_case_gives_what_it_expects(one) -> None:
    if "ok" in one["expect"]:
        assert maker.operation(one["op"], one["input"]) == one["expect"]["ok"]
        return
    with pytest.raises(PrivityError) as caught:
        maker.operation(one["op"], one["input"])
    assert caught.value.reason == one["expect"]["error"]


def test_the_files_are_those_that_the_script_writes() -> None:
    assert {name: (OWN / name / "cases.json").read_text() for name in maker.FILES} == maker.made()
