"""The files of devices, PSA and CCA are those that the script writes; TypeScript judges every case of them."""

import json

import pytest
from make_device_vectors import FOLDER, SOURCES, made


@pytest.mark.slow
@pytest.mark.parametrize("kind", SOURCES)
def test_the_file_is_what_the_script_writes(kind) -> None:
    assert (FOLDER / f"{kind}.json").read_text() == made(kind), "run make_device_vectors.py"


@pytest.mark.parametrize("kind", SOURCES)
def test_most_attacks_are_in_the_file(kind) -> None:
    cases = json.loads((FOLDER / f"{kind}.json").read_text())["cases"]
    assert len(cases) > 0.9 * len(SOURCES[kind][0])
    assert len({one["id"] for one in cases}) == len(cases)
