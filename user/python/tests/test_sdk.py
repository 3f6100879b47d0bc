"""The SDK before a node that speaks EC1 with the real protocol code: answers, timeouts, threads, forks, endings."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import privity_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AsyncOpenAI,
    BadRequestError,
    InternalServerError,
    OpenAI,
)
from privity_client.channel import Channel
from privity_client.client.async_client import AsyncClient
from privity_client.client.failures import Closed, RequestRefused, TimedOut
from privity_client.client.link import Link, Opening
from privity_client.client.progress import Finished, Progress, Sending, Streaming, Verifying, Waiting
from privity_client.client.request import Assistant, Chat, Schema, System, Tool, ToolCall, ToolResult, User
from privity_client.client.transport import AsyncTransport, Transport
from privity_client.client.waiting_client import Client
from privity_client.errors import ClientError
from privity_client.proxy.asking import Asking
from privity_client.proxy.verified import VerifiedNodes
from privity_client.testing.fake_node import FakeNetwork, FakeNode, FixedSource, Script
from privity_client.testing.proxy_stand import FACTS, MODEL
from privity_protocol import lines
from privity_protocol.lines import Done, Text, Usage

ASKED = Chat([User("Hello")])
SAID: list = [{"role": "user", "content": "Hello"}]


def opening(node: FakeNode, network: FakeNetwork | None = None) -> Opening:
    """A link to one node, whose clock stands still."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Link]:
        async with httpx.AsyncClient(transport=(network or FakeNetwork(node)).transport()) as http:
            nodes = VerifiedNodes(FixedSource(node.verified()))
            asking = Asking(
                Channel(http, nodes, clock=lambda: 1000, sleep=lambda _: asyncio.sleep(0)), "p1", lambda: ()
            )
            yield Link(nodes, asking, FACTS, lambda: 1000)
            await asking.close()

    return opened


class Silent(FakeNetwork):
    """A network in which a RUN is taken and never answered; other messages pass."""

    def __init__(self, *nodes: FakeNode) -> None:
        super().__init__(*nodes)
        self.taken = threading.Event()

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/ec1/run":
            self.taken.set()
            await asyncio.Event().wait()
        return await super()._handle(request)


def threads() -> set[str]:
    """The names of the SDK's threads that live."""
    return {one.name for one in threading.enumerate() if one.name == "privity"}


def test_a_whole_answer_and_its_progress() -> None:
    node, seen = FakeNode(), list[Progress]()
    with Client("https://server.test", opening=opening(node), progress=seen.append) as client:
        answer = client.chat(ASKED)
    assert (answer.text, answer.reason) == ("Hello you.", "stop")
    assert answer.usage == Usage(5, 0, 2)
    assert answer.node.digest == node.digest
    assert [type(one) for one in seen] == [Sending, Waiting, Streaming, Finished]
    assert threads() == set()


def test_pieces_come_one_by_one_and_the_end_is_what_counts() -> None:
    with Client("https://server.test", opening=opening(FakeNode())) as client, client.stream(ASKED) as stream:
        pieces = [piece for piece in stream if isinstance(piece, Text)]
        assert [piece.d for piece in pieces] == ["Hello ", "you."]
        assert stream.complete
        assert stream.answer.text == "Hello you."


def test_an_answer_that_was_left_is_not_complete_and_the_node_is_told() -> None:
    node = FakeNode()
    with Client("https://server.test", opening=opening(node)) as client:
        with client.stream(ASKED) as stream:
            next(iter(stream))
        with pytest.raises(ClientError, match="answer_cut"):
            _ = stream.answer
    assert [run.header.op for run in node.runs] == ["chat", "stop"]


def test_a_conversation_remembers_what_was_complete_and_goes_on_in_one_chain() -> None:
    node = FakeNode()
    with Client("https://server.test", opening=opening(node)) as client:
        talk = client.conversation("Be brief.")
        talk.ask("Hello")
        with talk.stream("Left") as stream:
            next(iter(stream))
        assert talk.messages == [System("Be brief."), User("Hello"), Assistant("Hello you.")]
        talk.ask("Again")
    assert len(talk.messages) == 5
    assert len([run for run in node.runs if run.header.op == "chat"]) == 3


def test_tools_schema_and_images_become_members_of_the_request() -> None:
    node = FakeNode(
        script=Script([lines.Tool(0, "call_1", "look", '{"at":'), lines.Tool(0, "", "", "1}"), Done("tool_calls")])
    )
    tool = Tool("look", "Looks", {"type": "object"})
    said = [
        User("See", [b"\x89PNG\r\n\x1a\n123"]),
        Assistant("", [ToolCall("c", "look", "{}")]),
        ToolResult("c", "door"),
    ]
    asked = Chat(said, max_tokens=9, seed=3, stop=["x"], tools=[tool], schema=Schema("s", {"type": "object"}))
    with Client("https://server.test", opening=opening(node)) as client:
        answer = client.chat(asked)
    assert answer.tool_calls == (ToolCall("call_1", "look", '{"at":1}'),)
    body = node.runs[0].body
    for part in (
        b'"max_completion_tokens":9',
        b'"seed":3',
        b'"json_schema"',
        b"data:image/png;base64,",
        b'"tool_call_id"',
    ):
        assert part in body


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        (Chat([]), "messages"),
        (Chat([User("Hello")], temperature=9), "temperature"),
        (Chat([User("Hello")], temperature=float("nan")), None),
        (Chat([User("Hello", [b"GIF89a"])]), "messages"),
        (Chat([User("\ud800")]), None),
    ],
)
def test_a_request_that_cannot_be_honoured_is_refused_before_anything_is_sent(asked: Chat, param: str | None) -> None:
    node = FakeNode()
    with Client("https://server.test", opening=opening(node)) as client:
        with pytest.raises(privity_error()) as caught:
            client.chat(asked)
        if isinstance(caught.value, RequestRefused):
            assert caught.value.param == param
    assert node.runs == []


def privity_error() -> type[Exception]:
    from privity_protocol.errors import PrivityError

    return PrivityError


def test_time_that_is_over_is_said_and_ends_the_request() -> None:
    node = FakeNode()
    with (
        Client("https://server.test", opening=opening(node, Silent(node))) as client,
        pytest.raises(TimedOut) as caught,
    ):
        client.chat(ASKED, seconds=0.01)
    assert caught.value.reason == "timed_out"


def test_cancelling_a_task_ends_its_request() -> None:
    async def scenario() -> None:
        node = FakeNode()
        network = Silent(node)
        async with AsyncClient("https://server.test", opening=opening(node, network)) as client:
            task = asyncio.ensure_future(client.chat(ASKED))
            await asyncio.to_thread(network.taken.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(scenario())


def test_many_threads_use_one_client_and_each_has_its_own_answer() -> None:
    node = FakeNode()
    with Client("https://server.test", opening=opening(node)) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: client.chat(Chat([User(f"{at}")])), range(32)))
        assert threads() == {"privity"}
    assert {answer.text for answer in answers} == {"Hello you."}
    assert len({run.header.rid for run in node.runs}) == 32
    assert threads() == set()


@pytest.mark.parametrize("use", [lambda c: c.chat(ASKED), lambda c: c.nodes(), lambda c: c.embed(["a"], MODEL)])
def test_a_client_that_is_not_open_sends_nothing(use: Callable[[Client], object]) -> None:
    client = Client("https://server.test", opening=opening(FakeNode()))
    with pytest.raises(Closed):
        use(client)
    with client:
        pass
    with pytest.raises(Closed):
        use(client)
    assert threads() == set()


def in_a_fork(work: Callable[[], None]) -> bool:
    """Say whether `work` raised Closed in a process that was forked from this one."""
    import warnings

    with warnings.catch_warnings():
        # Newer versions of Python warn of what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            work()
        except Closed:
            os._exit(7)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_forked_process_does_not_use_the_sessions_of_the_other() -> None:
    node = FakeNode()
    with Client("https://server.test", opening=opening(node)) as client:
        assert in_a_fork(lambda: (client.close(), client.chat(ASKED))[0])
        assert client.chat(ASKED).text == "Hello you."
    with httpx.Client(transport=Transport(opening(node))) as http:
        assert http.get("http://any.test/v1/models").status_code == 200
        assert in_a_fork(lambda: (http.get("http://any.test/v1/models"), None)[1])


def test_another_event_loop_does_not_use_the_client() -> None:
    async def opened() -> AsyncClient:
        return await AsyncClient("https://server.test", opening=opening(FakeNode())).__aenter__()

    client = asyncio.run(opened())
    with pytest.raises(Closed):
        asyncio.run(client.nodes())


def test_the_openai_package_needs_no_proxy() -> None:
    node = FakeNode()
    with httpx.Client(transport=Transport(opening(node))) as http:
        program = OpenAI(api_key="none", http_client=http, max_retries=0)
        whole = program.chat.completions.create(model=MODEL, messages=SAID)
        assert whole.choices[0].message.content == "Hello you."
        parts = program.chat.completions.create(model=MODEL, messages=SAID, stream=True)
        assert "".join(part.choices[0].delta.content or "" for part in parts) == "Hello you."
        with program.chat.completions.create(model=MODEL, messages=SAID, stream=True) as left:
            next(iter(left))
        assert [model.id for model in program.models.list()] == [MODEL]
        assert program.responses.create(model=MODEL, input="Hello").output_text == "Hello you."
        with pytest.raises(BadRequestError) as caught:
            program.chat.completions.create(model=MODEL, messages=SAID, extra_body={"invented": 1})
        assert caught.value.param == "invented"
        with ThreadPoolExecutor(8) as pool:
            ask = lambda _: program.chat.completions.create(model=MODEL, messages=SAID).choices[0].message.content  # noqa: E731
            assert set(pool.map(ask, range(24))) == {"Hello you."}
    assert threads() == set()


def test_the_openai_packages_other_client_and_its_cancellation() -> None:
    async def scenario() -> None:
        node = FakeNode()
        network = Silent(node)
        async with httpx.AsyncClient(transport=AsyncTransport(opening(node))) as http:
            program = AsyncOpenAI(api_key="none", http_client=http, max_retries=0)
            parts = await program.chat.completions.create(model=MODEL, messages=SAID, stream=True)
            assert "".join([part.choices[0].delta.content or "" async for part in parts]) == "Hello you."
        async with httpx.AsyncClient(transport=AsyncTransport(opening(node, network))) as http:
            program = AsyncOpenAI(api_key="none", http_client=http, max_retries=0)
            task = asyncio.ensure_future(program.chat.completions.create(model=MODEL, messages=SAID))
            await asyncio.to_thread(network.taken.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(APITimeoutError):
                await program.chat.completions.create(model=MODEL, messages=SAID, timeout=0.01)

    asyncio.run(scenario())


def test_a_cut_answer_is_never_taken_for_a_whole_one() -> None:
    # A record that is not authentic comes after the first words.
    many = [Text("word " * 100) for _ in range(20)]
    node = FakeNode(script=Script([*many, Done("stop")], tamper_record=8))
    with httpx.Client(transport=Transport(opening(node))) as http:
        program = OpenAI(api_key="none", http_client=http, max_retries=0)
        parts = program.chat.completions.create(model=MODEL, messages=SAID, stream=True)
        with pytest.raises(APIError):
            for _ in parts:
                pass
        asked = {"model": MODEL, "messages": SAID, "stream": True}
        with pytest.raises(httpx.RemoteProtocolError):
            http.post("https://any.test/v1/chat/completions", json=asked)


def test_refused_evidence_is_an_answer_of_the_api_and_nothing_is_sent() -> None:
    node = FakeNode()

    @asynccontextmanager
    async def refused() -> AsyncIterator[Link]:
        raise ClientError("simulated_not_allowed")
        yield  # pragma: no cover

    with httpx.Client(transport=Transport(refused)) as http:
        program = OpenAI(api_key="none", http_client=http, max_retries=0)
        with pytest.raises(InternalServerError) as caught:
            program.chat.completions.create(model=MODEL, messages=SAID)
        assert (caught.value.status_code, caught.value.code) == (503, "simulated_not_allowed")
    with pytest.raises((APIConnectionError, RuntimeError)):
        program.models.list()
    assert node.runs == []
    assert threads() == set()


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=12), st.integers(1, 900))
def test_whatever_the_pieces_the_text_is_the_same(said: list[str], size: int) -> None:
    node = FakeNode(script=Script([*(Text(one) for one in said), Done("stop")], chunk=size))

    async def scenario() -> None:
        async with AsyncClient("https://server.test", opening=opening(node)) as client:
            assert (await client.chat(ASKED)).text == "".join(said)
        async with httpx.AsyncClient(transport=AsyncTransport(opening(node))) as http:
            program = AsyncOpenAI(api_key="none", http_client=http, max_retries=0)
            parts = await program.chat.completions.create(model=MODEL, messages=SAID, stream=True)
            assert "".join([part.choices[0].delta.content or "" async for part in parts]) == "".join(said)

    asyncio.run(scenario())


def test_the_names_of_the_package_are_there_and_no_others() -> None:
    for name in privity_client._WHERE:
        assert getattr(privity_client, name) is not None
    with contextlib.suppress(AttributeError):
        _ = privity_client.invented
        pytest.fail("a name that nobody made")
    assert Verifying(1, 2).of == 2
