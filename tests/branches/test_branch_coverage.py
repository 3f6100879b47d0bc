"""Every branch of the channel's code, of the log's readers and of the node's session table is taken by some test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def uncovered(folder: str, source: str, report: Path, *names: str) -> dict[str, object]:
    """Per file the lines and branches of `source` that the tests in `folder` never take."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", *names]
    command += [f"--cov={source}", "--cov-branch", f"--cov-report=json:{report}", folder]
    env = os.environ | {"COVERAGE_FILE": str(report.with_suffix(".data"))}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    files = json.loads(report.read_text())["files"]
    assert files
    return {
        Path(name).name: (found["missing_lines"], found["missing_branches"])
        for name, found in files.items()
        if found["missing_lines"] or found["missing_branches"]
    }


def test_every_branch_of_the_protocol_is_taken(tmp_path: Path) -> None:
    # What is stored is read by vault and service; its tests stand beside the vault, which writes it.
    tests = "pure/vault/tests/test_vault_vectors.py"
    assert uncovered("pure/protocol/tests", "privity_protocol", tmp_path / "protocol.json", tests) == {}


def test_every_branch_of_the_logs_readers_is_taken(tmp_path: Path) -> None:
    assert uncovered("pure/tlog/tests", "privity_tlog", tmp_path / "tlog.json") == {}


def test_every_branch_of_the_session_table_is_taken(tmp_path: Path) -> None:
    tests = "enclave/tests/test_sessions.py"
    assert uncovered(tests, "privity_enclave.sessions", tmp_path / "sessions.json") == {}
