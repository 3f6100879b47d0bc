"""From an address to verified nodes: bounds, consent, cache, substitution."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from privity_attest.testing.bundle import NOW, Enclave
from privity_attest.testing.root import make_root
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, Consent, LocalAppraiser, Refuse, read_root
from privity_client.discovery import Discovery
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode
from privity_protocol import canonical, directory
from privity_protocol.errors import Malformed, PrivityError

Entropy = Callable[[int], bytes]
BUNDLE = Enclave().build()
ROOT = BUNDLE.root
WELL_KNOWN = {
    "account": None,
    "deploy": "local",
    "logs": [],
    "plans": False,
    "relays": [],
    "run": "http://relay.test",
    "v": 1,
}


class Server:
    """Static answers by path; counts what was asked."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256(BUNDLE.items["node-document"][1]).digest()
        self.asked: list[str] = []
        self.answers: dict[str, httpx.Response | bytes] = {
            "/.well-known/privity": canonical.encode(WELL_KNOWN),
            "/v1/nodes/directory": self.directory(self.digest),
            f"/v1/nodes/{self.digest.hex()}": BUNDLE.data,
        }

    def directory(self, digest: bytes, *, nbf: int = NOW - 10, exp: int = NOW + 3600) -> bytes:
        node = directory.Node(digest, BUNDLE.node.plat, BUNDLE.node.rel, ("privity/demonstration",), 1)
        return directory.encode(directory.Directory(nbf, exp, None, (node,)))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        found = self.answers.get(request.url.path, httpx.Response(404))
        return found if isinstance(found, httpx.Response) else httpx.Response(200, stream=Body(found))


class Body(httpx.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.given = 0

    async def __aiter__(self):
        for at in range(0, len(self._data), 65536):
            self.given += 1
            yield self._data[at : at + 65536]


ALLOWED = AllowSimulated((ROOT.pin,))


def nodes_of(server: Server, entropy: Entropy, consent: Consent = ALLOWED, *, times: int = 1) -> list[VerifiedNode]:
    async def go() -> list[VerifiedNode]:
        async with fetch.new_client("http://service.test", httpx.MockTransport(server.answer)) as client:
            appraiser = LocalAppraiser("local", consent)
            source = Discovery(client, "http://service.test/", appraiser, clock=lambda: NOW, entropy=entropy)
            for _time in range(times - 1):
                await source.nodes("", refresh=True)
            return await source.nodes("", refresh=True)

    return asyncio.run(go())


def test_a_listed_node_is_verified(entropy: Entropy) -> None:
    (node,) = nodes_of(Server(), entropy)
    assert node.simulated
    assert node.origin == "http://relay.test"
    assert node.key == BUNDLE.node.pk
    assert node.models[0].demonstration


def test_a_test_enclave_is_refused_without_consent(entropy: Entropy) -> None:
    with pytest.raises(ClientError) as caught:
        nodes_of(Server(), entropy, Refuse())
    assert caught.value.reason == "simulated_not_allowed"


def test_a_test_enclave_of_another_root_is_refused(entropy: Entropy) -> None:
    with pytest.raises(EvidenceRefused) as caught:
        nodes_of(Server(), entropy, AllowSimulated((make_root(99, now=NOW).pin,)))
    assert "root_not_pinned" in caught.value.detail
    assert caught.value.record["outcome"] == "refused"


def test_evidence_of_another_node_than_the_listed_one_is_refused(entropy: Entropy) -> None:
    server = Server()
    other = bytes(32)
    server.answers["/v1/nodes/directory"] = server.directory(other)
    server.answers[f"/v1/nodes/{other.hex()}"] = BUNDLE.data
    with pytest.raises(ClientError) as caught:
        nodes_of(server, entropy)
    assert caught.value.reason == "refused"


@pytest.mark.parametrize(("nbf", "exp"), [(NOW + 400, NOW + 4000), (NOW - 4000, NOW - 400)])
def test_a_directory_of_another_time_is_refused(entropy: Entropy, nbf: int, exp: int) -> None:
    server = Server()
    server.answers["/v1/nodes/directory"] = server.directory(server.digest, nbf=nbf, exp=exp)
    with pytest.raises(ClientError, match="refused"):
        nodes_of(server, entropy)


def test_an_appraisal_is_made_once_per_bundle(entropy: Entropy, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []
    real = LocalAppraiser.appraise

    def counting(self, bundle, **options):
        judged.append(bundle)
        return real(self, bundle, **options)

    monkeypatch.setattr(LocalAppraiser, "appraise", counting)
    nodes_of(Server(), entropy, times=3)
    assert len(judged) == 1


@pytest.mark.parametrize("path", ["/.well-known/privity", "/v1/nodes/directory", "bundle"])
def test_every_body_is_bounded(entropy: Entropy, path: str) -> None:
    server = Server()
    where = f"/v1/nodes/{server.digest.hex()}" if path == "bundle" else path
    body = Body(b"x" * 50_000_000)
    server.answers[where] = httpx.Response(200, stream=body)
    with pytest.raises(ClientError) as caught:
        nodes_of(server, entropy)
    assert caught.value.reason == "too_much"
    assert body.given < 20


@pytest.mark.parametrize("path", ["/.well-known/privity", "/v1/nodes/directory", "bundle"])
@pytest.mark.parametrize("content", [b"", b"{}", b"<html>", b"\xff" * 100, b"[" * 5000])
def test_nonsense_is_malformed(entropy: Entropy, path: str, content: bytes) -> None:
    server = Server()
    where = f"/v1/nodes/{server.digest.hex()}" if path == "bundle" else path
    server.answers[where] = content
    with pytest.raises((Malformed, EvidenceRefused)):
        nodes_of(server, entropy)


def test_a_server_of_another_kind_is_named(entropy: Entropy) -> None:
    server = Server()
    server.answers.clear()
    with pytest.raises(ClientError) as caught:
        nodes_of(server, entropy)
    assert caught.value.reason == "not_privity"


def test_redirects_are_not_followed(entropy: Entropy) -> None:
    server = Server()
    server.answers["/.well-known/privity"] = httpx.Response(302, headers={"location": "http://elsewhere.test/"})
    with pytest.raises(ClientError, match="not_privity"):
        nodes_of(server, entropy)
    assert len(server.asked) == 1


def test_cookies_are_not_kept() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, headers={"set-cookie": "track=1; Path=/"}, stream=Body(b"x"))

    async def go() -> None:
        async with fetch.new_client("http://service.test", httpx.MockTransport(answer)) as client:
            for _time in range(2):
                await fetch.get(client, "http://service.test/", limit=10)

    asyncio.run(go())
    assert seen == [None, None]


def test_a_node_without_the_model_is_not_chosen(entropy: Entropy) -> None:
    async def go() -> None:
        async with fetch.new_client("http://service.test", httpx.MockTransport(Server().answer)) as client:
            appraiser = LocalAppraiser("local", ALLOWED)
            source = Discovery(client, "http://service.test", appraiser, clock=lambda: NOW, entropy=entropy)
            await source.nodes("other", refresh=False)

    with pytest.raises(ClientError, match="no_node: model other"):
        asyncio.run(go())


def test_a_root_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="development_root"):
        read_root(tmp_path / "none.pem")
    (tmp_path / "bad.pem").write_text("not a certificate")
    with pytest.raises(PrivityError, match="development_root"):
        read_root(tmp_path / "bad.pem")


def test_a_cached_appraisal_ends_with_the_evidence(entropy: Entropy) -> None:
    moment = [NOW]

    async def go() -> None:
        async with fetch.new_client("http://service.test", httpx.MockTransport(server.answer)) as client:
            appraiser = LocalAppraiser("local", ALLOWED)
            source = Discovery(client, "http://service.test", appraiser, clock=lambda: moment[0], entropy=entropy)
            (node,) = await source.nodes("", refresh=False)
            moment[0] = node.valid_until
            await source.nodes("", refresh=False)

    server = Server()
    server.answers["/v1/nodes/directory"] = server.directory(server.digest, exp=NOW + 50_000)
    with pytest.raises(PrivityError):
        asyncio.run(go())


def test_a_run_origin_that_is_no_origin_is_refused(entropy: Entropy) -> None:
    for run in ("javascript:alert(1)", "http://relay.test/path?x", "http://user@relay.test", "file:///etc"):
        server = Server()
        server.answers["/.well-known/privity"] = canonical.encode(WELL_KNOWN | {"run": run})
        with pytest.raises(Malformed):
            nodes_of(server, entropy)


def test_nodes_are_chosen_by_this_client_and_only_among_the_verified(entropy: Entropy) -> None:
    server = Server()
    nodes = [
        directory.Node(digest, BUNDLE.node.plat, BUNDLE.node.rel, ("privity/demonstration",), weight)
        for digest, weight in sorted([(server.digest, 1), (bytes(32), 8), (b"\xff" * 32, 8)])
    ]
    listed = directory.Directory(NOW - 10, NOW + 3600, None, tuple(nodes))
    server.answers["/v1/nodes/directory"] = directory.encode(listed)
    assert [node.digest for node in nodes_of(server, entropy)] == [server.digest.hex()]
