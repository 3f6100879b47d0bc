"""Requests that cost tokens, against a node that speaks the real channel: how many, which, and after a refusal."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.commands import Complete, Event
from privity_client.errors import ClientError
from privity_client.fetch import new_client
from privity_client.openai_api.errors import of_failure
from privity_client.request import Request, chat_request
from privity_client.testing.fake_node import ORIGIN, FakeNetwork, FakeNode, FixedSource, Script
from privity_client.wallet.opening import host_of
from privity_client.wallet.purse import gone

Entropy = Callable[[int], bytes]
SPENT, EXPIRED, INVALID = (2, "spent"), (3, "expired"), (1, "invalid")


class Counted:
    """A purse of so many numbered tokens, which remembers what it was told."""

    def __init__(self, tokens: int) -> None:
        self.left = [number.to_bytes(8) for number in range(tokens)]
        self.given: dict[bytes, tuple[bytes, ...]] = {}
        self.told: list[str] = []

    async def request_id(self) -> bytes:
        return bytes(16)

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        held = self.given.get(rid, ())
        if len(held) + len(self.left) < count:
            raise gone(1_790_000_000)
        while len(held) < count:
            held += (self.left.pop(0),)
        self.given[rid] = held
        return held[:count]

    async def refused(self, rid: bytes) -> None:
        self.told.append("refused")
        self.given.pop(rid)

    async def ended(self, rid: bytes) -> None:
        self.told.append("ended")
        self.given.pop(rid)


class Bench:
    """One node that takes tokens, and a purse."""

    def __init__(self, entropy: Entropy, script: Script | None = None, *, price: int = 1, tokens: int = 9) -> None:
        self.node = FakeNode(script=script)
        self.purse = Counted(tokens)
        self.entropy = entropy
        self.source = FixedSource(replace(self.node.verified(), prices={"chat": price, "embed": 0}))

    def request(self, text: str = "hi") -> Request:
        messages = [{"role": "user", "content": text}]
        return chat_request(messages, model="demonstration", profile="p1", entropy=self.entropy)

    def ask(self, request: Request) -> list[Event]:
        return asyncio.run(self._ask(request))

    async def _ask(self, request: Request) -> list[Event]:
        async def sleep(_seconds: float) -> None: ...

        async with new_client(ORIGIN, FakeNetwork(self.node).transport()) as client:
            channel = Channel(
                client, self.source, clock=lambda: 1000, entropy=self.entropy, sleep=sleep, purse=self.purse
            )
            async with aclosing(channel.ask(request, Chain())) as events:
                return [event async for event in events]

    def sent(self) -> list[tuple[bytes, ...]]:
        return [run.header.tok for run in self.node.runs]


def test_a_request_carries_exactly_its_price(entropy: Entropy) -> None:
    for price in (0, 1, 3):
        bench = Bench(entropy, price=price)
        assert isinstance(bench.ask(bench.request())[-1], Complete)
        assert [len(tokens) for tokens in bench.sent()] == [price]
        assert bench.purse.told == (["ended"] if price else [])


def test_three_tries_cost_one_token(entropy: Entropy) -> None:
    bench = Bench(entropy, Script(run_statuses=[503, 400]))
    bench.ask(bench.request())
    assert bench.sent() == [(bytes(8),)]
    assert len(bench.purse.left) == 8


def test_a_lost_connection_is_resumed_without_tokens(entropy: Entropy) -> None:
    bench = Bench(entropy, Script(cuts=[0]))
    bench.ask(bench.request())
    assert [(run.header.op, run.header.tok) for run in bench.node.runs] == [("chat", (bytes(8),)), ("resume", ())]


@pytest.mark.parametrize("refusal", [SPENT, EXPIRED])
def test_refused_tokens_are_followed_by_others_once(entropy: Entropy, refusal: tuple[int, str]) -> None:
    bench = Bench(entropy, Script(inner=[refusal, None]))
    assert isinstance(bench.ask(bench.request())[-1], Complete)
    first, second = bench.node.runs
    assert first.header.rid == second.header.rid
    assert set(first.header.tok).isdisjoint(second.header.tok)
    assert bench.purse.told == ["refused", "ended"]


def test_after_two_refusals_the_person_reads_why_and_the_next_time_others_go(entropy: Entropy) -> None:
    bench = Bench(entropy, Script(inner=[SPENT, SPENT, None]))
    request = bench.request()
    with pytest.raises(ClientError, match="token_spent"):
        bench.ask(request)
    bench.ask(request)
    assert len(set(bench.sent())) == 3


def test_a_failure_of_the_node_keeps_the_tokens_for_the_same_request(entropy: Entropy) -> None:
    for failure in (INVALID, (6, "internal"), (5, "overloaded")):
        bench = Bench(entropy, Script(inner=[failure, None]))
        request = bench.request()
        with pytest.raises(ClientError):
            bench.ask(request)
        bench.ask(request)
        assert bench.sent()[0] == bench.sent()[1]


def test_programs_are_told_that_none_is_left() -> None:
    told = of_failure(gone(1_790_000_000))
    assert (told.status, told.code, told.type) == (429, "tokens_gone", "rate_limit_error")
    assert "2026-09-22 00:00 UTC" in told.message


def test_without_tokens_nothing_is_sent(entropy: Entropy) -> None:
    bench = Bench(entropy, tokens=0)
    with pytest.raises(ClientError) as caught:
        bench.ask(bench.request())
    assert caught.value.reason == "tokens_gone"
    assert caught.value.detail == "The next ones are there from 2026-09-22 00:00 UTC."
    assert bench.node.runs == []


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8080", "localhost:8080"),
        ("https://Privity.Example", "privity.example"),
        ("https://privity.example:443", "privity.example"),
        ("http://privity.example:443", "privity.example:443"),
        ("http://[::1]:81", "[::1]:81"),
    ],
)
def test_a_host_is_spelled_as_in_the_challenge_of_every_client(origin: str, host: str) -> None:
    assert host_of(origin) == host
