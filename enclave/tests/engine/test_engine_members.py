"""The real engine and what an answer has beside its words: log probabilities, biases, vectors."""

import asyncio
import struct
from pathlib import Path

import pytest
from engine_fakes import CONTEXT, answer, error_of, everything, running, usage_of, words
from privity_enclave.engine.interface import EngineRequest
from privity_protocol.canonical import base64url_decode
from privity_protocol.chat import EmbedRequest
from privity_protocol.lines import Done, Embedding, Logprobs, Usage

pytestmark = pytest.mark.system


def test_log_probabilities_are_those_of_the_text(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            events = await answer(engine, 1, max_tokens=12, logprobs=True, top_logprobs=3)
            told = [event for event in events if isinstance(event, Logprobs)]
            chosen = b"".join(base64url_decode(one.bytes[0]) or b"" for one in told)
            assert chosen.decode("utf-8", "replace").startswith(words(events).rstrip("\ufffd"))
            assert {tuple(one.top) for one in told} == {(3,)}
            # At temperature 0 the chosen token is the most likely one.
            assert all(one.surprisal[0] == min(one.surprisal) for one in told)
            alone = [event for event in await answer(engine, 1, logprobs=True) if isinstance(event, Logprobs)]
            assert {(len(one.bytes), *one.top) for one in alone} == {(2, 1)}
            assert not any(isinstance(event, Logprobs) for event in await answer(engine, 1, logprobs=False))

    asyncio.run(go())


def test_a_bias_moves_the_choice(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            plain = words(await answer(engine, 1, max_tokens=8))
            (token,) = {number for number in range(3, 259) if chr(number - 3) == "q"}
            biased = words(await answer(engine, 1, max_tokens=8, logit_bias={str(token): 100}))
            assert plain != biased
            assert len(set(biased)) == 1

    asyncio.run(go())


def vectors_of(events) -> list[tuple[float, ...]]:
    raw = [base64url_decode(event.d) or b"" for event in events if isinstance(event, Embedding)]
    return [struct.unpack(f"<{len(data) // 4}f", data) for data in raw]


def test_a_model_whose_weights_pool_gives_vectors(embedding_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(embedding_model, tmp_path) as engine:

            async def embedded(owner: int, *texts: str):
                return await everything(engine.chat(EngineRequest(bytes([owner]) * 32, EmbedRequest("m", [*texts]))))

            events = await embedded(1, "the sky", "a stone")
            first, second = vectors_of(events)
            assert events[-2:] == [Usage(14, 0, 0), Done("stop")]
            assert [len(first), len(second)] == [128, 128]
            assert sum(number**2 for number in first) == pytest.approx(1, abs=1e-3)
            assert vectors_of(await embedded(2, "a stone", "the sky")) == [
                pytest.approx(second, abs=1e-3), pytest.approx(first, abs=1e-3)
            ]  # fmt: skip
            # The engine picks the slot of a text by itself: no chat may find what lies in a slot for its own.
            for _ in range(2):
                assert usage_of(await answer(engine, 1, "x" * 300)).cached == 0
            _, error = await error_of(engine.chat(EngineRequest(b"1" * 32, EmbedRequest("m", ["x" * CONTEXT * 2]))))
            assert error.code == "context_overflow"

    asyncio.run(go())


def test_a_model_that_does_not_pool_is_not_asked_for_vectors(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            _, error = await error_of(engine.chat(EngineRequest(b"1" * 32, EmbedRequest("m", ["the sky"]))))
            assert (error.code, error.field) == ("bad_request", "model")

    asyncio.run(go())
