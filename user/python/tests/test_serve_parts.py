"""What `serve` is made of: the folder, its lock, the plan, children that behave and children that do not."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from privity_client.errors import ClientError
from privity_client.models.shelf import ShelfModel
from privity_client.serve import backoff, keeper_plan, log_plan, preparation
from privity_client.serve.backoff import Backoff
from privity_client.serve.child import Child, trim
from privity_client.serve.home import Home, home_path, locked, open_home, port_from, write_whole
from privity_client.serve.plan import (
    Ports,
    Role,
    node_configuration,
    node_role,
    release_leaf,
    service_configuration,
    service_role,
)
from privity_client.serve.supervisor import Supervisor
from privity_protocol import canonical
from privity_tlog import keys, witness_policy
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519

MODEL = ShelfModel(
    "demonstration", "Privity demonstration", Path("/models/d.gguf"), 10, "ab" * 32, 2048, "demonstration"
)
VECTORS = Path(__file__).resolve().parents[3] / "vectors"


def test_the_folder_is_private(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "b")
    assert home.root.stat().st_mode & 0o777 == 0o700
    os.chmod(home.root, 0o755)
    assert open_home(home.root).root.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ClientError, match="home_unusable"):
        open_home(tmp_path / "file")


def test_home_and_port_come_from_the_environment() -> None:
    assert home_path({"PRIVITY_HOME": "/x"}) == Path("/x")
    assert home_path({}).parts[-3:] == (".local", "share", "privity")
    assert port_from({}) == 8080
    assert port_from({"PRIVITY_PORT": "9000"}) == 9000
    for wrong in ("0", "65531", "-1", "http", "８０８０"):
        with pytest.raises(ClientError, match="misuse"):
            port_from({"PRIVITY_PORT": wrong})


def test_one_serve_per_folder(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    with locked(home), pytest.raises(ClientError, match=f"already_running: process {os.getpid()}"), locked(home):
        pass
    with locked(home):
        pass


def test_a_lock_file_that_nobody_holds_is_no_obstacle(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    (home.root / "serve.lock").write_text("999999\n")
    with locked(home):
        assert (home.root / "serve.lock").read_text() == f"{os.getpid()}\n"


def test_writing_replaces_at_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", b"one")
    write_whole(tmp_path / "x", b"two")
    assert (tmp_path / "x").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ClientError, match="disk_full"):
        write_whole(tmp_path / "x", b"one")
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ClientError, match=f"port_in_use: port {port}"):
            preparation.check_ports(Ports(port))


def test_the_node_configuration_has_the_members_of_the_specification() -> None:
    case = json.loads((VECTORS / "configuration" / "cases.json").read_text())
    example = json.loads((case["cases"] if isinstance(case, dict) else case)[0]["document"])
    written = canonical.decode(node_configuration([MODEL]), max_bytes=16384)
    assert isinstance(written, dict)
    assert written.keys() == example.keys()
    for member in ("engine", "limits"):
        assert written[member].keys() == example[member].keys()
    assert written["models"][0].keys() == example["models"][0].keys()
    assert written["models"][0]["demonstration"] is True
    assert written["hardware"] == ["simulated"]


def test_a_large_context_is_cut_to_what_a_small_machine_bears() -> None:
    large = ShelfModel("big", "Big", Path("/models/big.gguf"), 10, "cd" * 32, 131072, "operator-added")
    written = canonical.decode(node_configuration([large]), max_bytes=16384)
    assert isinstance(written, dict)
    assert written["models"][0]["context"] == 16384
    assert written["models"][0]["demonstration"] is False


def test_the_plan_names_ports_files_and_interpreter(tmp_path: Path) -> None:
    home, ports = Home(tmp_path), Ports(9000)
    service = json.loads(service_configuration(home, ports, tmp_path / "web"))
    assert service["web"] == {"folder": str(tmp_path / "web")}
    assert json.loads(service_configuration(home, ports, None))["web"] is None
    assert service["relay"]["port"] == 9001
    assert service["nodes"] == ["tcp:127.0.0.1:9002"]
    assert service["public_run_origin"] == "http://localhost:9001"
    node = node_role(home, ports, [MODEL])
    assert node.argv[:4] == (sys.executable, "-m", "privity_enclave", "run")
    assert "demonstration=/models/d.gguf" in node.argv
    assert node.argv[node.argv.index("--anchor") + 1] == str(home.anchor)
    assert service["published"] == str(home.published)
    assert service["logs"] == [
        {"origin": "local/release", "url": "http://localhost:9003/release"},
        {"origin": "local/keys", "url": "http://localhost:9003/keys"},
    ]
    assert service_role(home).argv[:3] == (sys.executable, "-m", "privity_service")


WITNESS_KEY = keys.Key("local/witness", COSIGNATURE_MLDSA44, bytes(1312))


def public_keys(*logs: str) -> str:
    """What the key commands print."""
    shown = [f"log {keys.encode(keys.Key(name, NOTE_ED25519, sha256(name.encode()).digest()))}" for name in logs]
    second = keys.Key("local/witness", COSIGNATURE_ED25519, bytes(32))
    shown.append(f"witness local/witness-ed25519 {keys.encode(second)}")
    shown.append(f"witness local/witness-mldsa44 {keys.encode(WITNESS_KEY)}")
    return "".join(f"{line}\n" for line in shown)


def test_the_policy_of_the_logs_names_both_and_their_one_witness() -> None:
    public = public_keys("local/release", "local/keys")
    found = witness_policy.decode(log_plan.policy(public, Ports(9000), witnessed=True))
    assert set(found.logs) == {"local/release", "local/keys"}
    assert found.witnesses == {"local": WITNESS_KEY}
    assert found.quorum == "local"
    assert found.urls == {
        "local/release": "http://localhost:9003/release",
        "local/keys": "http://localhost:9003/keys",
        "local/witness": "http://127.0.0.1:9004",
    }
    alone = witness_policy.decode(log_plan.policy(public, Ports(9000), witnessed=False))
    assert (alone.quorum, alone.witnesses, alone.logs) == ("none", {}, found.logs)


@pytest.mark.parametrize(
    "public", ["", "log x\n", public_keys("local/release"), public_keys("a/release", "local/keys")]
)
def test_a_policy_is_made_of_the_keys_of_both_logs_or_not_at_all(public: str) -> None:
    with pytest.raises(ClientError, match="role_failed: the logs' keys"):
        log_plan.policy(public, Ports(9000), witnessed=True)


def test_keys_are_asked_for_once_and_ports_may_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, asked = open_home(tmp_path), []

    def printed(*command: str) -> str:
        asked.append(command[:2])
        lines = public_keys("local/release", "local/keys").splitlines(keepends=True)
        return "".join(lines[:2] if command[1] == "keys" else lines[2:])

    monkeypatch.setattr(preparation, "run_tool", printed)
    for port in (9000, 9100):
        preparation.write_log_policy(home, Ports(port), witnessed=True)
        assert f":{port + 3}/release".encode() in home.log_policy.read_bytes()
    assert sorted(asked) == [("privity_log", "keys"), ("privity_log", "witness")]


def test_the_keeper_knows_the_places_of_this_installation(tmp_path: Path) -> None:
    home, ports = Home(tmp_path), Ports(9000)
    told = json.loads(keeper_plan.keeper_configuration(home, ports, web=False))
    assert told["logs"]["release"] == {
        "origin": "local/release",
        "read": "http://localhost:9003/release",
        "append": "http://127.0.0.1:9005",
    }
    assert (told["policy"], told["release"]) == (str(home.log_policy), str(home.release))
    assert (told["published"], told["anchor"]) == (str(home.published), str(home.anchor))
    assert told["nodes"] == ["tcp:127.0.0.1:9002"]
    assert keeper_plan.keeper_role(home).argv[1:4] == ("-m", "privity_image", "keep")


def test_an_anchor_of_an_earlier_run_is_forgotten(tmp_path: Path) -> None:
    """A node that starts with it would have evidence too old for clients, for an hour."""
    home = open_home(tmp_path)
    home.anchor.write_text("{}")
    preparation.write_configurations(home, Ports(9000), [MODEL], None)
    assert not home.anchor.exists()


def test_a_log_without_a_witness_is_told_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with_one = log_plan.log_role(home, Ports(9000), witnessed=True).argv
    alone = log_plan.log_role(home, Ports(9000), witnessed=False).argv
    assert ("--no-witnesses" in with_one, "--no-witnesses" in alone) == (False, True)
    assert str(home.log_policy) in with_one
    assert "127.0.0.1:9004" in log_plan.witness_role(home, Ports(9000)).argv


def test_the_release_says_that_it_is_local() -> None:
    registers = {"0": "00" * 48, "1": "11" * 48}
    leaf = release_leaf(
        version="0.1.0", registers=registers, configuration="22" * 32, models=[MODEL, MODEL], not_before=1
    )
    value = canonical.decode(leaf, max_bytes=65536)
    assert isinstance(value, dict)
    assert value["source"] == "local"
    assert value["models"] == ["ab" * 32]


def test_an_unchanged_release_keeps_its_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tmp_path)
    measured = json.dumps({"registers": {"0": "00" * 48, "1": "11" * 48}, "configuration": "22" * 32})
    monkeypatch.setattr(preparation, "run_tool", lambda *_arguments: measured)
    preparation.write_release(home, [MODEL], now=100)
    preparation.write_release(home, [MODEL], now=200)
    assert json.loads(home.release.read_bytes())["not_before"] == 100
    home.release.write_bytes(b"spoiled")
    preparation.write_release(home, [MODEL], now=300)
    assert json.loads(home.release.read_bytes())["not_before"] == 300


def test_the_pause_doubles_and_forgets() -> None:
    pauses = Backoff()
    pauses.started(0)
    assert [pauses.died(1) for _death in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    pauses.started(1000)
    assert pauses.died(1000 + backoff.STEADY) == backoff.FIRST


def script(name: str, code: str, grace: float = 2.0) -> Role:
    return Role(name, name, (sys.executable, "-c", code), grace)


READY = "print('READY {}', flush=True); import time; time.sleep(600)"


def test_a_child_that_says_why_it_fails_is_quoted(tmp_path: Path) -> None:
    async def go() -> None:
        child = await Child.start(script("node", "print('FAILED model_refused: wrong digest')"), tmp_path / "log")
        await child.ready()

    with pytest.raises(ClientError, match="role_failed: node: model_refused: wrong digest"):
        asyncio.run(go())


def test_a_child_that_dies_without_a_word_shows_its_log(tmp_path: Path) -> None:
    async def go() -> None:
        code = "import sys; sys.stderr.write('first\\nlast words\\n'); sys.exit(3)"
        child = await Child.start(script("node", code), tmp_path / "log")
        await child.ready()

    with pytest.raises(ClientError, match=r"exit 3\); last words"):
        asyncio.run(go())


def test_a_child_that_floods_its_first_line_has_failed(tmp_path: Path) -> None:
    async def go() -> None:
        child = await Child.start(script("node", "print('x' * 200000, flush=True); input()"), tmp_path / "log")
        await child.ready()

    with pytest.raises(ClientError, match="role_failed"):
        asyncio.run(go())


def test_a_child_may_say_who_it_is_before_it_is_ready(tmp_path: Path) -> None:
    async def go(lines: int) -> str:
        code = f"print('log key\\n' * {lines}, end='', flush=True); print('READY 1', flush=True); input()"
        child = await Child.start(script("log", code), tmp_path / "log")
        try:
            return await child.ready()
        finally:
            await child.stop()

    assert asyncio.run(go(15)) == "1"
    with pytest.raises(ClientError, match="role_failed: log: it never said that it is ready"):
        asyncio.run(go(16))


def test_a_child_that_will_not_stop_is_killed_with_all_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "p = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        f"open({str(marker)!r}, 'w').write(str(p.pid)); print('READY 1', flush=True); time.sleep(600)"
    )

    async def go() -> None:
        child = await Child.start(script("node", code, grace=0.2), tmp_path / "log")
        assert await child.ready() == "1"
        await child.stop()
        assert await child.ended() == -signal.SIGKILL

    asyncio.run(go())
    assert gone(int(marker.read_text()))


def gone(pid: int) -> bool:
    for _try in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_log_that_grew_too_long_starts_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * (4 * 2**20 + 1))
    trim(log)
    assert log.stat().st_size == 0


def test_a_died_role_is_started_again_and_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST", 0.01)
    count = tmp_path / "count"
    code = (
        f"import pathlib, time; p = pathlib.Path({str(count)!r}); n = len(p.read_text()) if p.exists() else 0;"
        "p.write_text('x' * (n + 1)); print('READY {}', flush=True); time.sleep(600 if n == 2 else 0)"
    )
    said: list[str] = []

    async def go() -> None:
        twice = asyncio.Event()

        def say(words: str) -> None:
            said.append(words)
            if sum("running again" in line for line in said) == 2:
                twice.set()

        supervisor = Supervisor([script("node", code)], tmp_path, say)
        await supervisor.start()
        watching = asyncio.create_task(supervisor.watch())
        async with asyncio.timeout(30):
            await twice.wait()
        watching.cancel()
        await supervisor.stop()

    asyncio.run(go())
    assert count.read_text() == "xxx"
    assert any("ended unexpectedly (exit 0)" in words for words in said)


def test_roles_are_stopped_in_order(tmp_path: Path) -> None:
    order = tmp_path / "order"

    def role(name: str) -> Role:
        code = (
            "import signal, sys, time\n"
            "def stop(*_):\n"
            f"    open({str(order)!r}, 'a').write({name!r} + ' ')\n"
            "    sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, stop)\nprint('READY {}', flush=True)\ntime.sleep(600)"
        )
        return script(name, code)

    async def go() -> None:
        supervisor = Supervisor([role("node"), role("service")], tmp_path, lambda _words: None)
        await supervisor.start()
        await supervisor.stop()

    asyncio.run(go())
    assert order.read_text() == "node service "
