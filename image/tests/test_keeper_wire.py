"""Requests are bounded in bytes and time whatever the other side does; and how a keeper that may not start says so."""

import asyncio
import json
import threading

import pytest
from image_server import Reply, serving
from keeper_world import World
from privity_attest.testing.bundle import NOW
from privity_image.cli_release import app
from privity_image.errors import Failed
from privity_image.keeper import fleet_key, process
from privity_image.keeper.events import Events
from privity_image.keeper.files import locked
from privity_image.keeper.wire import Question, Wire
from privity_protocol import canonical
from typer.testing import CliRunner


def test_answers_come_with_their_status() -> None:
    with serving() as place:
        place.replies["/a"] = Reply(b"found")
        place.bodies[b"leaf"] = Reply(b"proof", 504)
        base = place.address.replace("http://", "tcp:")
        asked = [
            Question(base, "/a", 5),
            Question(base, "/b", 50),
            Question(place.address, "/c", 5, b"leaf", {"x": "y"}),
        ]
        assert Wire().all(asked) == [(200, b"found"), (404, b"nothing here"), (504, b"proof")]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"123456"), "too_large"),
        (Reply(b"1", fault="drip"), "timeout"),
        (Reply(b"1", fault="truncated"), "unreachable"),
        (Reply(fault="cut"), "unreachable"),
    ],
)
def test_an_answer_that_is_too_long_or_never_ends_is_a_failure(reply, reason) -> None:
    with serving() as place:
        place.replies["/a"] = reply
        with pytest.raises(Failed) as caught:
            Wire().ask(Question(place.address, "/a", 5), 0.3)
    assert caught.value.reason == reason


def test_nobody_there_is_a_failure(tmp_path) -> None:
    for base in ("tcp:127.0.0.1:1", f"unix:{tmp_path}/absent", "http://[", "tcp:host:99999"):
        with pytest.raises(Failed, match="unreachable"):
            Wire().ask(Question(base, "/", 5))


def test_a_socket_is_asked_like_any_address(tmp_path) -> None:
    path = tmp_path / "socket"
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_unix_server(answer, path):
            ready.set()
            await ended.wait()

    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        assert Wire().ask(Question(f"unix:{path}", "/", 5)) == (200, b"hi")
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


ALONE = {"bootstrap": False, "release": None, "simulated_root": None}


def places(host: str) -> dict[str, dict[str, str]]:
    """Where both logs of a host are."""
    names = ("release", "keys")
    return {one: {"origin": f"{host}/{one}", "read": f"http://log/{one}", "append": "http://log"} for one in names}


def configuration(world, **changes) -> bytes:
    """What a keeper of this world is told."""
    folder = str(world.folder)
    members = {
        "v": 1,
        "deploy": "local",
        "state": f"{folder}/state",
        "published": f"{folder}/published",
        "anchor": None,
        "policy": f"{folder}/policy",
        "token": f"{folder}/token",
        "logs": places("local"),
        "nodes": [],
        "fleet_keys": [f"{folder}/fleet.key"],
        "bootstrap": True,
        "release": f"{folder}/release",
        "simulated_root": f"{folder}/root.pem",
    }
    return canonical.encode({**members, **changes})


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda _number, _handler: None)
    world = World(tmp_path)
    (tmp_path / "policy").write_bytes(world.policy_text())
    (tmp_path / "release").write_bytes(world.release)
    (tmp_path / "root.pem").write_bytes(b"no certificate")
    return world


def start(world, data: bytes) -> tuple[int, str]:
    (world.folder / "keeper.json").write_bytes(data)
    done = CliRunner().invoke(app, ["keep", "--config", str(world.folder / "keeper.json")])
    return done.exit_code, done.output


def test_a_keeper_that_may_not_start_says_failed_and_why(world) -> None:
    assert start(world, b"{}") == (2, "FAILED configuration: missing_member: keeper.anchor\n")
    code, said = start(world, configuration(world))
    assert (code, "root.pem" in said) == (2, True)
    assert (world.folder / "fleet.key").stat().st_mode & 0o777 == 0o600
    code, said = start(world, configuration(world, policy="/absent"))
    assert (code, said) == (2, "FAILED configuration: there is no /absent\n")
    code, said = start(world, configuration(world, logs=places("other")))
    assert "does not know the log other/release" in said
    with locked(world.folder / "state"):
        code, said = start(world, configuration(world))
        assert (code, said.startswith("FAILED running")) == (1, True)


def test_without_bootstrap_no_fleet_key_is_made(world) -> None:
    code, said = start(world, configuration(world, **ALONE))
    assert (code, said.startswith("FAILED key_file")) == (1, True)


def test_a_surprise_ends_a_running_keeper_with_its_own_status(world, monkeypatch, capfd) -> None:
    monkeypatch.setattr(process, "Wire", lambda: world)
    monkeypatch.setattr("time.time", lambda: world.now)
    world.keeper().one_pass()
    world.logs["release"].leaves.pop()
    fleet_key.make(world.folder / "fleet.key")
    code, said = start(world, configuration(world, **ALONE))
    assert code == 3
    assert said.splitlines()[0].startswith("READY ")
    assert "checkpoint_rollback" in said


def test_events_are_lines_of_a_closed_list(capfd) -> None:
    events = Events(lambda: NOW)
    events.once("log", "log_unusable", "away")
    events.once("log", "log_unusable", "away")
    events.over("log", "log_usable")
    events.over("log", "log_usable")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["log_unusable", "log_usable"]
    with pytest.raises(AssertionError, match="prompt"):
        events.say("prompt")


def test_a_liar_with_ever_new_keys_fills_no_memory(capfd) -> None:
    events = Events(lambda: NOW)
    for number in range(3000):
        events.once(str(number), "node_refused", "")
    assert len(events._said) == 1024
    assert len(capfd.readouterr().err.splitlines()) == 3000
