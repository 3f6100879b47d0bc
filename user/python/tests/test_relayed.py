"""A server asked through somebody else's relay: nothing goes past it, and a hostile one gains nothing.

The operator's side is real in every byte (logs, witnesses, evidence, a node that speaks EC1); the relay is a function.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from privity_client.appraisal import AllowSimulated, LocalAppraiser
from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.cli import trust
from privity_client.client import link
from privity_client.commands import Complete
from privity_client.discovery import Discovery
from privity_client.errors import ClientError
from privity_client.relayed import chosen, relay
from privity_client.relayed.relay import Offer, Relay
from privity_client.relayed.way import hides, open_client, through, words
from privity_client.request import chat_request
from privity_client.testing.fake_log import KEYS, RELEASE, Deployment, merkle, pin
from privity_client.testing.fake_node import FakeNetwork, FakeNode, FixedSource
from privity_client.trust import pins
from privity_client.trust.server import open_server
from privity_protocol import canonical
from privity_protocol.errors import Malformed, PrivityError
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import request_chunks
from privity_protocol.ohttp.forms import CHUNKED

URL, CARRIED = "http://service.test", "https://relay.test:8443"
RELAY = Relay("forward", "relay.test:8443", CARRIED)
KEY = X25519PrivateKey.from_private_bytes(b"\x05" * 32)
DOCUMENT = keys.encode([keys.Configuration(3, KEY.public_key().public_bytes_raw(), (3, 1))])
OBLIVIOUS = relay.oblivious("https://relay.test/to/chat", DOCUMENT)
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
        held = open_server(client, URL, home)
        appraiser = LocalAppraiser("local", AllowSimulated((way.made.root.pin,)))
        source = Discovery(client, URL, appraiser, clock=lambda: way.made.now, entropy=bytes, trust=held)
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
    chosen.remember(home, URL, OBLIVIOUS)
    assert chosen.resolve(home, URL, "") == OBLIVIOUS
    assert OBLIVIOUS.keys.hex() not in repr(OBLIVIOUS)
    chosen.remember(home, URL, None)
    chosen.remember(home, URL, None)
    assert chosen.resolve(home, URL, "") is None


@pytest.mark.parametrize("data", [b"", b"{}", b'{"relay":null,"v":1}', b'{"relay":{"kind":"tor"},"v":1}', b"x" * 5000])
def test_a_choice_that_cannot_be_read_is_not_taken_for_none(home: Path, data: bytes) -> None:
    (pins.folder(home, URL) / chosen.FILE).write_bytes(data)
    with pytest.raises(ClientError, match="home_unusable"):
        chosen.resolve(home, URL, "")


def test_forgetting_a_server_does_not_show_its_operator_the_address(home: Path, monkeypatch) -> None:
    monkeypatch.setenv("PRIVITY_HOME", str(home))
    chosen.remember(home, URL, RELAY)
    assert trust.forget(URL) == 0
    assert (pins.read(pins.folder(home, URL)), chosen.remembered(home, URL)) == (None, RELAY)
    chosen.remember(home, URL, None)
    assert trust.forget(URL) == 0
    assert not pins.folder(home, URL).exists()


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
    sealed = {"kind": "ohttp", "name": "B", "url": "https://b.example/to/chat", "keys": "ab" * 32}
    told = (Offer("forward", "A", "https://a.example", ""), Offer("ohttp", "B", sealed["url"], "ab" * 32))
    assert relay.offers([good, {"kind": "tor", "more": 1}, sealed]) == told
    with pytest.raises(Malformed):
        relay.offers([sealed | {"keys": "AB" * 32}])
    wrongs = ({"url": "a"}, {"name": ""}, {"name": "x" * 81}, {"more": 1}, {"url": "https://a.example/p"})
    for value in (*([{**good, **wrong}] for wrong in wrongs), [good] * 9, {}, None):
        with pytest.raises(Malformed):
            relay.offers(value)


def test_a_failure_names_the_relay_that_stands_between() -> None:
    for reason, named in (("unreachable", True), ("not_privity", True), ("refused", False)):
        with pytest.raises(ClientError) as failed, through(RELAY):
            raise ClientError(reason, "http://service.test")
        assert ("relay.test" in failed.value.detail) is named
    with pytest.raises(ClientError, match=r"^unreachable: x$"), through(None):
        raise ClientError("unreachable", "x")


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


Sealed = Callable[[bytes], bytes]


def gateway(
    behind: Callable[[httpx.Request], httpx.Response], spoil: Sealed = lambda data: data
) -> Callable[[httpx.Request], httpx.Response]:
    """A relay and a gateway in one function; `spoil` is what the relay makes of the sealed answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", OBLIVIOUS.url)
        assert request.headers["content-type"] == CHUNKED.request_type
        assert {"cookie", "authorization", "referer"} & set(request.headers) == set()
        chunks, exchange = request_chunks({3: KEY})
        reader = Reader(response=False)
        content = reader.feed(chunks.feed(request.content))
        content += reader.feed(chunks.finish())
        inside = reader.finish()
        assert isinstance(inside, Request)
        assert {name for name, _ in inside.fields} <= {b"content-type"}
        url = f"{inside.scheme.decode()}://{inside.authority.decode()}{inside.path.decode()}"
        told = behind(httpx.Request(inside.method.decode(), url, content=content))
        body = b"".join(told.stream) if isinstance(told.stream, httpx.ByteStream) else told.content
        answering = exchange().answer(bytes)
        pieces = b"".join(binary_http.piece(body[at : at + 700]) for at in range(0, len(body), 700))
        message = answering.chunks(binary_http.begin_response(Response(told.status_code)) + pieces)
        data = spoil(answering.opening + message + answering.last(binary_http.END))
        return httpx.Response(200, headers={"content-type": CHUNKED.response_type}, stream=httpx.ByteStream(data))

    return answer


async def find_sealed(way: OnTheWay, home: Path, spoil: Sealed = lambda data: data) -> object:
    """As `find`, through Oblivious HTTP."""
    async with open_client(URL, OBLIVIOUS, httpx.MockTransport(gateway(way.answer, spoil))) as client:
        held = open_server(client, URL, home)
        appraiser = LocalAppraiser("local", AllowSimulated((way.made.root.pin,)))
        source = Discovery(client, URL, appraiser, clock=lambda: way.made.now, entropy=bytes, trust=held)
        (node,) = await source.nodes("", refresh=True)
        answer = await client.post(f"{node.origin}/ec1/hello", content=b"sealed")
        return answer.status_code


def test_with_oblivious_http_everything_is_sealed_and_goes_to_one_address(home: Path) -> None:
    way = OnTheWay(rewritten(run="https://run.service.test"))
    assert asyncio.run(find_sealed(way, home)) == 503
    assert {"/.well-known/privity", "/v1/bulletin", "/ec1/hello"} < {path for _, path in way.asked}
    assert {host for host, _ in way.asked} == {"service.test", "run.service.test"}


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_relay_that_changes_a_sealed_answer_is_noticed(home: Path, at: int) -> None:
    with pytest.raises(ClientError) as refused:
        asyncio.run(find_sealed(OnTheWay(), home, lambda data: flip(data, at % len(data))))
    assert refused.value.reason == "unreachable"


@pytest.mark.parametrize("size", [0, 10, 500, -1, -20])
def test_a_relay_that_cuts_a_sealed_answer_is_noticed(home: Path, size: int) -> None:
    with pytest.raises(ClientError) as refused:
        asyncio.run(find_sealed(OnTheWay(), home, lambda data: data[:size]))
    assert refused.value.reason == "unreachable"


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        *((400, "application/problem+json", "relay_keys"), (400, "", "relay_keys"), (403, "", "not_privity")),
        *((200, "text/html", "not_privity"), (302, CHUNKED.response_type, "not_privity")),
    ],
)
def test_what_a_relay_says_for_itself_is_never_taken_for_the_server(home: Path, status, kind, reason) -> None:
    async def go() -> None:
        def answer(_request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, headers={"content-type": kind}, stream=httpx.ByteStream(DOCUMENT))

        async with open_client(URL, OBLIVIOUS, httpx.MockTransport(answer)) as client:
            await open_server(client, URL, home).refresh(now=1)

    with pytest.raises(ClientError) as refused:
        asyncio.run(go())
    assert refused.value.reason == reason


def test_a_whole_answer_comes_through_oblivious_http() -> None:
    async def go() -> list[object]:
        node = FakeNode()

        def joined(answer: httpx.Response) -> httpx.Response:
            return httpx.Response(answer.status_code, stream=httpx.ByteStream(answer.stream._data))  # type: ignore[union-attr]

        def behind(request: httpx.Request) -> httpx.Response:
            asked = node.hello if request.url.path == "/ec1/hello" else node.run
            return joined(asked(request.content))

        carried = gateway(behind)
        async with open_client(URL, OBLIVIOUS, httpx.MockTransport(carried)) as client:
            channel = Channel(client, FixedSource(node.verified()), clock=lambda: 1000, entropy=bytes)
            request = chat_request([], model="demonstration", profile="p1", entropy=bytes)
            return [event async for event in channel.ask(request, Chain())]

    assert isinstance(asyncio.run(go())[-1], Complete)


def test_a_relay_for_oblivious_http_has_an_address_and_keys() -> None:
    assert (OBLIVIOUS.kind, OBLIVIOUS.name) == ("ohttp", "relay.test")
    assert words(URL, OBLIVIOUS).startswith("Address hidden from the operator by relay relay.test (Oblivious HTTP)")
    for wrong in ("relay.test", "https://", "https://a@relay.test/x", "https://relay.test/?x", "https://[", "-"):
        with pytest.raises(ClientError, match="misuse"):
            relay.oblivious(wrong, DOCUMENT)
    for document in (b"", b"\0\x01", DOCUMENT[:-1]):
        with pytest.raises(Malformed):
            relay.oblivious(OBLIVIOUS.url, document)
