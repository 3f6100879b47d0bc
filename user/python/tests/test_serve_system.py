"""`privity serve` and `privity chat` as a person runs them: real processes on loopback with a tiny model."""

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from privity_client.models import shelf
from privity_client.serve.home import open_home

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[3]
ROLES = (
    "privity_enclave run",
    "privity_service run",
    "privity_image keep",
    "privity_log serve",
    "privity_log witness",
)
for runtime in ("privity_enclave", "privity_service", "privity_log", "privity_image", "xllamacpp"):
    pytest.importorskip(runtime)


def loaded(path: str) -> ModuleType:
    """A module of another folder, which nothing of ours installs."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PORTS = loaded("tests/system/ports.py")


class Installation:
    """A state folder, six ports, and the command."""

    def __init__(self, folder: Path) -> None:
        self.home = open_home(folder)
        self.port = PORTS.free_row(6)
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    def environment(self) -> dict[str, str]:
        return os.environ | {"PRIVITY_HOME": str(self.home.root), "PRIVITY_PORT": str(self.port), "NO_COLOR": "1"}

    def start(self, *options: str) -> None:
        self.said = []
        self.process = self.popen("serve", "--model", "tiny", *options)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("Privity is ready"):
                return
        raise AssertionError("\n".join(self.said))

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", "from privity_client.cli import main; main()", *arguments]
        return subprocess.Popen(
            command, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from privity_client.cli import main; main()", *arguments]
        return subprocess.run(
            command, env=self.environment(), input=text or "", text=True, capture_output=True, timeout=120
        )

    def chat(self, *arguments: str, text: str | None = None) -> "subprocess.CompletedProcess[str]":
        return self.run("chat", "--url", self.url, "--profile", "p0", *arguments, text=text)

    def stop(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        self.process.stdout.close()
        self.process = None
        return code

    def children(self) -> list[int]:
        found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in found if str(self.home.root) in command_of(pid) and role(command_of(pid))]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maker = loaded("bench/random_model.py")
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    maker.build(path, maker.SHAPES["tiny"], 1)
    return path


@pytest.fixture
def installation(tmp_path: Path, tiny: Path) -> Iterator[Installation]:
    with installed(tmp_path, tiny) as made:
        yield made


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[Installation]:
    """A running one that several tests leave as they found it."""
    with installed(tmp_path_factory.mktemp("lasting"), tiny) as made:
        made.start()
        yield made


@contextmanager
def installed(folder: Path, model: Path) -> Iterator[Installation]:
    """An installation with a model, stopped when it runs."""
    made = Installation(folder / "home")
    shelf.add(made.home.models, model, model_id="tiny", context=512)
    try:
        yield made
    finally:
        if made.process is not None:
            made.stop(signal.SIGTERM)


def test_serve_chat_stop_and_start_again(installation: Installation) -> None:
    installation.start()
    assert len(installation.children()) == len(ROLES)
    ready = [line for line in installation.said if "Privity is ready" in line]
    assert ready == [f"Privity is ready at {installation.url}"]
    assert installation.said[-1] == ready[0]
    assert "privity chat" in installation.said[-2]
    assert any("Test enclave. Whoever runs this server can read your messages." in line for line in installation.said)

    refused = installation.chat("--once", "Hello")
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert "Nothing was sent" in refused.stderr

    for arguments in (["--once", "Hello"], ["Hello"]):
        answered = installation.chat(*arguments, "--allow-simulated")
        assert answered.returncode == 0, answered.stderr
        assert len(answered.stdout.strip()) > 5
        assert "Test enclave" in answered.stderr
    piped = installation.chat("--allow-simulated", text="Hello from a pipe\n")
    assert piped.returncode == 0

    events = [
        json.loads(line)
        for line in installation.chat("--once", "Hi", "--allow-simulated", "--json").stdout.splitlines()
    ]
    assert all(event["simulated"] is True for event in events)
    assert events[0]["event"] == "verified"
    assert events[-1]["event"] == "done"
    assert events[-1]["state"] == "complete"
    assert events[-1]["text"] == "".join(event["text"] for event in events if event["event"] == "text")

    second = installation.run("serve", "--model", "tiny")
    assert second.returncode == 2
    assert "already running" in second.stderr

    root = installation.home.root_certificate.read_bytes()
    release = installation.home.release.read_bytes()
    assert installation.stop() == 0
    assert installation.said[-2:] == ["· stopping", "· stopped"]
    assert installation.children() == []
    installation.start()
    assert installation.home.root_certificate.read_bytes() == root
    # Registers are left out: this runs from a source tree, which an editor may change in between.
    again, before = json.loads(installation.home.release.read_bytes()), json.loads(release)
    assert {name: again[name] for name in ("not_before", "models")} == {
        name: before[name] for name in ("not_before", "models")
    }


def test_verify_tells_everything_and_its_exit_code(installation: Installation) -> None:
    installation.start()
    accepted = installation.run("verify", installation.url, "--allow-simulated", "--json")
    document = json.loads(accepted.stdout)
    assert accepted.returncode == 0
    assert document["simulated"] is True
    assert document["nodes"][0]["challenged"] is True
    assert document["nodes"][0]["record"]["outcome"] == "accepted_as_simulated"
    refused = installation.run("verify", installation.url, "--json")
    assert refused.returncode == 3
    assert json.loads(refused.stdout)["nodes"][0]["reason"] == "simulated_not_allowed"
    shown = installation.run("verify", installation.url, "--allow-simulated").stdout
    assert "✓ passed" in shown
    assert "– not checked" in shown
    assert shown.index("Limits") > shown.index("Checks")


def test_a_third_person_watches_and_witnesses_the_logs_with_two_commands(
    installation: Installation, tmp_path: Path
) -> None:
    installation.start()
    log, policy = [sys.executable, "-m", "privity_log"], str(installation.home.log_policy)
    watch = [*log, "monitor", "--home", str(tmp_path / "monitor"), "--policy", policy, "--once"]
    seen = subprocess.run(watch, capture_output=True, text=True, timeout=60)
    assert (seen.returncode, seen.stderr) == (0, "")
    assert [line.split(" ", 1)[0] for line in seen.stdout.splitlines()] == ["local/release:", "local/keys:"]
    assert seen.stdout.count("0 surprises") == 2
    vouch = [*log, "witness", "--home", str(tmp_path / "witness"), "--name", "w.example/one", "--policy", policy]
    with subprocess.Popen([*vouch, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as witness:
        assert witness.stdout is not None
        said = [line for _, line in zip(range(3), witness.stdout, strict=False)]
        witness.terminate()
    assert [line.split()[0] for line in said] == ["witness", "witness", "READY"]


def test_logs_without_a_witness_are_accepted_only_as_such_and_every_verification_says_so(
    installation: Installation,
) -> None:
    installation.start("--no-witnesses")
    shown = installation.run("verify", installation.url, "--allow-simulated")
    assert shown.returncode == 0, shown.stderr
    assert "no quorum" in shown.stdout
    (pin,) = installation.home.root.glob("trust/*/pin.json")
    pin.write_bytes(pin.read_bytes().replace(b'"no_quorum":true', b'"no_quorum":false'))
    refused = installation.run("verify", installation.url, "--allow-simulated")
    assert refused.returncode != 0
    assert "no witness" in refused.stderr or "quorum" in refused.stderr
    pin.unlink()
    unknown = installation.chat("--once", "Hello", "--allow-simulated")
    assert (unknown.returncode, unknown.stdout) != (0, "")
    assert "privity trust pin" in unknown.stderr


@pytest.mark.parametrize("killed", ROLES)
def test_a_killed_role_is_started_again_and_a_node_answers(lasting: Installation, killed: str) -> None:
    (pid,) = [pid for pid in lasting.children() if killed in command_of(pid)]
    os.kill(pid, signal.SIGKILL)
    assert lasting.process is not None
    assert lasting.process.stdout is not None
    for line in lasting.process.stdout:
        if "running again" in line:
            break
    assert [one for one in lasting.children() if killed in command_of(one)] != [pid]
    deadline = time.monotonic() + 120
    while (answered := lasting.chat("--once", "Hello", "--allow-simulated")).returncode != 0:
        assert time.monotonic() < deadline, answered.stderr
    assert len(answered.stdout) > 5


def test_nothing_is_left_behind_by_a_killed_serve(installation: Installation) -> None:
    installation.start()
    assert installation.children()
    assert installation.process is not None
    installation.process.kill()
    installation.process.wait()
    assert installation.process.stdout is not None
    installation.process.stdout.close()
    installation.process = None
    deadline = time.monotonic() + 60
    while installation.children():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    installation.start()


def test_a_taken_port_is_named_with_what_to_do(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", installation.port + 1))
        taken.listen()
        done = installation.run("serve", "--model", "tiny")
    assert done.returncode == 1
    assert f"port {installation.port + 1}" in done.stderr
    assert "PRIVITY_PORT" in done.stderr


def test_a_changed_model_file_stops_the_start(installation: Installation) -> None:
    path = installation.home.models / "tiny.gguf"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    done = installation.run("serve", "--model", "tiny")
    assert done.returncode == 1
    assert re.search("digest|sha256|model", done.stderr)
    assert "Privity is ready" not in done.stdout


def test_no_server_is_told_in_words(installation: Installation) -> None:
    done = installation.chat("--once", "Hello", "--allow-simulated", "--json")
    assert done.returncode == 5 or "development_root" in done.stdout


def role(command: str) -> bool:
    return any(f"-m {each} " in command for each in ROLES)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_ctrl_c_stops_an_answer_and_keeps_its_text(installation: Installation) -> None:
    installation.start()
    asking = installation.popen("chat", "--url", installation.url, "--once", "Hello", "--allow-simulated")
    assert asking.stdout is not None
    seen = ""
    while len(seen) < 120:  # the banner and the first words
        seen += asking.stdout.read(1)
    asking.send_signal(signal.SIGINT)
    rest = asking.stdout.read()
    asking.stdout.close()
    assert asking.wait(20) == 1
    assert "stopped: this answer is not complete" in rest
    assert installation.chat("--once", "And now?", "--allow-simulated").returncode == 0


def test_nothing_that_was_said_is_written_to_disk(installation: Installation, tmp_path: Path) -> None:
    installation.start()
    system = tmp_path / "system.txt"
    system.write_text("You are a CANARYSYSTEM.")
    asked = installation.chat("--once", "CANARYQUESTION", "--system", str(system), "--allow-simulated")
    assert asked.returncode == 0
    installation.stop()
    words = [b"CANARYQUESTION", b"CANARYSYSTEM", asked.stdout.strip()[:40].encode()]
    for path in installation.home.root.rglob("*"):
        if path.is_file() and path.suffix != ".gguf":
            content = path.read_bytes()
            assert not any(word in content for word in words), path
