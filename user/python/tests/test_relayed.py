"""A server asked through somebody else's relay: nothing goes past it, and a hostile one gains nothing.

The operator's side is real in every byte (logs, witnesses, evidence, a node that speaks EC1); the relay is a function.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from privity_client.appraisal import AllowSimulated, LocalAppraiser
from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.client import link
from privity_client.commands import Complete
from privity_client.discovery import Discovery
from privity_client.errors import ClientError
from privity_client.relayed import chosen, relay
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import hides, open_client, words
from privity_client.request import chat_request
from privity_client.testing.fake_log import KEYS, RELEASE, Deployment, merkle, pin
from privity_client.testing.fake_node import FakeNetwork, FakeNode, FixedSource
from privity_client.trust import pins
from privity_client.trust.server import open_server
from privity_protocol import canonical
from privity_protocol.errors import Malformed, PrivityError

URL, CARRIED = "http://service.test", "https://relay.test:8443"
RELAY = Relay("forward", "relay.test:8443", CARRIED)
Alter = Callable[[str, bytes], bytes]


class OnTheWay:
    """What stands on the way: `asked` are host and path of every request; `alter` is what the relay makes of a file."""

    def __init__(self, alter: Alter = lambda _path, data: data) -> None:
        self.made = Deployment().build()
        self.asked: list[tuple[str, str]] = []
        self._alter = alter

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((request.headers["host"], path))
        data = self._file(path)
        if data is None:
            return httpx.Response(503 if path.startswith("/ec1/") else 404)
        return httpx.Response(200, stream=httpx.ByteStream(self._alter(path, data)))

    def _file(self, path: str) -> bytes | None:
        made = self.made
        if path == "/.well-known/privity":
            logs = [{"origin": RELEASE, "url": f"{CARRIED}/logs/0"}, {"origin": KEYS, "url": f"{CARRIED}/logs/1"}]
            members = {"v": 1, "account": None, "deploy": "local", "logs": logs, "plans": False, "relays": []}
            return canonical.encode({**members, "run": CARRIED})
        if path == "/v1/bulletin":
            return made.bulletin()
        if path == f"/v1/nodes/{made.listed.nd.hex()}":
            return made.bundle
        for number, log in enumerate((made.release, made.keys)):
            if path.startswith(f"/logs/{number}/tile/0/000"):
                width = int(path.rpartition("/")[2])
                return b"".join(merkle.leaf_hash(leaf) for leaf in log.leaves[:width])
        return None


async def find(way: OnTheWay, home: Path, relay: Relay | None = RELAY) -> object:
    """The node as a client finds it, held to the logs, its HELLO included."""
    async with open_client(URL, relay, httpx.MockTransport(way.answer)) as client:
        trust = open_server(client, URL, home)
        appraiser = LocalAppraiser("local", AllowSimulated((way.made.root.pin,)))
        source = Discovery(client, URL, appraiser, clock=lambda: way.made.now, entropy=bytes, trust=trust)
        (node,) = await source.nodes("", refresh=True)
        await client.post(f"{node.origin}/ec1/hello", content=b"sealed")
        return node


@pytest.fixture
def home(tmp_path: Path) -> Path:
    pins.write(pins.folder(tmp_path, URL), pin())
    return tmp_path


def test_everything_goes_to_the_relay_and_the_pin_is_the_servers(home: Path) -> None:
    way = OnTheWay()
    asyncio.run(find(way, home))
    assert {host for host, _ in way.asked} == {"relay.test:8443"}
    paths = [path for _, path in way.asked]
    assert paths[-1] == "/ec1/hello"
    assert {"/.well-known/privity", "/v1/bulletin"} < set(paths)
    assert (pins.folder(home, URL) / "remembered.json").exists()


def rewritten(**changes: object) -> Alter:
    """A relay that changes the discovery document."""

    def alter(path: str, data: bytes) -> bytes:
        if path != "/.well-known/privity":
            return data
        return canonical.encode({**json.loads(data), **changes})

    return alter


@pytest.mark.parametrize(
    "run",
    [
        *("http://service.test", "http://service.test:8081", "https://evil.test", "http://relay.test:8443"),
        *("https://relay.test", "https://relay.test:8444", "https://relay.test.evil.test:8443"),
    ],
)
def test_a_relay_cannot_lead_the_channel_past_itself(home: Path, run: str) -> None:
    way = OnTheWay(rewritten(run=run))
    with pytest.raises(ClientError) as refused:
        asyncio.run(find(way, home))
    assert refused.value.reason == "relay_bypassed"
    assert {host for host, _ in way.asked} == {"relay.test:8443"}
    assert not any(path.startswith("/ec1/") for _, path in way.asked)


def test_a_relay_cannot_lead_the_logs_past_itself(home: Path) -> None:
    way = OnTheWay()
    asyncio.run(find(way, home))
    way.made.revoke()
    logs = [{"origin": RELEASE, "url": "http://log.test/release"}, {"origin": KEYS, "url": "http://service.test/k"}]
    way._alter = rewritten(logs=logs)
    with pytest.raises(ClientError) as refused:
        asyncio.run(find(way, home))
    assert refused.value.reason == "relay_bypassed"
    assert {host for host, _ in way.asked} == {"relay.test:8443"}


def flip(data: bytes, at: int) -> bytes:
    """One bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("kind", ["/v1/bulletin", "/v1/nodes/"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_bytes_that_a_relay_changed_are_refused(home: Path, kind: str, share: float) -> None:
    def alter(path: str, data: bytes) -> bytes:
        return flip(data, int(len(data) * share)) if path.startswith(kind) else data

    way = OnTheWay(alter)
    with pytest.raises(PrivityError):
        asyncio.run(find(way, home))
    assert not any(path.startswith("/ec1/") for _, path in way.asked)


def test_an_old_bulletin_that_a_relay_plays_again_is_noticed(home: Path) -> None:
    way = OnTheWay()
    old = way.made.bulletin()
    way.made.revoke()
    asyncio.run(find(way, home))
    way._alter = lambda path, data: old if path == "/v1/bulletin" else data
    with pytest.raises(PrivityError) as refused:
        asyncio.run(find(way, home))
    assert refused.value.reason == "checkpoint_rollback"
    assert sum(path.startswith("/ec1/") for _, path in way.asked) == 1


async def ask(handler: Callable[[FakeNetwork, httpx.Request], object], *nodes: FakeNode) -> list[object]:
    """One question to the first node through a relay that does as `handler` says."""
    network = FakeNetwork(*nodes)
    honest = network.transport()

    async def carry(request: httpx.Request) -> httpx.Response:
        answer = handler(network, request)
        return answer if isinstance(answer, httpx.Response) else await honest.handle_async_request(request)

    listed = nodes[0].verified()
    carried = Relay("forward", "relay.test", "http://relay.test")
    async with open_client(URL, carried, httpx.MockTransport(carry)) as client:
        channel = Channel(client, FixedSource(listed), clock=lambda: 1000, entropy=bytes, sleep=asyncio.sleep)
        request = chat_request([], model="demonstration", profile="p1", entropy=bytes)
        return [event async for event in channel.ask(request, Chain())]


def test_an_honest_relay_carries_a_whole_answer() -> None:
    events = asyncio.run(ask(lambda _network, _request: None, FakeNode()))
    assert isinstance(events[-1], Complete)


def test_a_relay_that_swaps_nodes_or_plays_an_answer_again_gets_nothing_believed(no_waiting: None) -> None:
    kept: dict[str, bytes] = {}

    def swap(network: FakeNetwork, request: httpx.Request) -> object:
        other = network.nodes[1]
        body = request.content
        return other.hello(body[:6] + bytes.fromhex(other.digest)[:8] + body[14:])

    def play_again(_network: FakeNetwork, request: httpx.Request) -> object:
        return httpx.Response(200, stream=httpx.ByteStream(kept[request.url.path]))

    def keep(network: FakeNetwork, request: httpx.Request) -> object:
        node = network.nodes[0]
        answer = node.hello(request.content) if request.url.path == "/ec1/hello" else node.run(request.content)
        kept[request.url.path] = answer.stream._data  # type: ignore[union-attr]
        return httpx.Response(200, stream=httpx.ByteStream(kept[request.url.path]))

    node = FakeNode()
    asyncio.run(ask(keep, node))
    for hostile in (swap, play_again):
        with pytest.raises(PrivityError) as refused:
            asyncio.run(ask(hostile, node, FakeNode("other")))
        assert refused.value.reason in {"not_authentic", "session_refused", "busy"}
        assert len(node.runs) == 1


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr(asyncio, "sleep", at_once)


def test_a_persons_choice_is_remembered_for_each_server(home: Path) -> None:
    assert chosen.resolve(home, URL, "") is None
    assert chosen.resolve(home, URL, "https://relay.example/") == Relay(
        "forward", "relay.example", "https://relay.example"
    )
    chosen.remember(home, URL, RELAY)
    assert chosen.resolve(home, URL, "") == RELAY
    assert chosen.resolve(home, URL, "off") is None
    assert chosen.resolve(home, "http://other.test", "") is None
    chosen.remember(home, URL, None)
    chosen.remember(home, URL, None)
    assert chosen.resolve(home, URL, "") is None


@pytest.mark.parametrize("data", [b"", b"{}", b'{"relay":null,"v":1}', b'{"relay":{"kind":"tor"},"v":1}', b"x" * 5000])
def test_a_choice_that_cannot_be_read_is_not_taken_for_none(home: Path, data: bytes) -> None:
    (pins.folder(home, URL) / chosen.FILE).write_bytes(data)
    with pytest.raises(ClientError, match="home_unusable"):
        chosen.resolve(home, URL, "")


def test_a_relay_is_an_origin() -> None:
    assert relay.named("https://relay.example:8443/").url == "https://relay.example:8443"
    for wrong in (
        *("relay.example", "ftp://relay.example", "https://relay.example/path", "https://relay.example/?a"),
        *("https://[", "https://", "https://a@relay.example", "https://relay.example:x", "--", "-"),
    ):
        with pytest.raises(ClientError, match="misuse"):
            relay.named(wrong)


def test_offers_are_read_strictly_and_unknown_kinds_left_out() -> None:
    good = {"kind": "forward", "name": "A", "url": "https://a.example"}
    assert relay.offers([good, {"kind": "tor", "more": 1}]) == (Relay("forward", "A", "https://a.example"),)
    wrongs = ({"url": "a"}, {"name": ""}, {"name": "x" * 81}, {"more": 1}, {"url": "https://a.example/p"})
    for value in (*([{**good, **wrong}] for wrong in wrongs), [good] * 9, {}, None):
        with pytest.raises(Malformed):
            relay.offers(value)


def test_what_is_said_of_the_address_is_true() -> None:
    assert words(URL, RELAY).startswith("Address hidden from the operator by relay relay.test:8443")
    same = relay.named("http://service.test:9")
    assert (hides(URL, RELAY), hides(URL, None), hides(URL, same)) == (True, False, False)
    for one in (None, same):
        assert words(URL, one).startswith("Address not hidden")


def test_a_program_that_uses_the_sdk_goes_through_the_remembered_relay(home: Path, monkeypatch) -> None:
    asked: list[Relay | None] = []

    def opened(url: str, one: Relay | None) -> httpx.AsyncClient:
        asked.append(one)
        return open_client(url, one, httpx.MockTransport(lambda _request: httpx.Response(404)))

    async def go() -> None:
        async with link.Server(URL, link.Policy(home=home))():
            raise AssertionError("there is no server")

    chosen.remember(home, URL, RELAY)
    monkeypatch.setattr(link, "open_client", opened)
    with pytest.raises(ClientError):
        asyncio.run(go())
    assert asked == [RELAY, RELAY]
