"""A whole installation out of real processes: nodes with their engines, the blind service, and a client beside them.

    async with installed(tmp_path, model) as i:
        async with i.client() as client:
            said = await client.ask("What is Privity?")

The documents are those of `privity serve`; here each process is started by itself, so that a test can kill one.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from ports import free_row
from privity_attest.simulated.document import pin_of_pem
from privity_client import fetch
from privity_client.answer import Answer
from privity_client.chain import Chain
from privity_client.channel import Channel, unix_time
from privity_client.commands import Accepted, Complete, Event, Line, Restarted
from privity_client.models.shelf import ShelfModel, digest_file
from privity_client.request import Request
from privity_client.serve.plan import DEPLOY, node_configuration, release_leaf
from privity_protocol import canonical
from unlogged import Unlogged

MODEL = "random"
START_SECONDS = 240


def shelf_model(path: Path, context: int) -> ShelfModel:
    """The model file as `serve` would describe it."""
    return ShelfModel(MODEL, "Random weights", path, path.stat().st_size, digest_file(path), context, "operator-added")


class RoleProcess:
    """One role's process; its two outputs go to files that the canary test reads."""

    def __init__(self, name: str, folder: Path, argv: list[str], environment: dict[str, str] | None = None) -> None:
        self.name = name
        self._environment = environment
        self.out = folder / f"{name}.stdout"
        self.err = folder / f"{name}.stderr"
        self._argv = argv
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> dict[str, object]:
        """Start it; return what it says when it is ready. AssertionError when it says anything else."""
        earlier = self.out.read_text().count("\n") if self.out.exists() else 0
        self._process = self._spawn()
        end = time.monotonic() + START_SECONDS
        while len(lines := self.out.read_text().splitlines()) <= earlier:
            assert self._process.poll() is None, f"{self.name} ended: {self.err.read_text()[-2000:]}"
            assert time.monotonic() < end, f"{self.name} says nothing"
            await asyncio.sleep(0.02)
        assert lines[-1].startswith("READY "), lines[-1]
        ready: dict[str, object] = json.loads(lines[-1][6:])
        return ready

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.out.open("ab") as out, self.err.open("ab") as err:
            return subprocess.Popen(
                self._argv,
                stdout=out,
                stderr=err,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=self._environment,
            )

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9, of this process only."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """Ask it to stop."""
        assert self._process is not None
        self._process.terminate()

    async def ended(self, seconds: float = 30) -> int:
        """Wait for its end; return the exit status."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, seconds)

    def children(self) -> list[psutil.Process]:
        """The processes it started."""
        return psutil.Process(self.pid).children(recursive=True)

    async def stop(self) -> None:
        """End it and everything it started."""
        if self._process is None:
            return
        below = self.children() if self.alive() else []
        if self.alive():
            self._process.terminate()
            try:
                await self.ended(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for child in below:
            if child.is_running():
                child.kill()


@dataclass
class Said:
    """What a client was given: the events in order, and the answer they fold into."""

    events: list[Event] = field(default_factory=list)
    answer: Answer = field(default_factory=Answer)
    node: str = ""

    @property
    def text(self) -> str:
        """The text so far."""
        return self.answer.text


class Client:
    """A client of the installation, driven by the SDK."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.chain = Chain()

    def request(self, text: str, *, tokens: int = 40, profile: str = "p1", resume: bool = True) -> Request:
        """A question whose answer is `tokens` long: random weights find no end by themselves."""
        body = {"messages": [{"role": "user", "content": text}], "model": MODEL, "stream": True}
        more = {"max_tokens": tokens, "temperature": 0, "seed": 1}
        return Request(os.urandom(16), "chat", json.dumps(body | more).encode(), MODEL, profile, resume)

    async def follow(
        self, request: Request, seen: Callable[[Event], object] = lambda _event: None, said: Said | None = None
    ) -> Said:
        """Ask and collect; `seen` is told each event. Raises what the channel raises, with `said` as far as it came."""
        said = said or Said()
        async with aclosing(self.channel.ask(request, self.chain)) as events:
            async for event in events:
                said.events.append(event)
                match event:
                    case Accepted(node):
                        said.node = node.digest
                    case Line(value):
                        said.answer.take(value)
                    case Restarted():
                        said.answer.restart()
                    case Complete():
                        said.answer.complete()
                seen(event)
        return said

    async def ask(self, text: str, *, tokens: int = 40, profile: str = "p1") -> Said:
        """One question, answered whole."""
        return await self.follow(self.request(text, tokens=tokens, profile=profile))


class Installation:
    """Documents and processes. `run_port` may be replaced by a proxy's before the service starts."""

    def __init__(
        self,
        folder: Path,
        model: Path | None,
        nodes: int = 1,
        *,
        slots: int = 2,
        context: int = 4096,
        limits: dict[str, int] | None = None,
        engine_url: str | None = None,
    ) -> None:
        self.folder = folder
        self.model = None if model is None else shelf_model(model, context)
        self._engine_url = engine_url
        service, relay, *node_ports = [free_row() for _ in range(2 + nodes)]
        self.service_port, self.relay_port, self.node_ports = service, relay, node_ports
        self.relayed_node_ports = list(node_ports)
        self.run_port = relay
        self.root = folder / "root"
        self.nodes = [self._node(number, port) for number, port in enumerate(node_ports)]
        self.service = self.role("service", "privity_service", "run", "--config", str(folder / "service.json"))
        self._slots, self._limits = slots, limits or {}

    @property
    def origin(self) -> str:
        """The service origin."""
        return f"http://localhost:{self.service_port}"

    @property
    def node(self) -> RoleProcess:
        """The first node."""
        return self.nodes[0]

    @property
    def processes(self) -> list[RoleProcess]:
        """All of them."""
        return [*self.nodes, self.service]

    def engine(self, number: int = 0) -> psutil.Process:
        """The engine process of a node: the one that holds the weights."""
        below = self.nodes[number].children()
        assert below, "no engine process"
        return max(below, key=lambda process: process.memory_info().rss)

    def prepare(self) -> None:
        """Write root, configurations and release."""
        tool = [sys.executable, "-m", "privity_simulation"]
        subprocess.run([*tool, "root", str(self.root)], check=True, capture_output=True)
        models = [self.model or ShelfModel(MODEL, "Scripted", Path("scripted"), 1, "ab" * 32, 4096, "operator-added")]
        configuration = json.loads(node_configuration(models))
        configuration["models"][0]["slots"] = self._slots
        configuration["limits"] |= self._limits
        if self._engine_url is not None:
            configuration["models"][0] |= {"engine": "external", "file": None}
            configuration["engine"] |= {"kind": "external", "url": self._engine_url, "profile": "vllm"}
        (self.folder / "node.json").write_bytes(canonical.encode(configuration))
        asked = [*tool, "measure", "--config", str(self.folder / "node.json")]
        measured = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
        leaf = release_leaf(
            version="0.0.0",
            registers=measured["registers"],
            configuration=measured["configuration"],
            models=models,
            not_before=int(time.time()) - 10,
        )
        (self.folder / "release.json").write_bytes(leaf)

    def write_service_configuration(self) -> None:
        """Write what the blind service reads."""
        configuration = {
            "v": 1,
            "deploy": DEPLOY,
            "service": {"host": "127.0.0.1", "port": self.service_port},
            "relay": {"host": "127.0.0.1", "port": self.relay_port},
            "nodes": [f"tcp:127.0.0.1:{port}" for port in self.relayed_node_ports],
            "state": str(self.folder / "state"),
            "public_run_origin": f"http://localhost:{self.run_port}",
            "published": None,
            "logs": [],
        }
        (self.folder / "service.json").write_text(json.dumps(configuration))

    async def start(self) -> None:
        """Start everything and wait until every node is listed."""
        self.prepare()
        self.write_service_configuration()
        await asyncio.gather(*(process.start() for process in self.processes))
        await self.listed(len(self.nodes))

    async def listed(self, nodes: int) -> None:
        """Wait until the directory lists so many nodes."""
        await self._until("/healthz", lambda answer: answer.json()["nodes"] == nodes)

    async def restart_node(self) -> None:
        """Start the first node again, and wait until its new key is published."""
        ready = await self.node.start()
        (window,) = ready["node"]["windows"]  # type: ignore[index]
        await self._until(f"/v1/nodes/{window['nd']}", lambda answer: answer.status_code == 200)

    async def _until(self, path: str, satisfied: Callable[[httpx.Response], bool]) -> None:
        end = time.monotonic() + START_SECONDS
        async with fetch.new_client(self.origin) as http:
            while True:
                try:
                    if satisfied(await http.get(f"{self.origin}{path}")):
                        return
                except (httpx.HTTPError, ValueError):
                    pass
                assert time.monotonic() < end, f"{path} never said so"
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End everything."""
        await asyncio.gather(*(process.stop() for process in self.processes))

    @asynccontextmanager
    async def client(
        self, transport: httpx.AsyncBaseTransport | None = None, clock: Callable[[], int] = unix_time
    ) -> AsyncIterator[Client]:
        """A fresh client: nothing remembered, consent to the test enclave of this installation."""
        async with fetch.new_client(self.origin, transport) as http:
            pin = pin_of_pem((self.root / "root.pem").read_bytes())
            source = Unlogged(http, self.origin, DEPLOY, pin, clock)
            yield Client(Channel(http, source, clock=clock))

    def _node(self, number: int, port: int) -> RoleProcess:
        files = ["--config", str(self.folder / "node.json"), "--release", str(self.folder / "release.json")]
        weights = [] if self.model is None else ["--model", f"{MODEL}={self.model.path}"]
        more = ["--simulated-root", str(self.root), *weights]
        listen = ["--listen", f"tcp:127.0.0.1:{port}"]
        return self.role(f"node{number}", "privity_enclave", "run", *files, *listen, *more)

    def role(self, name: str, module: str, *arguments: str) -> RoleProcess:
        """The process of a role, not started."""
        return RoleProcess(name, self.folder, [sys.executable, "-m", module, *arguments])


@asynccontextmanager
async def installed(folder: Path, model: Path, nodes: int = 1, **options: object) -> AsyncIterator[Installation]:
    """Start an installation and stop it whatever happens."""
    installation = Installation(folder, model, nodes, **options)  # type: ignore[arg-type]
    try:
        await installation.start()
        yield installation
    finally:
        await installation.stop()
