"""Receipts: only where one is asked for, checked before anything is told as complete, kept for their owner alone."""

import asyncio
import contextlib
import os
from pathlib import Path

import httpx
import pytest
from privity_client.openai_api.errors import ApiError
from privity_client.proxy.receipts import Heard
from privity_client.testing.fake_node import FakeNode, Script
from privity_client.testing.proxy_stand import asked, standing
from privity_protocol import canonical
from privity_protocol.lines import Done, Line, SignedReceipt, Text, encode_line

BEFORE = [Text("Hello "), Text("you\rthere.")]
NONE = SignedReceipt("{}", canonical.base64url_encode(bytes(64)))


def heard(*lines: Line) -> Heard:
    """An answer with these lines."""
    made = Heard()
    for line in lines:
        made.take(encode_line(line))
    return made


def test_what_is_signed_is_all_that_came_before() -> None:
    lines, signed, reason = heard(*BEFORE, NONE, Done("stop")).signed()
    assert lines == b"".join(encode_line(line) for line in BEFORE)
    assert (signed, reason) == (NONE, "stop")
    assert heard(NONE, Done("length")).signed() == (b"", NONE, "length")


@pytest.mark.parametrize("lines", [[], [Done("stop")], [*BEFORE, Done("stop")], [NONE], BEFORE])
def test_an_answer_without_a_receipt_has_none(lines: list[Line]) -> None:
    with pytest.raises(ApiError) as caught:
        heard(*lines).signed()
    assert (caught.value.status, caught.value.code) == (502, "receipt_refused")


def test_nobody_is_asked_for_a_receipt_unless_a_program_wants_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with standing(receipts=tmp_path) as stand:
            answer = await stand.chat()
            assert answer.status_code == 200
            assert "x-privity-receipt" not in answer.headers
            assert stand.node.runs[0].header.receipt is False
            assert os.listdir(tmp_path) == []

    asyncio.run(scenario())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_whose_receipt_does_not_hold_is_not_told_as_complete(tmp_path: Path, stream: bool) -> None:
    async def scenario() -> None:
        lines = [Text("Hello"), NONE, Done("stop")]
        async with standing(FakeNode(script=Script(lines=lines)), receipts=tmp_path) as stand:
            data = b""
            headers = {"x-privity-receipt": "true"}
            async with stand.http.stream(
                "POST", "/v1/chat/completions", json=asked(stream=stream), headers=headers
            ) as one:
                assert one.status_code == (200 if stream else 502)
                assert one.headers["x-privity-receipt"].startswith("chatcmpl_")
                with contextlib.suppress(httpx.RemoteProtocolError):
                    async for part in one.aiter_raw():
                        data += part
            assert b"receipt_refused" in data
            assert b"[DONE]" not in data
            assert b'"finish_reason":"stop"' not in data
            assert stand.node.runs[0].header.receipt is True
            assert os.listdir(tmp_path) == []

    asyncio.run(scenario())


def test_where_none_are_kept_one_that_is_wanted_is_refused() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            headers = {"x-privity-receipt": "true"}
            refused = await stand.http.post("/v1/chat/completions", json=asked(), headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "receipt_refused")
            assert stand.network.requests == []

    asyncio.run(scenario())
