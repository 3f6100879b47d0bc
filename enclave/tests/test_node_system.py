"""A real node: real process, real engine with random weights, real sockets; what it inherits, writes and leaves."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from enclave_fakes import DOCUMENT, chat_body, hello
from privity_enclave import process
from privity_protocol import canonical, evidence, receipt
from privity_protocol.application import RequestHeader
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Done, Logprobs, SignedReceipt, Text
from privity_protocol.request import encode_request
from privity_protocol.response import Data, End, Error
from privity_protocol.run import begin_run

pytestmark = [pytest.mark.system, pytest.mark.slow]
MODELS = Path(__file__).parents[2] / "bench/random_model.py"
ID = DOCUMENT["models"][0]["id"]


SIMULATION = [sys.executable, "-m", "privity_simulation"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "privity_enclave", *arguments]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model, configuration, release and root."""
    folder = tmp_path_factory.mktemp("home")
    spec = importlib.util.spec_from_file_location("random_model_of_the_node", MODELS)
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = builder
    spec.loader.exec_module(builder)
    builder.build(folder / "tiny.gguf", builder.SHAPES["tiny"])
    weights = (folder / "tiny.gguf").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    model = DOCUMENT["models"][0] | {"file": "tiny.gguf", "sha256": digest, "size": len(weights), "context": 512}
    (folder / "config.json").write_bytes(canonical.encode(DOCUMENT | {"models": [model]}))
    measured = json.loads(subprocess.check_output([*SIMULATION, "measure", "--config", str(folder / "config.json")]))
    (folder / "release.json").write_bytes(canonical.encode({"v": 1, "platforms": {"simulated": measured["registers"]}}))
    subprocess.check_call([*SIMULATION, "root", str(folder / "root")])
    return folder


class Node:
    """A running node on a Unix socket."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.socket = folder / "node.sock"
        self.errors = folder / "errors"
        arguments = ["--config", "config.json", "--release", "release.json", "--simulated-root", "root"]
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command("run", *arguments, "--listen", f"unix:{self.socket}", "--model", f"{ID}=tiny.gguf"),
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PRIVITY_CANARY": "canary", "LD_PRELOAD_CANARY": "canary"},
            )
        assert self.process.stdout is not None
        word, _, line = self.process.stdout.readline().decode().partition(" ")
        if word != "READY":
            self.close()
            raise AssertionError(line)
        self.ready: dict[str, Any] = json.loads(line)

    def http(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self.socket)))

    async def chat(
        self, text: str, prof: str = "p0", begun: asyncio.Event | None = None, **more: object
    ) -> tuple[list[Any], Error | None]:
        """One whole conversation turn on a new session; `begun` is set when the answer begins."""
        _, said, error = await self.ask(chat_body(text, **more), begun, prof=prof)
        return LineReader().feed(said), error

    async def ask(
        self, body: bytes, begun: asyncio.Event | None = None, **header: Any
    ) -> tuple[bytes, bytes, Error | None]:
        """The node's evidence, the application bytes of one answer, and the inner error if that is how it ended."""
        async with self.http() as http:
            nd = self.ready["node"]["windows"][0]["nd"]
            bundle = await (await http.get(f"http://node/ec1/bundle/{nd}")).read()
            sent, request = hello(evidence.decode(bundle).items["node-document"].data)
            session = sent.finish(await (await http.post("http://node/ec1/hello", data=request)).read())
            wanted = RequestHeader(**({"rid": os.urandom(16), "op": "chat", "prof": "p0"} | header))
            running, request = begin_run(session, encode_request(wanted, body), entropy=os.urandom)
            answer = await http.post("http://node/ec1/run", data=request)
            if begun is not None:
                begun.set()
            response = await answer.read()
            reader = running.response()
            events = reader.feed(response)
            reader.eof()
            said = b"".join(event.data for event in events if isinstance(event, Data | End))
            return bundle, said, next((event for event in events if isinstance(event, Error)), None)

    async def answering(self, tokens: int) -> "asyncio.Task[tuple[list[Any], Error | None]]":
        """An answer that has begun."""
        begun = asyncio.Event()
        answer = asyncio.create_task(self.chat("hello", "p1", begun, max_tokens=tokens))
        first = asyncio.create_task(begun.wait())
        await asyncio.wait({answer, first}, return_when=asyncio.FIRST_COMPLETED)
        assert first.done(), answer.result()
        return answer

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        """End it, whatever state it is in."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def node(home: Path, tmp_path: Path) -> Iterator[Node]:
    with contextlib.closing(Node(home, tmp_path)) as running:
        yield running


def test_a_receipt_of_a_real_answer_holds_with_the_evidence_of_the_node(node: Node, home: Path) -> None:
    rid, question = os.urandom(16), chat_body("hello", max_tokens=6, logprobs=True, top_logprobs=2)
    bundle, said, error = asyncio.run(node.ask(question, rid=rid, receipt=True))
    assert error is None
    lines = LineReader().feed(said)
    signed = lines[-2]
    assert isinstance(signed, SignedReceipt)
    before = b"".join(said.splitlines(keepends=True)[:-2])
    found = receipt.check_file(
        receipt.ReceiptFile(signed, bundle, receipt.Shown(receipt.salt_of(rid), question, before))
    )
    assert found.weights == (hashlib.sha256((home / "tiny.gguf").read_bytes()).digest(),)
    assert found.usage in lines
    assert any(isinstance(line, Logprobs) for line in lines)


def test_a_node_starts_answers_says_nothing_and_ends(node: Node, tmp_path: Path) -> None:
    assert (node.ready["hardware"], node.ready["simulated"], node.ready["models"]) == ("simulated", True, [ID])
    assert "can read your messages" in node.ready["notice"]
    own = psutil.Process(node.process.pid)
    assert own.environ() == process.ENVIRONMENT
    children = own.children(recursive=True)
    assert [set(child.environ()) - set(process.ENVIRONMENT) - {"OMP_WAIT_POLICY"} for child in children] == [set()]
    lines, error = asyncio.run(node.chat("canary", max_tokens=20))
    assert error is None
    assert isinstance(lines[-1], Done)
    assert any(isinstance(line, Text) for line in lines)
    overflow = asyncio.run(node.chat("canary " * 200))[1]
    assert overflow is not None
    assert (overflow.code, "allowed" in overflow.text) == (9, True)
    written = [Path(file.path) for running in (own, *children) for file in running.open_files()]
    assert {path for path in written if path != node.errors} == set()
    before = {path for path in Path("/tmp").glob("privity-*") if path.is_dir()}
    assert node.end() == 0
    assert not any(child.is_running() for child in children)
    assert before - set(Path("/tmp").glob("privity-*"))
    told = node.errors.read_text()
    assert "canary" not in told
    assert {json.loads(line)["event"] for line in told.splitlines()} == {"started", "answered", "draining"}


def test_a_running_answer_is_finished_before_the_node_ends(node: Node) -> None:
    async def body() -> tuple[list[Any], Error | None]:
        answer = await node.answering(tokens=5)
        node.process.send_signal(signal.SIGTERM)
        return await answer

    lines, error = asyncio.run(body())
    assert error is None
    assert isinstance(lines[-1], Done)
    assert node.process.wait(60) == 0


def test_a_second_signal_does_not_wait(node: Node) -> None:
    async def impatient() -> None:
        answer = await node.answering(tokens=400)
        node.process.send_signal(signal.SIGTERM)
        while '"draining"' not in node.errors.read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        node.process.send_signal(signal.SIGTERM)
        with pytest.raises((aiohttp.ClientError, OSError)):
            await answer

    asyncio.run(impatient())
    assert node.process.wait(60) == 1


def test_a_wrong_digest_stops_the_start(home: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes((home / "tiny.gguf").read_bytes()[:-1] + b"\0")
    arguments = ["--config", str(home / "config.json"), "--release", str(home / "release.json")]
    arguments += ["--simulated-root", str(home / "root"), "--listen", "tcp:127.0.0.1:0"]
    done = subprocess.run(
        command("run", *arguments, "--model", f"{ID}={tmp_path}/tiny.gguf"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.startswith("FAILED models: ")
    assert done.stderr == ""


def test_an_address_in_use_stops_the_start(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = ["--config", "config.json", "--release", "release.json", "--simulated-root", "root"]
        arguments += ["--model", f"{ID}=tiny.gguf", "--listen", f"tcp:127.0.0.1:{taken.getsockname()[1]}"]
        done = subprocess.run(command("run", *arguments), cwd=home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("FAILED listen: ")) == (1, True)
