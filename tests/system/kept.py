"""An installation whose node is held against real logs: node, both logs, one witness, and the operator's keeper.

    async with kept(tmp_path, model) as world:
        posted = await world.posted(nodes=1)

Each process is started by itself, so that a test can kill one, stop one, or let one lie.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from ports import free_row
from privity_client.models.shelf import ShelfModel, digest_file
from privity_client.serve.plan import DEPLOY, node_configuration, release_leaf
from privity_protocol import canonical, directory
from privity_tlog import bulletin, witness_policy
from privity_tlog.bulletin import Posted

SECONDS = 60
MODEL = "random"
ORIGINS = {"release": f"{DEPLOY}/release", "keys": f"{DEPLOY}/keys"}


class Process:
    """One role's process; its two outputs go to files."""

    def __init__(self, name: str, folder: Path, argv: list[str]) -> None:
        self.name, self._argv = name, argv
        self.out, self.err = folder / f"{name}.stdout", folder / f"{name}.stderr"
        self._running: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait for its READY."""
        earlier = self._lines("READY ")
        self.launch()
        end = time.monotonic() + SECONDS
        while self._lines("READY ") <= earlier:
            assert self.alive(), f"{self.name} ended: {self.out.read_text()[-500:]} {self.err.read_text()[-500:]}"
            assert time.monotonic() < end, f"{self.name} says nothing"
            await asyncio.sleep(0.02)

    def launch(self) -> None:
        """Start it."""
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self._running = subprocess.Popen(
                self._argv, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def kill(self) -> None:
        """kill -9, of this process only."""
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def terminate(self) -> None:
        """Ask it to stop."""
        assert self._running is not None
        self._running.terminate()

    async def ended(self) -> int:
        """Wait for its end; return the exit status."""
        assert self._running is not None
        return await asyncio.to_thread(self._running.wait, SECONDS)

    async def stop(self) -> None:
        """End it and everything it started."""
        if not self.alive():
            return
        assert self._running is not None
        below = psutil.Process(self._running.pid).children(recursive=True)
        self._running.terminate()
        try:
            await asyncio.to_thread(self._running.wait, 10)
        except subprocess.TimeoutExpired:
            self.kill()
        for child in below:
            if child.is_running():
                child.kill()

    def _lines(self, beginning: str) -> int:
        return self.out.read_text().count(beginning) if self.out.exists() else 0


class Kept:
    """Documents and processes; nothing runs until it is started."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder = folder
        self.model = ShelfModel(
            MODEL, "Random", model, model.stat().st_size, digest_file(model), 2048, "operator-added"
        )
        self.log_port, self.append_port, self.witness_port, self.node_port = [free_row() for _ in range(4)]
        self.published, self.anchor, self.state = folder / "published", folder / "anchor", folder / "keeper"
        self.policy, self.watched = folder / "policy", folder / "watched"
        self.settings = folder / "keeper.json"
        home, place = ["--home", str(folder / "log")], f"127.0.0.1:{self.log_port}"
        listen = ["--listen", place, "--append", f"127.0.0.1:{self.append_port}"]
        self.log = self._role(
            "log", "privity_log", "serve", *home, "--host", DEPLOY, "--policy", str(self.policy), *listen
        )
        named = ["--home", str(folder / "witness"), "--name", f"{DEPLOY}/witness", "--policy", str(self.policy)]
        self.witness = self._role(
            "witness", "privity_log", "witness", *named, "--listen", f"127.0.0.1:{self.witness_port}"
        )
        self.keeper = self._role("keeper", "privity_image", "keep", "--config", str(self.settings))
        self.node = self.node_of("node", folder / "root")

    def node_of(self, name: str, root: Path) -> Process:
        """A node under a development root, which takes its anchor from the keeper."""
        files = ["--config", str(self.folder / "node.json"), "--release", str(self.folder / "release.json")]
        more = ["--simulated-root", str(root), "--model", f"{MODEL}={self.model.path}", "--anchor", str(self.anchor)]
        return self._role(name, "privity_enclave", "run", *files, "--listen", f"tcp:127.0.0.1:{self.node_port}", *more)

    def prepare(self, **changes: object) -> None:
        """Write everything that the processes read; `changes` replaces members of the keeper's configuration."""
        self.tool("privity_simulation", "root", str(self.folder / "root"))
        (self.folder / "node.json").write_bytes(node_configuration([self.model]))
        self.write_release("0.1.0")
        logs = self.tool("privity_log", "keys", "--home", str(self.folder / "log"), "--host", DEPLOY)
        witness = ["witness", "--home", str(self.folder / "witness"), "--name", f"{DEPLOY}/witness", "--only-keys"]
        named = [line.split() for line in self.tool("privity_log", *witness).splitlines()]
        lines = [line for line in logs.splitlines() if line.startswith("log ")]
        self.watched.write_text("".join(f"{line}\n" for line in [*map(self._with_address, lines), "quorum none"]))
        (vkey,) = [words[2] for words in named if words[1].endswith("-mldsa44")]
        lines += [f"witness local {vkey} http://127.0.0.1:{self.witness_port}", "quorum local"]
        self.policy.write_text("".join(f"{line}\n" for line in lines))
        self.configure(**changes)

    def write_release(self, version: str) -> None:
        """Write the release leaf of this very installation."""
        said = self.tool("privity_simulation", "measure", "--config", str(self.folder / "node.json"))
        leaf = release_leaf(version=version, models=[self.model], not_before=int(time.time()) - 1, **json.loads(said))
        (self.folder / "release.json").write_bytes(leaf)

    def configure(self, **changes: object) -> None:
        """Write the keeper's configuration."""
        place = {"append": f"http://127.0.0.1:{self.append_port}"}
        read = f"http://127.0.0.1:{self.log_port}"
        members: dict[str, Any] = {
            "v": 1,
            "deploy": DEPLOY,
            "state": str(self.state),
            "published": str(self.published),
            "anchor": str(self.anchor),
            "policy": str(self.policy),
            "token": str(self.folder / "log" / "token"),
            "logs": {name: {"origin": one, "read": f"{read}/{name}", **place} for name, one in ORIGINS.items()},
            "nodes": [f"tcp:127.0.0.1:{self.node_port}"],
            "fleet_keys": [str(self.state / "fleet.key")],
            "bootstrap": True,
            "release": str(self.folder / "release.json"),
            "simulated_root": str(self.folder / "root" / "root.pem"),
        }
        self.settings.write_bytes(canonical.encode({**members, **changes}))

    async def start(self) -> None:
        """Start everything; the node waits for the anchor that the keeper writes."""
        await asyncio.gather(*(each.start() for each in (self.witness, self.log, self.keeper, self.node)))

    async def stop(self) -> None:
        """End everything."""
        await asyncio.gather(*(each.stop() for each in (self.node, self.keeper, self.log, self.witness)))

    def verified(self) -> Posted:
        """What is posted, verified as a client does. Raises what that raises."""
        policy = witness_policy.decode(self.policy.read_bytes())
        data = (self.published / "bulletin").read_bytes()
        return bulletin.verify(bulletin.decode(data), policy, release=ORIGINS["release"], keys=ORIGINS["keys"])

    async def posted(self, satisfied: Callable[[Posted], bool]) -> Posted:
        """Wait until what is posted satisfies."""
        end = time.monotonic() + SECONDS
        while True:
            if (self.published / "bulletin").exists() and satisfied(found := self.verified()):
                return found
            assert time.monotonic() < end, f"never posted so: {self.keeper.err.read_text()[-3000:]}"
            assert self.keeper.alive(), self.keeper.err.read_text()[-3000:]
            await asyncio.sleep(0.05)

    async def said(self, event: str, count: int = 1) -> list[str]:
        """Wait until the keeper said an event so often; return the details."""
        end = time.monotonic() + SECONDS
        while len(found := [one["detail"] for one in self.events() if one["event"] == event]) < count:
            assert time.monotonic() < end, self.keeper.err.read_text()[-3000:]
            await asyncio.sleep(0.05)
        return found

    def events(self) -> list[dict[str, str]]:
        """Every event of the keeper so far."""
        lines = self.keeper.err.read_text().splitlines() if self.keeper.err.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def _with_address(self, line: str) -> str:
        """A line of the policy for a monitor: where the log of this key is read."""
        name = line.split()[1].partition("+")[0].rpartition("/")[2]
        return f"{line} http://127.0.0.1:{self.log_port}/{name}"

    def tool(self, *arguments: str) -> str:
        """What a command prints, which must end well."""
        done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def _role(self, name: str, module: str, *arguments: str) -> Process:
        return Process(name, self.folder, [sys.executable, "-m", module, *arguments])


def nodes_of(posted: Posted) -> list[directory.Node]:
    """The nodes of the posted directory."""
    return list(directory.decode(posted.directory).nodes)


@asynccontextmanager
async def kept(folder: Path, model: Path) -> AsyncIterator[Kept]:
    """Prepare an installation, and stop it whatever happens."""
    os.makedirs(folder, exist_ok=True)
    world = Kept(folder, model)
    try:
        await asyncio.to_thread(world.prepare)
        yield world
    finally:
        await world.stop()
