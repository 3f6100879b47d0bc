"""The files of policy and release vectors are what the script writes; it holds each case to its table."""

import json

import pytest
from make_policy_vectors import FILES, FOLDER


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_what_the_script_writes(name) -> None:
    assert (FOLDER / name).read_text() == FILES[name](), "run make_policy_vectors.py"


@pytest.mark.parametrize("name", FILES)
def test_most_cases_must_fail(name) -> None:
    cases = json.loads((FOLDER / name).read_text())["cases"]
    assert sum("error" in one["expect"] for one in cases) * 2 > len(cases)
