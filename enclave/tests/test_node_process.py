"""The process around the node: what it prints, what it inherits, how it starts, fails and ends."""

import asyncio
import functools
import json
import logging
import os
import re
import socket
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from enclave_fakes import Rig, chat_body, hello, run, settings
from privity_enclave import __main__ as command
from privity_enclave import connection, events, listener, process, start
from privity_enclave.configuration import decode
from privity_enclave.failure import START_REASONS, StartFailed
from privity_enclave.hardware import nvidia
from privity_protocol.admission import OuterError
from privity_protocol.lines import Done, Text

SPEC = Path(__file__).parents[2] / "specs/node-http.md"


# --- events ---


def test_no_field_of_an_event_takes_free_text() -> None:
    free = {
        f"{kind.__name__}.{name}"
        for kind in events.Event.__subclasses__()
        for name, hint in typing.get_type_hints(kind).items()
        if name in kind.__struct_fields__ and hint is not int and typing.get_origin(hint) is not typing.Literal
    }
    assert free == {"KeyLate.fault", "Fault.fault"}


def test_the_events_are_those_of_the_specification() -> None:
    (listed,) = re.findall(r"typed fields: (.*)\.\n", SPEC.read_text())
    documented = dict(re.findall(r"`(\w+)` \{([\w, ]+)\}", listed))
    ours = {kind.__struct_config__.tag: ", ".join(kind.__struct_fields__) for kind in events.Event.__subclasses__()}
    assert ours == documented


def test_every_outer_error_can_be_told_as_an_event() -> None:
    refusals = set(typing.get_args(events.Refusal))
    assert refusals == {error.reason for error in OuterError} | {"too_slow"}


def test_a_place_names_class_and_line_and_not_the_message() -> None:
    with pytest.raises(StartFailed) as caught:
        decode(b"secret")
    assert re.fullmatch(r"StartFailed privity_enclave\.configuration:\d+", events.place(caught.value))
    assert events.place(ValueError("secret")) == "ValueError"


def test_a_closed_standard_error_loses_the_event_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        @property
        def buffer(self) -> typing.NoReturn:
            raise ValueError("closed")

    monkeypatch.setattr(sys, "stderr", Closed())
    events.write(events.Started(1))


@pytest.fixture
def silenced() -> Iterator[None]:
    before = sys.excepthook, sys.unraisablehook, logging.lastResort
    events.silence()
    yield
    sys.excepthook, sys.unraisablehook, logging.lastResort = before
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("silenced")
def test_nothing_that_prints_what_it_was_given_is_left_on(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.error").error("secret %s", "canary")
    logging.warning("canary")
    try:
        raise ValueError("canary")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
        events.loop_fault(None, {"message": "canary", "exception": error})
    events.loop_fault(None, {"message": "canary"})
    written = capfd.readouterr()
    assert "canary" not in written.out + written.err
    assert written.err.count('"event":"fault"') == 3


@pytest.mark.usefixtures("silenced")
def test_no_canary_of_any_message_reaches_the_outputs(capfd: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        rig = Rig()
        for script in ([Text("canary-answer"), Done("stop")], [Text("canary-answer"), ValueError("canary-engine")]):
            rig.engine.script = script
            await rig.ask(await rig.hello(), body=chat_body("canary-prompt"), rid=b"canary-rid-16byt").read()
        await rig.ask(await rig.hello(), body=chat_body("canary", model="canary-model")).read()
        await rig.ask(await rig.hello(), body=b'{"canary": "canary"}').read()
        await rig.ask_bytes(await rig.hello(), b"canary").read()
        await rig.post("/ec1/hello", b"canary")
        await rig.post("/canary", b"canary")
        await rig.post("/ec1/hello", hello(rig.document)[1])

    run(body())
    written = capfd.readouterr()
    assert "canary" not in written.out + written.err
    for line in written.err.splitlines():
        assert msgspec.json.decode(line)["event"] in {"answered", "refused", "fault"}


# --- the process ---


def test_a_child_is_hardened(tmp_path: Path) -> None:
    script = (
        "import ctypes, logging, os, resource; from privity_enclave import events, process;"
        "process.harden(); events.silence(); logging.getLogger('uvicorn.error').error('canary');"
        "s = open('/proc/self/status').read(); print(resource.getrlimit(resource.RLIMIT_CORE), os.umask(0),"
        "'NoNewPrivs:\\t1' in s, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == "(0, 0) 63 True 0\n"
    assert done.stderr == ""


def test_a_clean_process_is_left_as_it_is_and_another_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    replaced: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _path, words, environment: replaced.append((words, environment)))
    process.clear_environment(["run", "--config", "x"])
    ((words, environment),) = replaced
    assert words[1:] == ["-I", "-m", "privity_enclave", "run", "--config", "x"]
    assert environment == process.ENVIRONMENT
    monkeypatch.setattr(process, "sys", type("Isolated", (), {"flags": type("Flags", (), {"isolated": 1})}))
    monkeypatch.setattr(os, "environ", dict(process.ENVIRONMENT))
    process.clear_environment([])
    assert len(replaced) == 1


def failed(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "privity_enclave", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"CANARY": "x"},
        timeout=60,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def files(tmp_path: Path, config: bytes = b"{}", release: bytes = b"{}") -> list[str]:
    (tmp_path / "config.json").write_bytes(config)
    (tmp_path / "release.json").write_bytes(release)
    return ["run", "--config", str(tmp_path / "config.json"), "--release", str(tmp_path / "release.json")]


@pytest.mark.system
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run"], "arguments"),
        (["dance"], "arguments"),
        (["run", "--config", "/none", "--release", "/none", "--listen", "tcp:127.0.0.1:0"], "release"),
    ],
)
def test_a_failed_start_is_one_line_and_status_one(arguments: list[str], reason: str) -> None:
    status, line = failed(*arguments)
    assert (status, line.count("\n")) == (1, 1)
    assert line.startswith(f"FAILED {reason}: ")


@pytest.mark.system
def test_an_unknown_member_of_the_configuration_stops_the_start(tmp_path: Path) -> None:
    document = json.loads(
        json.loads((Path(__file__).parents[2] / "vectors/configuration/cases.json").read_text())["cases"][0]["document"]
    )
    config = json.dumps(document | {"debug": True}, sort_keys=True, separators=(",", ":")).encode()
    status, line = failed(*files(tmp_path, config), "--listen", "tcp:127.0.0.1:0")
    assert status == 1
    assert line.startswith("FAILED configuration: ")
    assert "debug" in line


def test_the_reasons_of_a_failed_start_are_those_of_the_specification() -> None:
    (listed,) = re.findall(r"exit status 1\. Reasons:\n(.*)\n", SPEC.read_text())
    assert set(re.findall(r"`(\w+)`", listed)) == START_REASONS
    with pytest.raises(AssertionError):
        StartFailed("else", "")


@pytest.mark.parametrize(
    ("config", "release", "reason"),
    [
        (b"x" * 16385, b"{}", "configuration"),
        (b"{}", b"{ }", "release"),
        (b"{}", b'{"a":"' + b"x" * 65536 + b'"}', "release"),
    ],
)
def test_documents_are_bounded_and_the_release_is_canonical(
    tmp_path: Path, config: bytes, release: bytes, reason: str
) -> None:
    files(tmp_path, config, release)
    options = start.Options(tmp_path / "config.json", tmp_path / "release.json", "", None, None, None, {})
    with pytest.raises(StartFailed) as caught:
        start.read_documents(options)
    assert caught.value.reason == reason


@pytest.mark.parametrize("devices", [{"gpus": 1, "switches": 0}, {"gpus": 0, "switches": 1}])
def test_a_configured_device_that_cannot_be_asked_stops_the_node(
    monkeypatch: pytest.MonkeyPatch, devices: dict[str, int]
) -> None:
    def missing(name: str) -> typing.NoReturn:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(start, "Nvidia", functools.partial(nvidia.Nvidia, load=missing))
    with pytest.raises(StartFailed, match="hardware_failed"):
        start.find_devices(settings({"devices": devices})[1])
    assert start.find_devices(settings()[1]).evidence(bytes(32)) == {}


def test_a_model_is_given_once_and_with_a_path() -> None:
    for models in (["a"], ["a="], ["a=x", "a=y"]):
        arguments = [word for model in models for word in ("--model", model)]
        options = command._parser().parse_args(["run", "--config", "c", "--release", "r", "--listen", "l", *arguments])
        with pytest.raises(StartFailed, match="arguments"):
            command._run(options)


# --- the listener, on real sockets ---


@pytest.mark.parametrize(
    "address",
    ["", "tcp", "tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:x", "tcp:127.0.0.1:65536", "unix:relative", "udp:1:1"],
)
def test_an_address_is_one_of_two_forms(address: str) -> None:
    with pytest.raises(StartFailed, match="arguments"):
        listener.bind(address)


def test_the_kernel_takes_little_for_a_reader_that_stopped() -> None:
    with listener.bind("tcp:127.0.0.1:0") as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname()), bound.accept()[0] as accepted:
            unsent = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
    assert unsent == listener.UNSENT


def test_an_address_in_use_is_told(tmp_path: Path) -> None:
    with listener.bind("tcp:127.0.0.1:0") as first:
        first.listen()
        with pytest.raises(StartFailed, match="listen"):
            listener.bind(f"tcp:127.0.0.1:{first.getsockname()[1]}")
    with pytest.raises(StartFailed, match="listen"):
        listener.bind(f"unix:{tmp_path}/missing/socket")


class Served:
    """A node on a Unix socket, for as long as the block lasts."""

    def __init__(self, rig: Rig, path: Path) -> None:
        self.path = str(path)
        self._server = listener.make_server(rig.node)
        self._socket = listener.bind(f"unix:{path}")

    async def __aenter__(self) -> "Served":
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._task

    async def ask(self, request: bytes) -> bytes:
        """Send bytes, return what comes until the node closes or two responses would be over."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 30)
        except ConnectionError:
            return b""
        finally:
            writer.close()


def test_the_wire_says_nothing_about_the_server_and_cuts_off_what_is_no_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 1000)

    async def body() -> None:
        rig = Rig()
        async with Served(rig, tmp_path / "node.sock") as served:
            answer = await served.ask(b"GET /ec1/node HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            head, _, content = answer.partition(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert json.loads(content)["windows"]
            names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
            assert names == {b"cache-control", b"content-length", b"content-type", b"connection"}
            assert await served.ask(b"this is no HTTP\r\n\r\n") == (
                b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            assert await served.ask(b"GET / HTTP/1.1\r\nx: " + b"y" * 200_000) == b""
            assert await served.ask(b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 40_000) == b""
            request = hello(rig.document)[1]
            post = b"POST /ec1/hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
                request
            )
            assert (await served.ask(post + request)).count(b"200 OK") == 1

    asyncio.run(body())


def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)

    async def body() -> None:
        async with Served(Rig(), tmp_path / "node.sock") as served:
            for start_ in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"):
                assert await served.ask(start_) == b""

    asyncio.run(body())


def test_a_stalled_reader_is_cut_on_a_real_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from privity_enclave import wire
    from privity_protocol.application import RequestHeader
    from privity_protocol.request import encode_request
    from privity_protocol.run import begin_run

    monkeypatch.setattr(wire, "SLOW_READER", 0.2)

    async def body() -> None:
        rig = Rig()
        rig.engine.script = [*[Text("x" * 8000)] * 300, Done("stop")]
        header = RequestHeader(rid=os.urandom(16), op="chat", prof="p0")
        request = begin_run(await rig.hello(), encode_request(header, chat_body()), entropy=os.urandom)[1]
        async with Served(rig, tmp_path / "node.sock") as served:
            client = socket.socket(socket.AF_UNIX)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(served.path)
            client.sendall(b"POST /ec1/run HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(request))
            await asyncio.to_thread(client.sendall, request)
            while not rig.engine.requests or rig.node.gate.running:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            client.close()
        assert rig.engine.running == 0

    asyncio.run(body())
