"""Bundles and readers of Intel's kinds from files: the scripts write what is there."""

import json

import make_intel_reader_vectors
import make_intel_vectors
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("script", [make_intel_vectors, make_intel_reader_vectors], ids=lambda one: one.FILE.stem)
def test_the_file_is_what_the_script_writes(script) -> None:
    assert script.FILE.read_text() == script.made(), f"run {script.__name__}.py"


@pytest.mark.parametrize("script", [make_intel_vectors, make_intel_reader_vectors], ids=lambda one: one.FILE.stem)
def test_most_cases_must_fail(script) -> None:
    cases = json.loads(script.FILE.read_text())["cases"]
    failing = [one for one in cases if "error" in one["expect"]]
    assert len(failing) * 2 > len(cases) > 100
