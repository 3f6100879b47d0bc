"""Consent to a test enclave is asked for and never found; a challenge proves that the evidence is no replay."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from privity_attest.testing.bundle import NOW, Enclave
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, Consent, LocalAppraiser, Refuse
from privity_client.challenge import challenge
from privity_client.cli import connection
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode

Entropy = Callable[[int], bytes]
WINDOW = Enclave().build()
ALLOWED = AllowSimulated((WINDOW.root.pin,))


class Verifying:
    """Stands for the search: refuses test enclaves unless the consent allows them, and notes every consent."""

    def __init__(self) -> None:
        self.consents: list[Consent] = []

    async def __call__(
        self, _client: httpx.AsyncClient, _url: str, _model: str, consent: Consent, _hidden: bool
    ) -> SimpleNamespace:
        self.consents.append(consent)
        if isinstance(consent, Refuse):
            raise ClientError("simulated_not_allowed")
        return SimpleNamespace(purse=nullcontext())


def connect(monkeypatch: pytest.MonkeyPatch, *, allow: bool, ask: bool, agrees: bool) -> list[Consent]:
    verifying = Verifying()
    monkeypatch.setattr(connection, "_verified", verifying)
    monkeypatch.setattr(connection, "granted", lambda _root: ALLOWED)
    monkeypatch.setattr(connection, "person_agrees", lambda: agrees)

    async def go() -> None:
        options = {"model": "", "allow_simulated": allow, "development_root": None, "ask": ask}
        async with connection.connect("http://service.test", **options):
            pass

    if allow or (ask and agrees):
        asyncio.run(go())
    else:
        with pytest.raises(ClientError, match="simulated_not_allowed"):
            asyncio.run(go())
    return verifying.consents


def test_a_test_enclave_needs_the_option_or_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connect(monkeypatch, allow=True, ask=False, agrees=False) == [ALLOWED]
    assert connect(monkeypatch, allow=False, ask=True, agrees=True) == [Refuse(), ALLOWED]


@pytest.mark.parametrize(("ask", "agrees"), [(False, True), (True, False), (False, False)])
def test_a_test_enclave_is_refused_otherwise(monkeypatch: pytest.MonkeyPatch, ask: bool, agrees: bool) -> None:
    assert connect(monkeypatch, allow=False, ask=ask, agrees=agrees) == [Refuse()]


def test_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRIVITY_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    connect(monkeypatch, allow=False, ask=True, agrees=True)
    assert list(tmp_path.iterdir()) == []
    assert connect(monkeypatch, allow=False, ask=True, agrees=False) == [Refuse()]


def listed() -> VerifiedNode:
    digest = hashlib.sha256(WINDOW.items["node-document"][1]).digest()
    return LocalAppraiser("local", ALLOWED).judge(
        WINDOW.data, now=NOW, listed=digest, weight=1, origin="http://relay.test"
    )


def challenged(entropy: Entropy, answer: Callable[[bytes], bytes]) -> dict[str, object]:
    def respond(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/ec1/challenge"
        kid, nonce = request.content[:8], request.content[8:]
        assert kid.hex() == listed().digest[:16]
        return httpx.Response(200, stream=Body(answer(nonce)))

    async def go() -> dict[str, object]:
        async with fetch.new_client("http://relay.test", httpx.MockTransport(respond)) as client:
            return await challenge(client, listed(), LocalAppraiser("local", ALLOWED), now=NOW, entropy=entropy)

    return asyncio.run(go())


class Body(httpx.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self):
        yield self._data


def test_a_fresh_answer_over_the_same_key_is_accepted(entropy: Entropy) -> None:
    record = challenged(entropy, lambda nonce: Enclave(nonce=nonce).build().data)
    assert record["outcome"] == "accepted_as_simulated"


def test_an_old_answer_is_refused(entropy: Entropy) -> None:
    with pytest.raises(EvidenceRefused, match="nonce_mismatch"):
        challenged(entropy, lambda _nonce: Enclave(nonce=bytes(32)).build().data)
    with pytest.raises(EvidenceRefused):
        challenged(entropy, lambda _nonce: WINDOW.data)


def test_an_answer_over_another_key_is_refused(entropy: Entropy) -> None:
    other = bytes(reversed(Enclave().pk))
    with pytest.raises(EvidenceRefused, match="key_mismatch"):
        challenged(entropy, lambda nonce: Enclave(nonce=nonce, pk=other).build().data)


def test_no_answer_is_no_verification(entropy: Entropy) -> None:
    with pytest.raises(ClientError):
        asyncio.run(_refused(entropy))


async def _refused(entropy: Entropy) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(429))
    async with fetch.new_client("http://relay.test", transport) as client:
        await challenge(client, listed(), LocalAppraiser("local", ALLOWED), now=NOW, entropy=entropy)
