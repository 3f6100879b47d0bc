"""A node whose release the log does not carry, carries too new, showed too long ago, or revoked, is refused by the CLI.

Everything is real: `privity serve` with its logs and witness; only the keeper is exchanged for an operator who lies.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from ports import free_row
from privity_log import signer as log_signer
from privity_protocol import canonical, directory
from privity_tlog import checkpoint, merkle, note
from served import KEEPER, NODE, Rogue, Served

pytestmark = [pytest.mark.system, pytest.mark.slow]
DAY = 86_400


@pytest.fixture
def served(tmp_path: Path, small_model: Path) -> Iterator[Served]:
    made = Served(tmp_path, small_model)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def verdict(served: Served) -> tuple[int, str]:
    """What `privity verify` ends with and says, with consent to the test enclave: nothing but the log is at stake."""
    done = served.run("verify", served.url, "--allow-simulated", "--json")
    return done.returncode, done.stdout + done.stderr


@contextmanager
def another_node(served: Served, release: bytes) -> Iterator[bytes]:
    """The bundle of a node that runs the same code under another release leaf."""
    home, port = served.home, free_row()
    file = home.root / "another-release.json"
    file.write_bytes(release)
    argv = [sys.executable, "-m", *NODE.split(), "--config", str(home.node_configuration), "--release", str(file)]
    argv += ["--listen", f"tcp:127.0.0.1:{port}", "--simulated-root", str(home.development_root)]
    argv += ["--anchor", str(home.anchor), "--model", f"tiny={home.models / 'tiny.gguf'}"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY ")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            (window,) = client.get("/ec1/node").json()["windows"]
            yield client.get(f"/ec1/bundle/{window['nd']}").content
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def changed(served: Served, **members: object) -> bytes:
    """The local release with some members changed."""
    return canonical.encode(json.loads(served.home.release.read_bytes()) | members)


def old_head(served: Served, rogue: Rogue, time_: int) -> bytes:
    """The newest head as log and witness would have signed it at another time; the operator has both their keys."""
    home, head = served.home, rogue.head
    signers = [
        *log_signer.read_key_file(home.log / "private/release.key"),
        *log_signer.read_key_file(home.witness / "witness.key"),
    ]
    lines = tuple(log_signer.signature_of(one, head, time_) for one in signers)
    return note.encode(note.Note(checkpoint.encode(head), lines))


def test_a_release_that_is_unlogged_too_new_too_old_or_revoked_is_refused_with_its_reason(served: Served) -> None:
    code, said = verdict(served)
    assert code == 0, said
    with served.rogue() as rogue:
        honest = rogue.posted()
        rogue.post(honest)
        assert verdict(served)[0] == 0

        with another_node(served, changed(served, version="unlogged")) as bundle:
            unlogged = rogue.listed(bundle, honest.node.cap)
            rogue.post(unlogged, release_proof=rogue.proof_of(0), endorsement=rogue.endorse(unlogged))
            code, said = verdict(served)
            assert (code, "release_not_logged" in said) == (3, True), said

        too_new = changed(served, version="tomorrow", not_before=int(time.time()) + DAY)
        with another_node(served, too_new) as bundle:
            rogue.log("release", too_new)
            early = rogue.listed(bundle, honest.node.cap)
            proof = rogue.proof_of(rogue.index_of(early.document.rel))
            rogue.post(early, release_proof=proof, endorsement=rogue.endorse(early))
            code, said = verdict(served)
            assert (code, "release_not_yet_valid" in said) == (3, True), said

        place = rogue.index_of(honest.document.rel)
        stale = rogue.proof_of(place, old_head(served, rogue, int(time.time()) - 8 * DAY))
        rogue.post(honest, release_proof=stale)
        code, said = verdict(served)
        assert (code, "release_proof_stale" in said) == (3, True), said

        rogue.post(honest, release_proof=rogue.proof_of(place))
        assert verdict(served)[0] == 0
        rogue.revoke(honest.document.rel)
        rogue.post(honest, release_proof=rogue.proof_of(place))
        code, said = verdict(served)
        assert (code, "release_revoked" in said) == (3, True), said


def test_a_release_that_the_operator_revokes_is_listed_no_longer_and_nothing_is_sent(served: Served) -> None:
    """With the operator's own tool. The keeper reads the logs each minute and at its start: hence the kill."""
    release = merkle.leaf_hash(served.home.release.read_bytes()).hex()
    tool = [sys.executable, "-c", "from privity_image.cli_release import main; main()", "revoke", "release", release]
    config = ["--config", str(served.home.keeper_configuration)]
    subprocess.run([*tool, *config], check=True, capture_output=True, timeout=60)
    os.kill(served.pid(KEEPER), signal.SIGKILL)
    end = time.monotonic() + 60
    while directory.decode(served.get("/v1/nodes/directory")).nodes:
        assert time.monotonic() < end, "still listed"
        time.sleep(0.2)
    code, said = verdict(served)
    assert (code, "no_node" in said) == (3, True), said
