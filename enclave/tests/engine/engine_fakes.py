"""A pretended OpenAI server, stricter than real ones, and the small things that tests of engines say often."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from privity_enclave import configuration
from privity_enclave.engine.adapter import Adapter, Deadlines
from privity_enclave.engine.interface import EngineError, EngineEvent, EngineRequest
from privity_enclave.engine.serving import EmbeddedEngine, open_engines
from privity_protocol import canonical
from privity_protocol.chat import ChatRequest
from privity_protocol.lines import Text, Usage

ROOT = Path(__file__).resolve().parents[3]
CONTEXT = 2048
PATIENT = Deadlines(first=60, idle=60, total=60)


def random_model() -> ModuleType:
    """bench/random_model.py: writes a tiny model without any library."""
    spec = importlib.util.spec_from_file_location("random_model", ROOT / "bench/random_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["random_model"] = module
    spec.loader.exec_module(module)
    return module


def chat(text: str = "hello", **members) -> ChatRequest:
    members.setdefault("temperature", 0.0)
    return ChatRequest("m", [{"role": "user", "content": text}], members)


def asked(owner: int, text: str = "hello", **members) -> EngineRequest:
    return EngineRequest(bytes([owner]) * 32, chat(text, **members))


async def everything(events) -> list[EngineEvent]:
    return [event async for event in events]


async def error_of(events) -> tuple[list[EngineEvent], EngineError]:
    """The events before an error, and the error."""
    seen = []
    try:
        async for event in events:
            seen.append(event)
    except EngineError as error:
        return seen, error
    raise AssertionError(f"no error after {seen}")


def settings(*models: dict, kind="embedded", profile="xllamacpp", url=None, isolation="best_effort", seconds=60):
    """A decoded configuration."""
    example = json.loads((ROOT / "vectors/configuration/cases.json").read_text())["cases"][0]["document"]
    document = json.loads(example)
    document["models"] = [document["models"][0] | {"engine": kind} | model for model in models]
    document["engine"] = {"kind": kind, "url": url, "profile": profile, "network_isolation": isolation}
    document["limits"]["answer_seconds"] = seconds
    return configuration.decode(canonical.encode(document))


def described(path: Path, **members) -> dict:
    """The configuration's words for a weight file."""
    data = path.read_bytes()
    return {"id": "m", "file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} | members


def event(**members) -> bytes:
    return b"data: " + json.dumps(members).encode() + b"\n\n"


def text(words: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": words}, "finish_reason": None}])


def finish(reason: str = "stop") -> bytes:
    return event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


def usage(prompt: int = 7, completion: int = 3, cached: int | None = None) -> bytes:
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    details = {} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}
    return event(choices=[], usage=counts | details)


CHAT = "/v1/chat/completions"
DONE = b"data: [DONE]\n\n"
ANSWER = text("Hello ") + text("you") + finish() + usage() + DONE


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict = field(default_factory=dict)


def no_cache(body: dict) -> tuple[object, object]:
    return object(), None


Script = Callable[["Received", asyncio.StreamWriter], Awaitable[None]]


class FakeEngine:
    """Serves `routes` (path: status, JSON) and, at the chat route, a script that writes what it likes.

    By default it answers like an engine whose prefix caches are looked up and filled under `cache_keys(body)`.
    """

    def __init__(self, *, routes=None, script: Script | None = None, scripted=CHAT, cache_keys=no_cache) -> None:
        self.routes = routes or {}
        self.script = script or self._answer
        self.received: list[Received] = []
        self.connections = 0
        self.gone = asyncio.Event()
        self._scripted = scripted
        self._cache_keys = cache_keys
        self._cached: dict[object, str] = {}
        self.url = ""

    async def __aenter__(self) -> "FakeEngine":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def adapter(self, *, context: int = 2048, deadlines: Deadlines = PATIENT, key: str | None = None) -> Adapter:
        made = Adapter(self.url, key=key, context=context, deadlines=deadlines)
        made.open()
        return made

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Received(method, path, headers, json.loads(body) if body else {})
            self.received.append(request)
            if path == self._scripted:
                await self.script(request, writer)
            else:
                status, answer = self.routes.get(path, (404, {}))
                await reply(writer, status, answer)
            writer.write_eof()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.gone.set()
            writer.close()

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        looked_up, filled = self._cache_keys(request.body)
        said = json.dumps(request.body["messages"])
        cached = len(said) - 1 if self._cached.get(looked_up) == said else 0
        self._cached[filled] = said
        await stream(writer, text("a"), finish("length"), usage(len(said), 1, cached), DONE)


async def reply(writer: asyncio.StreamWriter, status: int, answer: object) -> None:
    body = json.dumps(answer).encode()
    head = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def stream(writer: asyncio.StreamWriter, *pieces: bytes) -> None:
    """An event stream in these pieces, each a write of its own, ended by the connection."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)


def playing(*pieces: bytes) -> Script:
    async def script(_: Received, writer: asyncio.StreamWriter) -> None:
        await stream(writer, *pieces)

    return script


def refusing(status: int, answer: object) -> Script:
    async def script(_: Received, writer: asyncio.StreamWriter) -> None:
        await reply(writer, status, answer)

    return script


@contextlib.asynccontextmanager
async def running(path: Path, tmp_path: Path, **members):
    """One engine, started."""
    configured = settings(described(path, **({"slots": 2, "context": CONTEXT} | members)))
    engines = open_engines(configured, {"m": path}, run_dir=tmp_path)
    await engines.start()
    try:
        engine = engines.engines["m"]
        assert isinstance(engine, EmbeddedEngine)
        yield engine
    finally:
        await engines.close()


def usage_of(events) -> Usage:
    return next(event for event in events if isinstance(event, Usage))


def words(events) -> str:
    return "".join(event.d for event in events if isinstance(event, Text))


async def answer(engine: EmbeddedEngine, owner: int, text: str = "hello", **members):
    members.setdefault("max_tokens", 8)
    return await everything(engine.chat(asked(owner, text, **members)))
