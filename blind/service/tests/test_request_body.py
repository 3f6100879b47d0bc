"""The body reader alone: any split gives the same bytes, and each bound its refusal."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_protocol.admission import OuterError
from privity_service import request_body
from privity_service.asgi import Message, Scope
from privity_service.request_body import ClientGone, Refused, RequestBody, declared_length


def messages(parts: list[bytes], *, ends: bool = True) -> Callable[[], Awaitable[Message]]:
    """An ASGI receive function that delivers the parts, then the end or a disconnect."""
    waiting: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting.append({"type": "http.request", "body": b"", "more_body": False} if ends else {"type": "http.disconnect"})

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return receive


async def read(body: RequestBody, header: int) -> tuple[bytes, bytes]:
    """Header and whole body."""
    first = await body.header(header)
    return first, b"".join([part async for part in body.parts()])


@given(st.binary(min_size=16, max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_split_of_a_body_gives_the_same_bytes(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [data[start:end] for start, end in pairwise(places)]
    body = RequestBody(messages(parts), least=16, most=300)
    assert asyncio.run(read(body, 16)) == (data[:16], data)
    assert body.complete


@pytest.mark.parametrize(
    ("size", "error"), [(15, OuterError.MALFORMED), (0, OuterError.MALFORMED), (301, OuterError.TOO_LARGE)]
)
def test_a_body_outside_its_bounds_is_refused_and_the_reason_is_kept(size: int, error: OuterError) -> None:
    body = RequestBody(messages([bytes(size)]), least=16, most=300)
    with pytest.raises(Refused) as caught:
        asyncio.run(read(body, 16))
    assert caught.value.error is error
    assert body.failure is caught.value


@pytest.mark.parametrize("parts", [[], [bytes(10)], [bytes(20)]])
def test_a_client_that_leaves_is_noticed_and_kept_as_the_reason(parts: list[bytes]) -> None:
    body = RequestBody(messages(parts, ends=False), least=16, most=300)
    with pytest.raises(ClientGone):
        asyncio.run(read(body, 16))
    assert isinstance(body.failure, ClientGone)


def test_the_watch_begins_when_the_body_is_complete() -> None:
    async def scenario() -> None:
        body = RequestBody(messages([bytes(16)]), least=16, most=300)
        watch = asyncio.create_task(body.until_gone())
        await read(body, 16)
        with pytest.raises(ClientGone):
            await watch

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "values", [[b"1", b"1"], [b"-1"], [b"+1"], [b"1 "], [b""], [b"1" * 13], [b"0x10"], ["²".encode()]], ids=repr
)
def test_a_length_that_is_no_plain_number_is_refused(values: list[bytes]) -> None:
    scope: Scope = {"headers": [(b"content-length", value) for value in values]}
    with pytest.raises(Refused):
        declared_length(scope)
    assert declared_length({"headers": [(b"content-length", b"2432"), (b"host", b"x")]}) == 2432
    assert declared_length({"headers": []}) is None


def test_a_refused_body_is_taken_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    async def flood() -> Message:
        nonlocal taken
        taken += 65536
        return {"type": "http.request", "body": bytes(65536), "more_body": True}

    async def silence() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    asyncio.run(RequestBody(flood, least=1, most=1).discard())
    assert taken == request_body.DISCARD_BYTES
    monkeypatch.setattr(request_body, "DISCARD_SECONDS", 0.01)
    asyncio.run(RequestBody(silence, least=1, most=1).discard())
    asyncio.run(RequestBody(messages([], ends=False), least=1, most=1).discard())
