"""Who the ledger believes, what it answers, and a real process that is killed between reserve and commit."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_stand import DEPLOY, NOON, LedgerClock, Node, configuration, engine_on, issuers_leaf, post, post_bulletin
from member import octets, spelled
from privity_protocol.errors import Malformed
from privity_service.ledger.application import MAX_BODY, Ledger, application
from privity_service.ledger.issuers import Issuers, newest
from privity_service.ledger.nodes import Nodes, Signed
from privity_service.ledger.process import opened
from privity_service.ledger.refusal import STATUS, Refused
from privity_service.ledger.settings import SettingsRefused, read
from privity_service.ledger.tables import Purged
from privity_service.ledger.writer import Writer
from sqlalchemy import delete

NODE, STRANGER = Node(), Node()
SPEC = Path(__file__).resolve().parents[3] / "specs/ledger.md"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with one listed node."""
    engine, clock = engine_on(f"sqlite:///{tmp_path}/ledger.db"), LedgerClock()
    post(tmp_path, NODE)
    writer = Writer(engine, clock)
    yield Ledger(Nodes(tmp_path, DEPLOY), Issuers(tmp_path), writer, clock)
    writer.close()
    engine.dispose()


def listed(ledger: Ledger) -> httpx.Response:
    """What a node hears about issuer keys."""

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(ledger), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
            return await client.get("/v1/issuers")

    return asyncio.run(scenario())


def test_the_newest_logged_list_of_issuer_keys_is_told_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    assert listed(ledger).status_code == 404
    older, newer = issuers_leaf(), issuers_leaf(time=NOON)
    post_bulletin(tmp_path, older, newer)
    told = listed(ledger)
    assert (told.status_code, told.content, told.headers["cache-control"]) == (200, newer, "no-store")
    post_bulletin(tmp_path, older)
    assert listed(ledger).content == older
    post_bulletin(tmp_path)
    assert listed(ledger).status_code == 404
    post_bulletin(tmp_path, older)
    assert listed(ledger).content == older
    (tmp_path / "bulletin").unlink()
    assert (listed(ledger).status_code, listed(ledger).content) == (404, b"")


@pytest.mark.parametrize(
    "bulletin",
    [b"", b"{}", b"[]", b"1", b'{"keys":1}', b'{"keys":{}}', b'{"keys":{"entries":[1]}}', b'{"keys":{"entries":[{}]}}',
     b'{"keys":{"entries":[{"leaf":"A"}]}}', b'{"keys":{"entries":[{"leaf":"AAAA"}]}}', b"[" * 70_000,
     b'{"keys":{"entries":[' + b"1," * 40 + b"1]}}", b" " * 1_100_000],
)  # fmt: skip
def test_a_bulletin_that_is_none_lists_no_keys(ledger: Ledger, tmp_path: Path, bulletin: bytes) -> None:
    (tmp_path / "bulletin").write_bytes(bulletin)
    assert listed(ledger).status_code == 404


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_bulletin_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        newest(data)


def clock_of(ledger: Ledger) -> LedgerClock:
    assert isinstance(ledger.clock, LedgerClock)
    return ledger.clock


def ask(ledger: Ledger, body: Any) -> httpx.Response:
    """One request."""

    async def scenario() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(ledger), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.post("/v1/ledger", content=content)

    return asyncio.run(scenario())


def told(answer: httpx.Response) -> tuple[int, str]:
    value = answer.json()
    return answer.status_code, value.get("reason") or value["state"]


def test_a_listed_node_is_answered(ledger: Ledger) -> None:
    about = {"nullifier": "11" * 16}
    assert ask(ledger, NODE.sent(about)).json() == {"state": "reserved", "lease": 180, "tries": 1}
    other = about | {"holder": "44" * 16}
    held = ask(ledger, NODE.sent(other))
    assert told(held) == (423, "ledger.held")
    assert held.headers["retry-after"] == "180"
    assert ask(ledger, NODE.sent(about, op="release")).json() == {"state": "released", "lease": None, "tries": 1}
    assert told(ask(ledger, NODE.sent(other))) == (200, "reserved")
    assert ask(ledger, NODE.sent(other, op="commit")).json() == {"state": "spent", "lease": None, "tries": 2}
    assert told(ask(ledger, NODE.sent(about, op="commit"))) == (409, "ledger.lost")
    assert told(ask(ledger, NODE.sent(about | {"request": "55" * 16}))) == (409, "ledger.spent")
    assert told(ask(ledger, NODE.sent({"day": "2026-11-23"}))) == (422, "ledger.day")


def changed(body: dict[str, str], member: str, value: bytes) -> dict[str, str]:
    return body | {member: spelled(value)}


UNBELIEVED: dict[str, Any] = {
    "a node that is not listed": lambda: STRANGER.sent(),
    "a listed document with another's signature": lambda: NODE.sent() | {"signature": STRANGER.sent()["signature"]},
    "a call that was changed after it was signed": lambda: NODE.sent() | {"call": NODE.sent()["call"]},
    "no label": lambda: NODE.sent(label=b""),
    "the label of receipts": lambda: NODE.sent(label=b"EC1 receipt v1\0"),
    "another deployment": lambda: NODE.sent({"deploy": "other"}),
    "a call of long ago": lambda: NODE.sent({"time": NOON - 301}),
    "a call of the future": lambda: NODE.sent({"time": NOON + 301}),
    "another version": lambda: NODE.sent({"v": 2}),
    "another type": lambda: NODE.sent({"typ": "ec1-receipt"}),
    "an unknown op": lambda: NODE.sent({"op": "refund"}),
    "a day that is none": lambda: NODE.sent({"day": "2026-02-30"}),
    "a short nullifier": lambda: NODE.sent({"nullifier": "11" * 15}),
    "a member more": lambda: NODE.sent({"account": "11" * 16}),
    "a short signature": lambda: changed(NODE.sent(), "signature", bytes(63)),
    "a call that is no JSON": lambda: changed(NODE.sent(), "call", b"reserve"),
}


@pytest.mark.parametrize("what", UNBELIEVED, ids=lambda text: text.replace(" ", "_"))
def test_who_is_not_believed_gets_one_answer(ledger: Ledger, what: str) -> None:
    answer = ask(ledger, UNBELIEVED[what]())
    assert told(answer) == (401, "ledger.refused")
    assert answer.json()["detail"] == ""


@pytest.mark.parametrize(
    ("at", "believed"),
    [(NOON - 901, False), (NOON - 900, True), (NOON + 6899, True), (NOON + 6900, False)],
)
def test_a_directory_is_believed_for_its_window(ledger: Ledger, tmp_path: Path, at: int, believed: bool) -> None:
    long_lived = Node(nbf=NOON - 7000, exp=NOON + 90_000)
    post(tmp_path, long_lived)
    clock_of(ledger).now = at
    assert (ask(ledger, long_lived.sent({"time": at})).status_code == 200) is believed


@pytest.mark.parametrize(
    ("at", "believed"),
    [(NOON - 901, False), (NOON - 900, True), (NOON + 6899, True), (NOON + 6900, False)],
)
def test_a_nodes_key_is_believed_for_its_window(ledger: Ledger, tmp_path: Path, at: int, believed: bool) -> None:
    post(tmp_path, NODE, nbf=NOON - 7000, exp=NOON + 90_000)
    clock_of(ledger).now = at
    assert (ask(ledger, NODE.sent({"time": at})).status_code == 200) is believed


def test_a_new_directory_counts_at_once_and_a_broken_one_believes_nobody(ledger: Ledger, tmp_path: Path) -> None:
    assert ask(ledger, NODE.sent()).status_code == 200
    post(tmp_path, STRANGER)
    assert ask(ledger, STRANGER.sent()).status_code == 200
    assert ask(ledger, NODE.sent()).status_code == 401
    (tmp_path / "directory").write_bytes(b"{}")
    assert ask(ledger, NODE.sent()).status_code == 401
    (tmp_path / "directory").unlink()
    assert ask(ledger, NODE.sent()).status_code == 401


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "request.malformed")),
        (b"[]", (400, "request.malformed")),
        (b'{"node":"AA","call":"AA"}', (400, "request.malformed")),
        (b'{"node":"AA","call":"AA","signature":"A"}', (400, "request.malformed")),
        (b'{"node":"AA","call":"AA","signature":"AB"}', (400, "request.malformed")),
        (b'{"node":"AA","call":"AA","signature":"AA","v":1}', (400, "request.malformed")),
        (b'{"node":"AA","call":"AA","signature":"AA"}', (401, "ledger.refused")),
        (b" " * (MAX_BODY + 1), (413, "request.too_large")),
    ],
)
def test_other_bodies_are_refused(ledger: Ledger, body: bytes, expected: tuple[int, str]) -> None:
    assert told(ask(ledger, body)) == expected


@settings(max_examples=40, derandomize=True, database=None)
@given(data=st.data())
def test_no_changed_byte_is_believed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("listed")
    post(folder, NODE)
    member = data.draw(st.sampled_from(["node", "call", "signature"]))
    body = {name: bytearray(octets(one)) for name, one in NODE.sent().items()}
    at = data.draw(st.integers(0, len(body[member]) - 1))
    body[member][at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(Refused, match="refused"):
        Nodes(folder, DEPLOY).believed(Signed(**{name: bytes(one) for name, one in body.items()}), NOON)


def test_every_reason_of_the_ledger_is_in_its_specification() -> None:
    text = SPEC.read_text()
    assert [reason for reason, status in STATUS.items() if f"`{reason}`" not in text or str(status) not in text] == []


@contextmanager
def running(folder: Path, database: str | None) -> Iterator["subprocess.Popen[str]"]:
    """A ledger process, ended with the block."""
    command = [sys.executable, "-m", "privity_service.ledger", "--config", str(configuration(folder, database))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == f'READY {{"listen": "unix:{folder}/s"}}\n'
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def call(folder: Path, body: Any) -> tuple[int, str]:
    with httpx.Client(transport=httpx.HTTPTransport(uds=f"{folder}/s"), base_url="http://ledger", timeout=60) as client:
        return told(client.post("/v1/ledger", json=body))


@pytest.mark.system
def test_a_ledger_that_is_killed_forgets_nothing(tmp_path: Path) -> None:
    """The node goes on and commits; nobody else gets the token, before or after."""

    now = int(time.time())
    node = Node(nbf=now - 600, exp=now + 6600)
    post(tmp_path, node, nbf=now - 600, exp=now + 6600)
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    about = {"nullifier": "11" * 16, "time": now, "day": today}
    other = about | {"request": "55" * 16, "holder": "44" * 16}
    with running(tmp_path, None) as process:
        assert call(tmp_path, node.sent(about)) == (200, "reserved")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    with running(tmp_path, None):
        assert call(tmp_path, node.sent(about)) == (200, "reserved")
        assert call(tmp_path, node.sent(about | {"holder": "44" * 16})) == (423, "ledger.held")
        assert call(tmp_path, node.sent(other)) == (409, "ledger.spent")
        assert call(tmp_path, node.sent(about, op="commit")) == (200, "spent")
        assert call(tmp_path, node.sent(other)) == (409, "ledger.spent")
        assert os.stat(tmp_path / "s").st_mode & 0o777 == 0o660


@pytest.mark.parametrize("change", [{"deploy": ""}, {"listen": "udp:x:1"}, {"more": 1}, {"state": "relative"}, None])
def test_an_unfit_configuration_is_refused(tmp_path: Path, change: dict[str, Any] | None) -> None:

    path = configuration(tmp_path)
    if change is None:
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SettingsRefused):
        read(path)


def started(path: Path) -> tuple[int, str]:
    """Exit code and first line of a ledger that does not come up."""
    command = [sys.executable, "-m", "privity_service.ledger", "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout


def test_what_a_ledger_may_not_guess_stops_it(tmp_path: Path) -> None:
    path = configuration(tmp_path)
    engine = opened(read(path))
    with engine.connect().execution_options(writes=True) as connection:
        connection.execute(delete(Purged))
        connection.commit()
    engine.dispose()
    code, said = started(path)
    assert (code, said.startswith("FAILED state: ")) == (1, True)
    path.write_text("{}")
    code, said = started(path)
    assert (code, said.startswith("FAILED configuration: ")) == (1, True)
