"""A whole installation as a person starts it: `privity serve`, its commands, and an operator who may stop being honest.

The rogue has all that the operator has: the folder with the keys of logs, witness and fleet, and the published files.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import httpx
from ports import free_row
from privity_client.models import shelf
from privity_client.serve.home import Home, open_home
from privity_image.keeper import fleet_key, posting
from privity_image.keeper import settings as keeper_settings
from privity_image.keeper.files import Files
from privity_image.keeper.ledger import Ledger
from privity_image.keeper.log_reader import LogReader
from privity_image.keeper.posting import Post
from privity_image.keeper.wire import Wire
from privity_protocol import binding, canonical, directory, evidence
from privity_tlog import proof, witness_policy
from privity_tlog.leaves import revocations

PRIVITY = [sys.executable, "-c", "from privity_client.cli import main; main()"]
SECONDS = 120
NODE = "privity_enclave run"
KEEPER = "privity_image keep"


class Served:
    """A running `privity serve` and the commands beside it."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.home: Home = open_home(folder / "home")
        shelf.add(self.home.models, model, model_id="tiny", context=512)
        self.port = free_row(6)
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What its commands find set."""
        return os.environ | {"PRIVITY_HOME": str(self.home.root), "PRIVITY_PORT": str(self.port), "NO_COLOR": "1"}

    def start(self, *options: str) -> None:
        """Start it; AssertionError when it does not become ready."""
        argv = [*PRIVITY, "serve", "--model", "tiny", *options]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, env=self.environment, text=True, stdout=pipe, stderr=subprocess.STDOUT)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("Privity is ready"):
                return
        raise AssertionError("".join(said))

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=120)
        self._process = None

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """One command of a user on this machine."""
        return subprocess.run(
            [*PRIVITY, *arguments], env=self.environment, input="", text=True, capture_output=True, timeout=SECONDS
        )

    def pid(self, role: str) -> int:
        """The process of a role."""
        found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        (one,) = [pid for pid in found if f"-m {role} " in (said := command_of(pid)) and str(self.home.root) in said]
        return one

    def get(self, path: str) -> bytes:
        """What the service serves."""
        return httpx.get(f"{self.url}{path}", trust_env=False).raise_for_status().content

    @contextmanager
    def rogue(self):
        """The operator without the keeper: it is stopped meanwhile, and posts again afterwards."""
        keeper = self.pid(KEEPER)
        os.kill(keeper, signal.SIGSTOP)
        try:
            yield Rogue(self)
        finally:
            os.kill(keeper, signal.SIGCONT)


def command_of(pid: int) -> str:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@dataclass(frozen=True)
class Listed:
    """One node as it is posted: its document, its bundle's items, its line of the directory."""

    document: binding.NodeDocument
    items: dict[str, tuple[str, bytes]]
    node: directory.Node


class Rogue:
    """Logs and posts what no honest keeper would."""

    def __init__(self, served: Served) -> None:
        self._served, self._home = served, served.home
        chosen = keeper_settings.load(self._home.keeper_configuration)
        self._settings = replace(chosen, state=self._home.root / "rogue")
        self._settings.state.mkdir(exist_ok=True)
        self.policy = witness_policy.decode(chosen.policy.read_bytes())
        self._readers = {
            name: LogReader(name, place, self.policy, Wire()) for name, place in self._settings.logs.items()
        }
        self._ledger = Ledger(self._settings, self._readers, Files())
        self._token = (self._home.log / "token").read_text().strip()
        self.look()

    def look(self) -> None:
        """Read both logs."""
        for name in self._readers:
            self._ledger.look(name)

    def log(self, name: str, *leaves: bytes) -> None:
        """Log leaves, whatever they are."""
        self._readers[name].append(leaves, self._token)
        self.look()

    def revoke(self, *releases: bytes) -> None:
        """Log revocations of releases."""
        known = revocations.decode(self._ledger.release.newest[revocations.KIND].leaf)
        self.log("release", revocations.encode(replace(known, time=int(time.time()), releases=releases)))

    def posted(self) -> Listed:
        """The node that is posted now."""
        (node,) = directory.decode(self._served.get("/v1/nodes/directory")).nodes
        return self.listed(self._served.get(f"/v1/nodes/{node.nd.hex()}"), node.cap)

    def listed(self, bundle: bytes, models: tuple[str, ...]) -> Listed:
        """A node's bundle and the line that would list it."""
        items = {label: (one.media_type, one.data) for label, one in evidence.decode(bundle).items.items()}
        data = items["node-document"][1]
        document = binding.decode(data)
        node = directory.Node(sha256(data).digest(), document.plat, document.rel, models, 1)
        return Listed(document, items, node)

    def proof_of(self, index: int, note: bytes | None = None) -> bytes:
        """The proof that the release log gives for a leaf, under its newest head or another note of it."""
        seen = self._ledger.release.seen
        assert seen is not None
        return proof.encode(index, self._ledger.path("release", index), note or seen.note)

    def index_of(self, release: bytes) -> int:
        """The place of a logged release."""
        return self._ledger.release.releases[release].index

    @property
    def head(self):
        """The newest head of the release log."""
        assert self._ledger.release.seen is not None
        return self._ledger.release.seen.head.checkpoint

    def endorse(self, one: Listed) -> bytes:
        """The operator's word, given to anybody."""
        signer = fleet_key.read(self._home.keeper / "fleet.key")
        return signer.endorse(one.items["node-document"][1], one.document.plat.id, one.document.exp)

    def post(self, one: Listed, **items: bytes) -> None:
        """Log a directory with this node alone and post it, with some items of its bundle replaced."""
        now = int(time.time())
        before = self._ledger.keys.newest["directory"].leaf
        made = directory.Directory(now, now + 7200, sha256(before).digest(), (one.node,))
        leaf = directory.encode(made)
        self.log("keys", leaf)
        kinds = {"release-proof": "tlog-proof", "endorsement": "endorsement+cbor"}
        replaced = {label: (kinds[label], data) for name, data in items.items() if (label := name.replace("_", "-"))}
        bundle = evidence.encode(one.items | replaced)
        origins = {name: place.origin for name, place in self._settings.logs.items()}
        appraisal = canonical.base64url_decode(json.loads(self._served.get("/v1/bulletin"))["appraisal"])
        assert appraisal is not None
        bulletin = posting.compose(self._ledger, made, appraisal, self.policy, origins)
        posting.write(Post(bulletin, leaf, {one.node.nd.hex(): bundle}), self._home.published, Files())
        end = time.monotonic() + 60
        while self._served.get("/v1/bulletin") != bulletin:
            assert time.monotonic() < end, "the service did not take it over"
            time.sleep(0.05)
