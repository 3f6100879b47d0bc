"""One request against a node that speaks the real channel: retries, resume, truncation, and what never changes."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.commands import Accepted, Complete, Event, Line, Restarted, Resuming, Retrying
from privity_client.errors import ClientError
from privity_client.fetch import new_client
from privity_client.request import Request, chat_request
from privity_client.testing.fake_node import ORIGIN, FakeNetwork, FakeNode, FixedSource, Script
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.lines import Done, Text

Entropy = Callable[[int], bytes]


class Bench:
    """A channel to fake nodes, with a clock that tests move and pauses that take no time."""

    def __init__(self, entropy: Entropy, *nodes: FakeNode) -> None:
        self.network = FakeNetwork(*nodes)
        self.source = FixedSource(*(node.verified() for node in nodes))
        self.now = 1000
        self.pauses: list[float] = []
        self.chain = Chain()
        self.entropy = entropy
        self.events: list[Event] = []

    def request(self, text: str = "hi", **options: bool) -> Request:
        messages = [{"role": "user", "content": text}]
        return chat_request(messages, model="demonstration", profile="p1", entropy=self.entropy, **options)

    def ask(self, request: Request, *, restart: bool = False) -> list[Event]:
        self.events = []
        asyncio.run(self._ask(request, restart))
        return self.events

    async def _ask(self, request: Request, restart: bool) -> None:
        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        async with new_client(ORIGIN, self.network.transport()) as client:
            channel = Channel(client, self.source, clock=lambda: self.now, entropy=self.entropy, sleep=sleep)
            async with aclosing(channel.ask(request, self.chain, restart=restart)) as events:
                async for event in events:
                    self.events.append(event)

    def text(self) -> str:
        return "".join(event.value.d for event in self.events if isinstance(event, Line) and type(event.value) is Text)

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]


def test_a_question_is_answered_and_complete(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode())
    bench.ask(bench.request())
    assert bench.text() == "Hello you."
    assert bench.kinds()[0] is Accepted
    assert bench.kinds()[-1] is Complete


def test_the_next_question_uses_the_next_handle_and_no_hello(entropy: Entropy) -> None:
    node = FakeNode()
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    bench.ask(bench.request("again"))
    assert len(node.hellos) == 1
    assert len(node.runs) == 2


def test_an_expired_handle_is_not_used(entropy: Entropy) -> None:
    node = FakeNode()
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    bench.now += 600
    bench.ask(bench.request("again"))
    assert len(node.hellos) == 2


def test_a_chain_ends_after_an_hour_and_after_32_runs(entropy: Entropy) -> None:
    node = FakeNode(exp=100_000)
    bench = Bench(entropy, node)
    for _turn in range(33):
        bench.ask(bench.request())
    assert len(node.hellos) == 2
    for _turn in range(7):
        bench.now += 590
        bench.ask(bench.request())
    assert len(node.hellos) == 3


def test_a_chain_ends_with_the_node_key(entropy: Entropy) -> None:
    node = FakeNode(exp=1100)
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    bench.now = 1096
    bench.ask(bench.request())
    assert len(node.hellos) == 2


@pytest.mark.parametrize("status", [400, 404, 410, 429, 503, 500])
def test_a_retry_is_the_same_request_in_the_same_size(entropy: Entropy, status: int) -> None:
    node = FakeNode(script=Script(run_statuses=[status, status]))
    bench = Bench(entropy, node)
    request = bench.request("x" * 50_000)
    bench.ask(request)
    assert node.runs[0].body == request.body
    sent = [len(item.content) for item in bench.network.requests if item.url.path == "/ec1/run"]
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert node.runs[0].header.rid == request.rid
    assert node.runs[0].header.prof == "p1"
    assert bench.kinds().count(Retrying) == 2
    assert all(pause > 0 for pause in bench.pauses)


def test_every_try_keeps_suite_and_document(entropy: Entropy) -> None:
    node = FakeNode(script=Script(hello_statuses=[400, 400]))
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    assert len(node.hellos) == 3
    assert {hello[:16] for hello in node.hellos} == {node.hellos[0][:16]}
    assert len({hello[16:] for hello in node.hellos}) == 3


def test_after_three_tries_the_reason_is_told(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(run_statuses=[503] * 9)))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == "busy"
    assert len([item for item in bench.network.requests if item.url.path == "/ec1/run"]) == 3


def test_too_large_is_final(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(run_statuses=[413] * 9)))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == "too_large"
    assert len([item for item in bench.network.requests if item.url.path == "/ec1/run"]) == 1


def test_a_node_that_is_gone_is_left_for_another(entropy: Entropy) -> None:
    first, second = FakeNode("a"), FakeNode("b")
    bench = Bench(entropy, first, second)
    bench.network.down = {first.digest}
    for _turn in range(8):
        bench.chain.drop()
        bench.ask(bench.request())
    assert len(second.runs) == 8
    assert bench.source.refreshed > 0


def test_a_restarted_node_gets_a_new_hello(entropy: Entropy) -> None:
    node = FakeNode()
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    node.forget_sessions()
    bench.ask(bench.request())
    assert len(node.hellos) == 2
    assert bench.text() == "Hello you."


LONG = Script(lines=[*(Text("word " * 40) for _ in range(20)), Done("stop")])


@pytest.mark.parametrize("cut", range(8))
def test_a_cut_answer_is_resumed_where_it_stopped(entropy: Entropy, cut: int) -> None:
    node = FakeNode(script=Script(lines=LONG.lines, cuts=[cut]))
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    assert bench.text() == "word " * 800
    assert bench.kinds()[-1] is Complete
    assert node.runs[1].header.op == "resume"
    assert node.runs[1].header.from_ == cut * 493
    assert node.runs[1].header.rid == node.runs[0].header.rid
    assert bench.kinds().count(Resuming) == 1


def test_a_cut_answer_is_never_complete_without_resume(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(lines=LONG.lines, cuts=[3])))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request(resume=False))
    assert caught.value.reason == "answer_cut"
    assert Complete not in bench.kinds()


def test_cut_every_time_is_never_complete(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(lines=LONG.lines, cuts=[1] * 99)))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request(), restart=True)
    assert caught.value.reason == "answer_cut"
    assert Complete not in bench.kinds()


def test_cut_after_the_end_mark_is_complete_but_the_chain_is_dropped(entropy: Entropy) -> None:
    node = FakeNode(script=Script(cuts=[1]))
    bench = Bench(entropy, node)
    bench.ask(bench.request())
    assert bench.kinds()[-1] is Complete
    bench.ask(bench.request())
    assert len(node.hellos) == 2


def test_a_resumed_answer_goes_to_the_node_that_holds_it(entropy: Entropy) -> None:
    for _time in range(4):
        nodes = [FakeNode(name, Script(lines=LONG.lines, cuts=[2])) for name in "abcdef"]
        bench = Bench(entropy, *nodes)
        bench.ask(bench.request())
        (used,) = [node for node in nodes if node.runs]
        assert [run.header.op for run in used.runs] == ["chat", "resume"]


def test_an_answer_that_is_gone_begins_anew_with_the_same_id(entropy: Entropy) -> None:
    node = FakeNode(script=Script(lines=LONG.lines, cuts=[2], inner=[None, (10, "gone")]))
    bench = Bench(entropy, node)
    bench.ask(bench.request(), restart=True)
    after = bench.events[bench.kinds().index(Restarted) :]
    assert "".join(e.value.d for e in after if isinstance(e, Line) and type(e.value) is Text) == "word " * 800
    assert [run.header.op for run in node.runs] == ["chat", "resume", "chat"]
    assert len({run.header.rid for run in node.runs}) == 1


def test_an_answer_that_is_gone_is_told_where_a_pipe_cannot_take_back(entropy: Entropy) -> None:
    node = FakeNode(script=Script(lines=LONG.lines, cuts=[2], inner=[None, (10, "gone")]))
    bench = Bench(entropy, node)
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == "answer_gone"


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1, "token_invalid"), (4, "policy"), (5, "busy"), (6, "internal"), (7, "model_unavailable"), (9, "bad_request")],
)
def test_inner_errors_have_words(entropy: Entropy, code: int, reason: str) -> None:
    bench = Bench(entropy, FakeNode(script=Script(inner=[(code, "why")])))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == reason
    assert caught.value.detail == "why"


def test_a_node_that_saw_another_history_is_remembered(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(inner=[(8, "two histories")])))
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == "view_conflict"
    assert bench.source.contradictions == bench.source.listed


def test_the_same_request_can_be_sent_again_after_a_failure(entropy: Entropy) -> None:
    node = FakeNode(script=Script(inner=[(7, "restarting")]))
    bench = Bench(entropy, node)
    request = bench.request()
    with pytest.raises(ClientError):
        bench.ask(request)
    bench.ask(request)
    assert len({run.header.rid for run in node.runs}) == 1
    assert bench.text() == "Hello you."


def test_a_forged_hello_answer_ends_the_try(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(tamper_hello=True)))
    with pytest.raises(NotAuthentic):
        bench.ask(bench.request())
    assert not [item for item in bench.network.requests if item.url.path == "/ec1/run"]


def test_a_forged_record_ends_the_answer(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode(script=Script(lines=LONG.lines, tamper_record=2)))
    with pytest.raises(NotAuthentic):
        bench.ask(bench.request())
    assert Complete not in bench.kinds()


@pytest.mark.parametrize("op", ["chat", "embed", "models"])
def test_an_answer_without_done_line_is_not_complete(entropy: Entropy, op: str) -> None:
    bench = Bench(entropy, FakeNode(script=Script(lines=[Text("half")])))
    with pytest.raises(Malformed):
        bench.ask(replace(bench.request(), op=op))
    assert Complete not in bench.kinds()


@pytest.mark.parametrize("chunk", [1, 7, 512, 4096])
def test_any_split_gives_the_same_text(entropy: Entropy, chunk: int) -> None:
    bench = Bench(entropy, FakeNode(script=Script(lines=LONG.lines, chunk=chunk)))
    bench.ask(bench.request())
    assert bench.text() == "word " * 800


def test_stopping_reaches_the_node_that_answers(entropy: Entropy) -> None:
    nodes = [FakeNode(name) for name in "abcd"]
    bench = Bench(entropy, *nodes)
    request = bench.request()

    async def go() -> None:
        async with new_client(ORIGIN, bench.network.transport()) as client:
            channel = Channel(client, bench.source, clock=lambda: bench.now, entropy=entropy)
            await channel.stop(request, nodes[2].verified())

    asyncio.run(go())
    assert [run.header.op for run in nodes[2].runs] == ["stop"]
    assert nodes[2].runs[0].header.rid == request.rid


def test_requests_carry_nothing_that_identifies(entropy: Entropy) -> None:
    bench = Bench(entropy, FakeNode())
    bench.ask(bench.request())
    for request in bench.network.requests:
        assert "cookie" not in request.headers
        assert "authorization" not in request.headers
        assert request.headers["content-type"] == "application/vnd.privity.ec1"
