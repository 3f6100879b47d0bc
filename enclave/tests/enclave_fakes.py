"""A whole node without hardware, engine, sockets or time: what the tests of the enclave drive.

`run(coroutine)` runs on a loop whose clock jumps to the next timer as soon as nothing else is to be done, so that an
answer of minutes takes milliseconds and every time is exact. `Rig` is a node with fakes around it; `Exchange` is one
HTTP request spoken to its ASGI application.
"""

import asyncio
import heapq
import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from privity_enclave import configuration, runtime
from privity_enclave.answers import Answers
from privity_enclave.hardware import HardwareFailed
from privity_enclave.http import application
from privity_enclave.keys import Clock, KeyRing, Statement
from privity_enclave.metering import Meter
from privity_enclave.models import ServedModel, document
from privity_enclave.node import Node
from privity_enclave.operations import Operations
from privity_protocol import binding, canonical, evidence, xwing
from privity_protocol.application import RequestHeader
from privity_protocol.hello import begin_hello
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Line, Text
from privity_protocol.platform import Platform
from privity_protocol.request import encode_request
from privity_protocol.response import Data, End, Error, Event
from privity_protocol.run import RunSent, begin_run
from privity_protocol.session import Session

T = TypeVar("T")
CASES = Path(__file__).parents[2] / "vectors/configuration/cases.json"
DOCUMENT: dict[str, Any] = json.loads(json.loads(CASES.read_text())["cases"][0]["document"])
MODEL = "privity-demonstration"
NOW = 1_795_000_000


class VirtualLoop(asyncio.SelectorEventLoop):
    """Never sleeps: when nothing is ready, the clock moves to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False
            self._timer_cancelled_count -= 1
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0]._when)
        super()._run_once()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


async def settle(seconds: float = 0.0) -> None:
    """Let everything happen that is due within the given virtual seconds."""
    await asyncio.sleep(seconds)
    for _ in range(20):
        await asyncio.sleep(0)


@dataclass
class FakeHardware:
    """Signs nothing; counts. Set `broken` to make it fail."""

    platform: Platform = field(default_factory=lambda: Platform("simulated", bytes(32)))
    has_register: bool = True
    broken: bool = False
    extended: list[bytes] = field(default_factory=list)
    closed: int = 0
    asked: list[bytes] = field(default_factory=list)

    def extend(self, event: bytes) -> None:
        self.extended.append(event)

    def close(self) -> None:
        self.closed += 1

    def evidence(self, report_data: bytes) -> dict[str, tuple[str, bytes]]:
        if self.broken:
            raise HardwareFailed("fake")
        self.asked.append(report_data)
        return {"cpu": ("sim-document", report_data)}


@dataclass
class FakeDevices:
    """As many devices as `labels` names; each signs the nonce with its label. Set `broken` to make them fail."""

    labels: tuple[str, ...] = ()
    broken: bool = False
    nonces: list[bytes] = field(default_factory=list)

    def evidence(self, nonce: bytes) -> dict[str, tuple[str, bytes]]:
        if self.broken:
            raise HardwareFailed("fake")
        self.nonces.append(nonce)
        return {label: ("nvidia-spdm+cbor", label.encode() + nonce) for label in self.labels}


class FakeEngine:
    """Plays the script in `script`: events are yielded, numbers are seconds to wait, exceptions are raised."""

    def __init__(self) -> None:
        self.script: Iterable[object] = ()
        self.model = ServedModel(MODEL, "Fake", True, ["ab" * 32], "fake 1", "0" * 64, 2048)
        self.requests: list[Any] = []
        self.running = 0
        self.cancelled = 0

    async def chat(self, request: Any) -> AsyncGenerator[Any, None]:
        self.requests.append(request)
        self.running += 1
        try:
            for step in self.script:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, int | float):
                    await asyncio.sleep(step)
                else:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


def settings(members: dict[str, object] | None = None, **limits: int) -> tuple[bytes, configuration.Configuration]:
    """The example configuration with other members or limits."""
    item = canonical.encode(DOCUMENT | {"limits": DOCUMENT["limits"] | limits} | (members or {}))
    return item, configuration.decode(item)


class Rig:
    """A node in its fakes. Make it inside `run`. `ledger` is asked by a node that meters, as an `Adapter`."""

    def __init__(
        self, members: dict[str, object] | None = None, *, ledger: Any = None, wall: int = NOW, **limits: int
    ) -> None:
        self.wall = wall
        self.skipped = 0.0
        self.loop = asyncio.get_running_loop()
        self.hardware = FakeHardware()
        self.devices = FakeDevices()
        self.engine = FakeEngine()
        item, settings_ = settings(members, **limits)
        metering = settings_.metering
        models_item = document([self.engine.model], metering.prices if metering else None)
        self.clock = Clock(wall=lambda: self.wall, steady=self.steady)
        statement = Statement(
            node=bytes(16),
            deploy=settings_.deploy,
            profiles=tuple(settings_.profiles),
            egress=settings_.egress,
            models=(MODEL,),
            configuration_item=item,
            models_item=models_item,
            release_item=b"{}",
            runtime_log=runtime.measure(self.hardware, configuration=item, models=models_item),
            collateral=None,
            anchor=None,
        )
        self.keys = KeyRing(self.hardware, self.devices, statement, self.clock)
        self.answers = Answers(kept=settings_.limits.resume_answers)
        engines: dict[str, Any] = {MODEL: self.engine}
        meter = Meter(metering, settings_.deploy, self.keys, self.clock, ledger) if metering else None
        operations = Operations(
            settings_, engines, self.answers, self.keys, models_item=models_item, boot=bytes(32), meter=meter
        )
        self.node = Node(settings_, self.keys, operations, self.answers, self.clock)
        self.keys.admit(self.keys.begin())
        self.app = application(self.node)

    def steady(self) -> float:
        return self.loop.time() + self.skipped

    async def turn(self) -> None:
        """One round of what the node does every second."""
        self.node.sweep()
        await self.node.renew()

    def skip(self, seconds: int) -> None:
        """Let both clocks pass without waiting."""
        self.wall += seconds
        self.skipped += seconds

    @property
    def document(self) -> bytes:
        """The node document of the newest key."""
        return max(self.keys._windows.values(), key=lambda window: window.born).node_document

    @property
    def kid(self) -> bytes:
        """The id of the newest key."""
        return binding.kid(self.document)

    async def hello(self, document: bytes | None = None) -> Session:
        """Open a session as a client does."""
        document = document or self.document
        sent, request = hello(document)
        exchange = await self.post("/ec1/hello", request)
        assert exchange.status == 200
        return sent.finish(exchange.body)

    async def post(self, path: str, *chunks: bytes) -> "Exchange":
        """A whole POST, answered."""
        exchange = self.open("POST", path)
        exchange.send(*chunks)
        return await exchange.done()

    async def get(self, path: str) -> "Exchange":
        """A whole GET, answered."""
        exchange = self.open("GET", path)
        exchange.send()
        return await exchange.done()

    def open(self, method: str, path: str) -> "Exchange":
        """A request whose body is still to come."""
        return Exchange(self.app, method, path)

    async def chat(self, session: Session, **header: Any) -> "Reply":
        """A chat request, its answer on the way."""
        return self.ask(session, body=chat_body(), **header)

    def ask(self, session: Session, *, body: bytes = b"", **header: Any) -> "Reply":
        """A request whose answer is on the way."""
        members: dict[str, Any] = {"rid": os.urandom(16), "op": "chat", "prof": "p1"} | header
        return self.ask_bytes(session, encode_request(RequestHeader(**members), body))

    def ask_bytes(self, session: Session, payload: bytes) -> "Reply":
        """As `ask`, with application bytes of the caller's."""
        sent, request = begin_run(session, payload, entropy=os.urandom)
        exchange = self.open("POST", "/ec1/run")
        exchange.send(request)
        return Reply(exchange, sent)


def hello(document: bytes) -> tuple[Any, bytes]:
    """A HELLO for a node document."""
    key = binding.decode(document).pk
    return begin_hello(node_key=key, node_document=document, encapsulate=xwing.encapsulate, ephemeral=xwing.generate())


def chat_body(text: str = "Hello", model: str = MODEL, **more: object) -> bytes:
    """A chat request body."""
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}]} | more).encode()


def node_document(bundle: bytes) -> binding.NodeDocument:
    """The node document in a bundle."""
    return binding.decode(evidence.decode(bundle).items["node-document"].data)


class Exchange:
    """One HTTP request and what came back: `status`, `headers`, and `parts`, each with its virtual time."""

    def __init__(self, app: Callable[..., Awaitable[None]], method: str, path: str) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[tuple[float, bytes]] = []
        self.finished = False
        self.aborted = False
        self.stalled = False
        self.broken: OSError | None = None
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "extensions": {"privity.abort": self._abort},
        }
        self.task = asyncio.ensure_future(app(scope, self._incoming.get, self._take))

    def send(self, *chunks: bytes, more: bool = False) -> None:
        """Send the body, or a part of it."""
        for chunk in chunks:
            self._incoming.put_nowait({"type": "http.request", "body": chunk, "more_body": True})
        if not more:
            self._incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    def disconnect(self) -> None:
        """The client goes away."""
        self._incoming.put_nowait({"type": "http.disconnect"})

    def _abort(self) -> None:
        self.aborted = True
        self.disconnect()

    async def _take(self, message: dict[str, Any]) -> None:
        while self.stalled and not self.aborted:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        if self.broken is not None:
            raise self.broken
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message.get("headers", [])}
        else:
            self.parts.append((asyncio.get_event_loop().time(), message.get("body", b"")))
            self.finished = not message.get("more_body", False)

    async def done(self) -> "Exchange":
        """Wait until the application has returned."""
        await self.task
        return self

    @property
    def body(self) -> bytes:
        return b"".join(part for _, part in self.parts)


class Reply:
    """An answer on its way, read as a client reads it."""

    def __init__(self, exchange: Exchange, sent: RunSent) -> None:
        self.exchange = exchange
        self._sent = sent
        self.events: list[Event] = []
        self.session: Session | None = None

    async def read(self, *, whole: bool = True) -> "Reply":
        """Read to the end; `whole` demands CLOSE."""
        await self.exchange.done()
        assert self.exchange.status == 200
        reader = self._sent.response()
        self.events = list(reader.feed(self.exchange.body))
        if whole:
            reader.eof()
            self.session = reader.next_session()
        return self

    @property
    def application(self) -> bytes:
        """The application bytes."""
        return b"".join(event.data for event in self.events if isinstance(event, Data | End))

    @property
    def lines(self) -> list[Line]:
        return LineReader().feed(self.application)

    @property
    def error(self) -> Error | None:
        """The inner error, if that is how it ended."""
        return next((event for event in self.events if isinstance(event, Error)), None)

    @property
    def times(self) -> list[float]:
        """Virtual seconds of each record after the opening."""
        start = self.exchange.parts[0][0]
        return [round(at - start, 6) for at, _ in self.exchange.parts[1:]]


def answer_of(reply: Reply) -> str:
    """The text of an answer."""
    return "".join(line.d for line in reply.lines if type(line) is Text)


def sealed(session: Session, body: bytes = b"") -> bytes:
    """A whole RUN that asks for a chat."""
    header = RequestHeader(rid=os.urandom(16), op="chat", prof="p1")
    return begin_run(session, encode_request(header, body or chat_body()), entropy=os.urandom)[1]
