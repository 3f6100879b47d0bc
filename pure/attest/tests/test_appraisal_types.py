"""A simulated appraisal cannot be passed where an appraisal is wanted: the type checker says so."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SNIPPET = """
from privity_attest.appraise import appraise
from privity_attest.result import Appraisal, SimulatedAppraisal

def send(appraisal: Appraisal) -> None: ...

def simulated(appraisal: SimulatedAppraisal) -> None:
    send(appraisal)  # line 8

def either(appraisal: Appraisal | SimulatedAppraisal) -> None:
    send(appraisal)  # line 11
    if isinstance(appraisal, Appraisal):
        send(appraisal)
"""


@pytest.mark.slow
def test_the_type_checker_refuses_to_mix_the_two(tmp_path) -> None:
    pytest.importorskip("mypy")
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--strict",
            "--no-incremental",
            str(file),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=280,
    )
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(errors) == 2, done.stdout
    assert 'snippet.py:8: error: Argument 1 to "send" has incompatible type "SimulatedAppraisal"' in done.stdout
    assert 'snippet.py:11: error: Argument 1 to "send" has incompatible type' in done.stdout
