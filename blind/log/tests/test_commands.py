"""The commands as a third person uses them: real processes, real sockets, a script that reads like a shell session."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from dishonest import leaf as release
from privity_tlog import proof, witness_policy
from privity_tlog.leaves import revocations
from privity_tlog.leaves.revocations import Revocations

pytestmark = [pytest.mark.system, pytest.mark.slow]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "privity_log", *map(str, arguments)]


def done(*arguments: object) -> tuple[int, str]:
    """Run a command to its end; return its exit code and what it said."""
    ended = subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=120)
    return ended.returncode, ended.stdout + ended.stderr


@contextmanager
def running(*arguments: object):
    """A command that runs until the block ends; yields the lines before READY, the addresses, and the process."""
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        lines = []
        assert process.stdout is not None
        while not (line := process.stdout.readline()).startswith("READY "):
            assert line, f"ended with {process.wait()}"
            lines.append(line.strip())
        yield lines, json.loads(line.removeprefix("READY ")), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


def serve(home: Path, *more: object):
    return running("serve", "--home", home, "--host", "log.example", "--listen", "127.0.0.1:0", *more)


def test_a_log_a_witness_an_entry_its_proof_and_an_audit(tmp_path) -> None:
    home, leaf = tmp_path / "log", tmp_path / "leaf.json"
    leaf.write_bytes(b'{"t":"release","v":1}')
    made = ("keys", "--home", home, "--host", "log.example")
    logs = done(*made)[1].splitlines()
    assert len(logs) == 4  # two logs with two keys each
    assert done(*made)[1].splitlines() == logs
    vkeys = [line.removeprefix("log ") for line in logs if "/release+" in line]
    known = [part for line in logs for part in ("--log", line.removeprefix("log "))]
    with running("witness", "--home", tmp_path / "w", "--name", "w.example", "--listen", "127.0.0.1:0", *known) as (
        keys,
        places,
        _,
    ):
        policy = tmp_path / "policy"
        lines = [
            *logs,
            *(f"{one} {places['witness']}" for one in keys),
            "group w all w.example-ed25519 w.example-mldsa44",
            "quorum w",
            "",
        ]
        policy.write_text("\n".join(lines))
        with serve(home, "--policy", policy) as (_, read, _):
            code, said = done("append", leaf, "--home", home)
            assert (code, said) == (0, f"{leaf}: leaf 0, proof in leaf.json.tlog-proof\n")
            made = leaf.with_name("leaf.json.tlog-proof").read_bytes()
            head = proof.verify(
                made, leaf.read_bytes(), witness_policy.decode(policy.read_bytes()), origin="log.example/release"
            )
            assert [name for name, _ in head.witnesses] == ["w.example-ed25519", "w.example-mldsa44"]
            assert done("append", "--print", leaf, "--home", home)[1].startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
            address = f"{read['public']}/release"
            assert httpx.get(f"{address}/tile/entries/000.p/1").content[2:] == leaf.read_bytes()
            arguments = ("--origin", "log.example/release", "--policy", policy)
            assert done("audit", address, *arguments)[0] == 0
            code, said = done(
                "serve", "--home", home, "--host", "log.example", "--no-witnesses", "--listen", "127.0.0.1:0"
            )
            assert (code, "store_locked" in said) == (1, True)
    code, said = done("audit", home / "release", "--origin", "log.example/release", "--log", vkeys[0])
    assert (code, "1 leaves" in said) == (0, True)
    bundle = home / "release/public/tile/entries/000.p/1"
    bundle.write_bytes(bundle.read_bytes().replace(b"release", b"Release"))
    code, said = done("audit", home / "release", "--origin", "log.example/release", "--log", vkeys[0])
    assert (code, "surprise: consistency" in said) == (3, True)
    (home / "private/release.key").chmod(0o644)
    code, said = done("serve", "--home", home, "--host", "log.example", "--no-witnesses")
    assert (code, "chmod 600" in said) == (1, True)


def test_killed_while_entries_come_in_no_acknowledged_entry_is_lost(tmp_path) -> None:
    home, acknowledged = tmp_path / "log", {}
    for number in range(4):
        with serve(home, "--no-witnesses", "--append", "127.0.0.1:0") as (logs, places, process):
            headers = {"authorization": f"Bearer {(home / 'token').read_text().strip()}"}
            with httpx.Client(headers=headers, timeout=30) as client:
                for each in range(2):
                    entry = f"entry {number} {each}".encode()
                    answer = client.post(f"{places['append']}/keys/append", content=entry)
                    acknowledged[entry] = proof.decode(answer.content).index
            os.kill(process.pid, signal.SIGKILL)
    vkey = next(line for line in logs if "/keys+" in line).removeprefix("log ")
    code, said = done("audit", home / "keys", "--origin", "log.example/keys", "--log", vkey)
    assert (code, "8 leaves" in said) == (0, True)
    assert sorted(acknowledged.values()) == list(range(8))


def test_a_long_history_is_imported_line_by_line_and_published_by_the_next_start(tmp_path) -> None:
    home, history = tmp_path / "log", tmp_path / "history"
    history.write_bytes(b"".join(b"line %d\n" % number for number in range(1000)))
    vkey = done("keys", "--home", home, "--host", "log.example")[1].split()[1]
    bulk = ("append", "--lines", history, "--home", home, "--host", "log.example")
    code, said = done(*bulk)
    assert (code, "1000 new leaves, 1000 in all" in said) == (0, True)
    assert "0 new leaves, 1000 in all" in done(*bulk)[1]
    with serve(home, "--no-witnesses"):
        code, said = done(*bulk)
        assert (code, "store_locked" in said) == (1, True)
        assert done("append", history, "--home", home)[0] == 0
    code, said = done("audit", home / "release", "--origin", "log.example/release", "--log", vkey)
    assert (code, "1001 leaves" in said) == (0, True)
    history.write_bytes(b"x" * 65_536)
    code, said = done(*bulk)
    assert (code, "entry_size" in said) == (1, True)


def test_a_key_file_of_another_host_is_refused(tmp_path) -> None:
    assert done("keys", "--home", tmp_path, "--host", "log.example")[0] == 0
    code, said = done("keys", "--home", tmp_path, "--host", "other.example")
    assert (code, "key of another name" in said) == (1, True)


def test_a_token_that_others_can_read_is_refused(tmp_path) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o644)
    code, said = done("append", token, "--to", "http://127.0.0.1:1", "--token", token)
    assert (code, "chmod 600" in said) == (1, True)


MISUSES = [
    ("serve", "--home", "x", "--host", "h"),
    ("witness", "--home", "x", "--name", "w"),
    ("append", "nothing"),
    ("audit", "x"),
    ("frobnicate",),
]


@pytest.mark.parametrize("arguments", MISUSES, ids=lambda one: one[0])
def test_misuse_is_exit_code_two(arguments, tmp_path) -> None:
    ended = subprocess.run(command(*arguments), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2, ended.stderr
    assert not (tmp_path / "x").exists()


def test_an_old_key_without_its_log_is_refused(tmp_path) -> None:
    home = tmp_path / "log"
    with serve(home, "--no-witnesses"):
        pass
    (home / "release").rename(tmp_path / "lost")
    code, said = done("serve", "--home", home, "--host", "log.example", "--no-witnesses", "--listen", "127.0.0.1:0")
    assert (code, "store_missing" in said) == (1, True)


def test_monitor_and_mirror_follow_a_served_log_and_a_rewritten_leaf_is_a_surprise(tmp_path) -> None:
    home, leaf, policy = tmp_path / "log", tmp_path / "leaf", tmp_path / "policy"
    with serve(home, "--no-witnesses") as (logs, places, _):
        lines = [line + (f" {places['public']}/release" if "/release+" in line else "") for line in logs]
        policy.write_text("\n".join([*lines, "quorum none", ""]))
        for entry in (revocations.encode(Revocations(int(time.time()), (), (), ())), release(1)):
            leaf.write_bytes(entry)
            done("append", leaf, "--home", home)
        watch = ("monitor", "--home", tmp_path / "m", "--policy", policy, "--once")
        assert done(*watch) == (0, "log.example/release: 2 leaves, 2 new, 0 surprises\n")
        assert done(*watch) == (0, "log.example/release: 2 leaves, 0 new, 0 surprises\n")
        mirror = ("mirror", "--home", tmp_path / "mirror", "--policy", policy, "--once")
        assert done(*mirror) == (0, "log.example/release: 2 leaves\n")
        leaf.write_bytes(b'{"t":"gossip","v":1}')
        done("append", leaf, "--home", home)
        code, said = done(*watch)
        assert (code, "leaf_unknown: leaf 2 is a 'gossip'" in said) == (3, True)
        bundle = home / "release/public/tile/entries/000.p/3"
        bundle.write_bytes(bundle.read_bytes().replace(b"gossip", b"Gossip"))
        code, said = done(*mirror)
        assert (code, '"consistency"' in said) == (3, True)
    assert done(*mirror)[0] == 1
    copied = tmp_path / "mirror/log.example_release"
    assert done("audit", copied, "--origin", "log.example/release", "--policy", policy)[0] == 0
