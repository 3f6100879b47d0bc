"""The `openai` package against `privity proxy` and a whole installation: another address makes a program private."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from loopback import capturing, may_capture
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, InternalServerError, NotFoundError, OpenAI
from ports import free_row
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser, read_root
from privity_client.channel import Channel, unix_time
from privity_client.discovery import Discovery
from privity_client.nodes import VerifiedNode
from privity_client.proxy.asking import Asking
from privity_client.proxy.verified import VerifiedNodes
from privity_client.testing import proxy_stand
from privity_client.trust import pins
from privity_client.trust.server import reach
from privity_protocol import receipt
from proxied import Proxied, proxied, recorders
from served import Rogue, Served

pytestmark = [pytest.mark.system, pytest.mark.slow]
ASKED = [{"role": "user", "content": "Hello"}]
SEEDED = {"temperature": 0, "seed": 1, "max_tokens": 12}
YES_OR_NO = {
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, small_model) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"), small_model)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def proxy(served: Served) -> Iterator[Proxied]:
    with proxied(served, "--profile", "p0", "--alias", "gpt-4o-mini=tiny") as made:
        yield made


@pytest.fixture
def client(proxy: Proxied) -> Iterator[OpenAI]:
    with proxy.openai() as made:
        yield made


def test_without_consent_to_a_test_enclave_nothing_listens(served: Served) -> None:
    done = served.run("proxy", served.url, "--port", "0")
    assert (done.returncode, "Nothing was sent" in done.stderr) == (3, True)
    assert "interface is at" not in done.stdout
    assert not (served.home.root / "proxy").exists()


def test_the_first_start_shows_the_key_and_what_a_program_needs(proxy: Proxied, served: Served) -> None:
    assert f"export OPENAI_BASE_URL={proxy.base_url}\n" in proxy.said
    assert f"export OPENAI_API_KEY={proxy.key}\n" in proxy.said
    assert "Test enclave" in proxy.said
    page = httpx.get(f"http://localhost:{proxy.port}/", auth=("me", proxy.key), trust_env=False)
    assert (f"http://localhost:{proxy.port}/ " in proxy.said, "Test enclave" in page.text) == (True, True)
    with proxied(served) as again:
        assert proxy.key not in again.said
        assert again.key == proxy.key


def test_a_program_asks_as_it_did_before(proxy: Proxied, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", proxy.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", proxy.key)
    with OpenAI() as client:
        whole = client.chat.completions.create(model="gpt-4o-mini", messages=ASKED, **SEEDED)
        asked = {"stream": True, "stream_options": {"include_usage": True}}
        chunks = list(client.chat.completions.create(model="gpt-4o-mini", messages=ASKED, **asked, **SEEDED))
    assert (whole.model, whole.choices[0].finish_reason, whole.usage.completion_tokens) == ("tiny", "length", 12)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == 12
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-1] == "length"


def test_an_answer_says_which_verified_node_gave_it(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="tiny", messages=ASKED, user="me", **SEEDED)
    evidence = httpx.get(
        f"{client.base_url}privity/evidence", headers={"authorization": f"Bearer {client.api_key}"}, trust_env=False
    ).json()
    assert raw.headers["x-privity-node"] == evidence["nodes"][0]["node"]
    assert raw.headers["x-privity-not-sent"] == "user"
    assert evidence["nodes"][0]["record"]["outcome"] == "accepted_as_simulated"
    assert [model.id for model in client.models.list()] == ["tiny", "gpt-4o-mini"]


def test_several_choices_stop_sequences_and_a_schema(client: OpenAI) -> None:
    several = client.chat.completions.create(model="tiny", messages=ASKED, n=3, **SEEDED | {"temperature": 1})
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in several.choices}) == 3
    cut = client.chat.completions.create(
        model="tiny", messages=ASKED, stop=list("aeou"), **SEEDED | {"max_tokens": 400}
    )
    assert cut.choices[0].finish_reason == "stop"
    assert not set("aeou") & set(cut.choices[0].message.content)
    wanted = {"type": "json_schema", "json_schema": {"name": "yes_or_no", "schema": YES_OR_NO, "strict": True}}
    told = client.chat.completions.create(model="tiny", messages=ASKED, response_format=wanted, max_tokens=200)
    assert json.loads(told.choices[0].message.content).keys() == {"yes"}


def test_responses_build_upon_each_other_and_stream(client: OpenAI) -> None:
    first = client.responses.create(model="tiny", input="Hello", max_output_tokens=8)
    assert first.status == "incomplete"
    more = {"previous_response_id": first.id, "max_output_tokens": 8}
    with client.responses.stream(model="tiny", input="And then?", **more) as stream:
        events = list(stream)
    second = events[-1].response
    assert (events[0].type, events[-1].type) == ("response.created", "response.incomplete")
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said == second.output[0].content[0].text
    assert second.usage.input_tokens > first.usage.input_tokens
    assert client.responses.retrieve(second.id).output_text == said
    client.responses.delete(first.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(first.id)


def test_a_conversation_finds_its_cache_at_the_node(client: OpenAI) -> None:
    long = [{"role": "user", "content": "word " * 40}]
    first = client.chat.completions.create(model="tiny", messages=long, **SEEDED)
    more = [*long, first.choices[0].message, {"role": "user", "content": "more"}]
    second = client.chat.completions.create(model="tiny", messages=more, **SEEDED)
    assert second.usage.prompt_tokens_details.cached_tokens > first.usage.prompt_tokens // 2


def test_errors_are_those_of_the_api(client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as missing:
        client.chat.completions.create(model="none", messages=ASKED)
    assert missing.value.code == "model_not_found"
    with pytest.raises(BadRequestError) as unknown:
        client.chat.completions.create(model="tiny", messages=ASKED, extra_body={"invented": 1})
    assert unknown.value.param == "invented"
    with pytest.raises(BadRequestError) as long:
        client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "word " * 3000}])
    assert long.value.code == "context_length_exceeded"
    with pytest.raises(AuthenticationError), client.with_options(api_key="wrong") as wrong:
        wrong.models.list()


def test_many_ask_at_once(proxy: Proxied) -> None:
    async def scenario() -> None:
        async with AsyncOpenAI(base_url=proxy.base_url, api_key=proxy.key, timeout=120) as client:

            async def one(number: int) -> str | None:
                asked = [{"role": "user", "content": f"Number {number}"}]
                stream = await client.chat.completions.create(model="tiny", messages=asked, stream=True, **SEEDED)
                return [chunk.choices[0].finish_reason async for chunk in stream][-1]

            together = await asyncio.gather(*(one(number % 4) for number in range(16)))
            assert together == ["length"] * 16

    asyncio.run(scenario())


def test_threads_share_one_client(client: OpenAI) -> None:
    def one(_number: int) -> int:
        return client.chat.completions.create(model="tiny", messages=ASKED, **SEEDED).usage.completion_tokens

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(16))) == {12}


def test_a_receipt_that_a_program_wants_is_kept_for_its_owner_and_holds(served: Served, client: OpenAI) -> None:
    folder = served.home.root / "receipts"
    told = client.chat.completions.create(model="tiny", messages=ASKED, **SEEDED)
    assert not folder.exists()
    wanted = client.with_options(default_headers={"x-privity-receipt": "true"})
    told = wanted.chat.completions.create(model="tiny", messages=ASKED, n=2, **SEEDED)
    streamed = list(wanted.chat.completions.create(model="tiny", messages=ASKED, stream=True, **SEEDED))
    names = {f"{told.id}-0", f"{told.id}-1", streamed[0].id}
    assert {path.name for path in folder.iterdir()} == {f"{name}.receipt.json" for name in names}
    for name in names:
        path = folder / f"{name}.receipt.json"
        assert path.stat().st_mode & 0o777 == 0o600
        file = receipt.decode_file(path.read_bytes())
        said = receipt.check_file(file)
        assert (said.model, said.reason, said.usage.completion) == ("tiny", "length", 12)
        assert json.loads(file.shown.request)["messages"] == ASKED


@contextmanager
def relay_of_others(served: Served, folder: Path, port: int, public: str) -> Iterator[None]:
    """A relay at `port` before the whole installation, through which everything goes; clients know it as `public`."""
    known = pins.read(pins.folder(served.home.root, served.url))
    assert known is not None
    read = f"http://localhost:{served.port + 3}"
    logs = [{"origin": one, "url": f"{read}/{one.rpartition('/')[2]}"} for one in (known.release, known.keys)]
    behind = {"service": served.url, "run": f"http://localhost:{served.port + 1}", "logs": logs}
    own = {"v": 1, "listen": {"host": "127.0.0.1", "port": port}, "public": public}
    (folder / "relay.json").write_text(json.dumps(own | behind))
    argv = [sys.executable, "-m", "privity_service.relay", "--config", str(folder / "relay.json")]
    with subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("READY ")
            yield
        finally:
            process.terminate()


def test_no_byte_that_leaves_the_proxy_holds_a_word_of_question_or_answer(served: Served, tmp_path: Path) -> None:
    """A recorder stands where the proxy reaches its relay, and there is no way past that."""
    word = f"canary{secrets.token_hex(8)}"
    port = free_row()
    with recorders(port) as (recorder,):
        relay = f"http://localhost:{recorder.port}"
        with (
            relay_of_others(served, tmp_path, port, relay),
            proxied(served, "--profile", "p0", "--relay", relay) as proxy,
            proxy.openai() as client,
        ):
            asked = [{"role": "user", "content": f"Say {word}."}]
            told = client.chat.completions.create(model="tiny", messages=asked, max_tokens=100, user=word)
            client.responses.create(model="tiny", input=word, instructions=word, metadata={"a": word})
            key = proxy.key.encode()
        seen = recorder.everything()
    answer = told.choices[0].message.content.encode()
    assert b"POST /ec1/run" in seen
    assert b"GET /v1/bulletin" in seen
    assert len(answer) > 48
    pieces = [answer[at : at + 24] for at in range(0, len(answer) - 24, 24)]
    assert [one for one in (word.encode(), word.encode().hex().encode(), key, *pieces) if one in seen] == []


@pytest.mark.skipif(not may_capture(), reason="packet capture on loopback needs root")
def test_no_packet_but_the_programs_own_holds_a_word(proxy: Proxied, client: OpenAI) -> None:
    word = f"canary{secrets.token_hex(8)}".encode()
    with capturing() as capture:
        asked = [{"role": "user", "content": f"Say {word.decode()}."}]
        client.chat.completions.create(model="tiny", messages=asked, **SEEDED)
    port = proxy.port.to_bytes(2, "big")

    def own(packet: bytes) -> bool:
        return any(port in packet[at : at + 4] for at in (34, 54))  # ports behind the heads of IPv4 and IPv6

    assert any(word in packet for packet in capture.packets if own(packet))
    assert any(b"EC1\x02" in packet for packet in capture.packets)
    assert not any(word in packet for packet in capture.packets if not own(packet))


@dataclass
class Recorded:
    """The nodes that `source` finds, asked at another origin."""

    source: Discovery
    origin: str

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        return [replace(node, origin=self.origin) for node in await self.source.nodes(model, refresh=refresh)]

    async def contradicted(self, node: VerifiedNode) -> None:
        await self.source.contradicted(node)


def test_a_release_that_is_revoked_in_mid_life_stops_everything(served: Served) -> None:
    """The last test here: afterwards the installation has no release. The proxy's clock is moved, and nothing else."""
    ahead = [0]

    def clock() -> int:
        return unix_time() + ahead[0]

    async def scenario() -> None:
        consent = AllowSimulated((read_root(served.home.root_certificate),))
        async with fetch.new_client(served.url) as http:
            trust = await reach(http, served.url, served.home.root)
            appraiser = LocalAppraiser(trust.pin.deploy, consent)
            found = Discovery(http, served.url, appraiser, clock=clock, entropy=secrets.token_bytes, trust=trust)
            with recorders(served.port + 1) as (relay,):
                nodes = VerifiedNodes(Recorded(found, f"http://localhost:{relay.port}"))
                await nodes.nodes("", refresh=False)
                asking = Asking(Channel(http, nodes, clock=clock), "p0", lambda: trust.seen)
                async with proxy_stand.listening(nodes, asking, clock=clock) as port:
                    address, key = f"http://127.0.0.1:{port}/v1", proxy_stand.KEY.text
                    async with AsyncOpenAI(base_url=address, api_key=key, max_retries=0) as client:
                        await client.chat.completions.create(model="tiny", messages=ASKED, **SEEDED)
                        with ExitStack() as stack:
                            rogue = await asyncio.to_thread(stack.enter_context, served.rogue())
                            await asyncio.to_thread(revoke, rogue)
                            ahead[0] = 1900
                            sent = relay.everything()
                            with pytest.raises(InternalServerError) as refused:
                                await client.chat.completions.create(model="tiny", messages=ASKED, **SEEDED)
                            assert relay.everything() == sent
        assert refused.value.status_code == 503
        assert "Nothing was sent" in refused.value.message
        assert "release_revoked" in refused.value.message

    asyncio.run(scenario())


def revoke(rogue: Rogue) -> None:
    """Post the node on after its release was revoked."""
    honest = rogue.posted()
    rogue.revoke(honest.document.rel)
    rogue.post(honest, release_proof=rogue.proof_of(rogue.index_of(honest.document.rel)))
