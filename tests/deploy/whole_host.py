"""One host as docs/operating/install.md makes it: the units' command lines, on other ports and below another folder.

Each process starts with the kernel's own refusal of memory that is writable and executable, as the units ask for.
"""

import ctypes
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ports import free_row
from privity_client.models import shelf
from unit_files import FOLDER, ROOT, command, read

EXAMPLES = ROOT / "deploy/examples"
PORTS = range(8080, 8086)
_PR_SET_MDWE, _PR_SET_NO_NEW_PRIVS = 65, 38
_LIBC = ctypes.CDLL(None, use_errno=True)


def _closed() -> None:
    # A kernel before 6.3 does not know the first one; systemd then filters system calls instead.
    _LIBC.prctl(_PR_SET_MDWE, 1, 0, 0, 0)
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


class WholeHost:
    """`prepare` goes through the steps of the page; `start` starts units; `close` ends them, the last one first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.etc, self.lib = folder / "etc", folder / "lib"
        # Below `folder` the path of a socket could be too long.
        self.sockets = Path(tempfile.mkdtemp(prefix="privity-run-"))
        self.first = free_row(len(PORTS))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.first}"

    def here(self, text: str) -> str:
        """A text of a unit or an example, with the paths and addresses of this host."""
        for number, port in enumerate(PORTS):
            text = text.replace(f":{port}", f":{self.first + number}").replace(
                f'"port": {port}', f'"port": {self.first + number}'
            )
        text = text.replace("/etc/privity", str(self.etc)).replace("/var/lib", str(self.lib))
        text = text.replace("/run/privity-", f"{self.sockets}/privity-")
        text = text.replace("https://run.chat.example", f"http://localhost:{self.first + 1}")
        return text.replace("https://log.chat.example", f"http://localhost:{self.first + 3}")

    def run(self, line: str) -> str:
        """Run a program of ours as the page says it; what it printed."""
        done = subprocess.run(self._argv(shlex.split(line)), stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def start(self, role: str) -> None:
        """Start a unit and wait until it says READY."""
        unit = read(FOLDER / f"privity-{role}.service")
        words = self._argv(command(unit))
        for name in unit["Service"].get("RuntimeDirectory", []):
            (self.sockets / name).mkdir(exist_ok=True)
        (self.lib / f"privity-{role}").mkdir(parents=True, exist_ok=True)
        errors = (self.folder / f"{role}.log").open("ab")
        with errors:
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, preexec_fn=_closed)
        self._processes[role] = process
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"READY "):
                return
            assert not line.startswith(b"FAILED"), line
        raise AssertionError(f"{role}: {(self.folder / f'{role}.log').read_text()[-2000:]}")

    def prepare(self) -> None:
        """Configurations, keys, policy, root and weights."""
        self.etc.mkdir()
        for name in ("service.json", "ledger.json", "node-simulated.json", "keeper-simulated.json"):
            (self.etc / name.replace("-simulated", "")).write_text(self.here((EXAMPLES / name).read_text()))
        node, keeper = self.lib / "privity-node", self.lib / "privity-keeper"
        (node / "models").mkdir(parents=True)
        keeper.mkdir()
        (self.etc / "keeper.json").rename(keeper / "keeper.json")
        built_in = shelf.demonstration()
        assert built_in is not None
        shutil.copy(built_in.path, node / "models/privity-demo.gguf")
        keys = self.run("privity-log keys --home /var/lib/privity-log --host log.chat.example")
        keys += self.run(
            "privity-log witness --home /var/lib/privity-witness --name witness.chat.example/one --only-keys"
        )
        where = ("-v", self.here("read=https://log.chat.example"), "-v", self.here("witness=http://127.0.0.1:8084"))
        made = ["awk", *where, "-f", str(ROOT / "deploy/policy.awk")]
        policy = subprocess.run(made, input=keys, stdout=subprocess.PIPE, text=True, check=True).stdout
        (self.etc / "policy.txt").write_text(policy)
        self.run("python -m privity_simulation root /var/lib/privity-node/development-root")
        shutil.copy(node / "development-root/root.pem", self.etc / "development-root.pem")

    def prepare_release(self) -> None:
        """The leaf of this very installation, as a trial has it: measured, not logged yet. The log must run."""
        shutil.copy(self.lib / "privity-log/token", self.lib / "privity-keeper/token")
        said = json.loads(self.run("python -m privity_simulation measure --config /etc/privity/node.json"))
        (self.etc / "platforms.json").write_text(json.dumps({"simulated": said["registers"]}, separators=(",", ":")))
        model = json.loads((self.etc / "node.json").read_bytes())["models"][0]["sha256"]
        self.run(
            "privity-release prepare --config /var/lib/privity-keeper/keeper.json --out /etc/privity/release.json --now"
            " --name privity-enclave --version 0.1.0 --source local --platforms /etc/privity/platforms.json"
            f" --configuration {said['configuration']} --model {model}"
        )

    def close(self) -> dict[str, int]:
        """End what runs; the exit status of each role."""
        found = {}
        for role, process in reversed(self._processes.items()):
            process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            found[role] = process.returncode
        shutil.rmtree(self.sockets, ignore_errors=True)
        return found

    def _argv(self, words: list[str]) -> list[str]:
        modules = {
            "privity-log": "privity_log",
            "privity-release": "privity_image",
            "privity-ledger": "privity_service.ledger",
        }
        program = modules.get(words[0].rpartition("/")[2])
        rest = [self.here(word) for word in words[1:]]
        return [sys.executable, *(() if program is None else ("-m", program)), *rest]
