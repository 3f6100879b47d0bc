"""The body that engines get: built anew, within the profile, with isolation that is ours alone."""

import json

import pytest
from engine_fakes import chat
from privity_enclave.engine import request
from privity_enclave.engine.interface import EngineError, EngineRequest
from privity_enclave.engine.isolation import Isolation
from privity_enclave.engine.profiles import PROFILES
from privity_enclave.engine.slots import Lease
from privity_protocol.chat import ChatRequest, decode_chat
from privity_protocol.errors import Malformed

LOCAL = PROFILES["xllamacpp"]
EVERYTHING = ChatRequest(
    "whatever the client says",
    [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello", "name": "Ada"},
    ],
    {
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.1,
        "presence_penalty": 0.1,
        "frequency_penalty": -0.1,
        "seed": 7,
        "stop": ["END"],
        "tools": [{"type": "function", "function": {"name": "bare"}}],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {}, "strict": True}},
        "reasoning_effort": "low",
        "logprobs": True,
        "top_logprobs": 3,
    },
)


def built(asked: ChatRequest, profile: str = "vllm", **isolation: object) -> dict:
    body: dict = json.loads(
        request.body(asked, PROFILES[profile], model="m", context=2048, isolation=isolation or {"cache_salt": "s"})
    )
    return body


def refused(asked: ChatRequest, profile: str) -> str | None:
    with pytest.raises(EngineError) as caught:
        built(asked, profile)
    assert caught.value.code == "bad_request"
    return caught.value.field


def test_every_member_arrives_in_the_words_of_the_protocol() -> None:
    ours = {"model": "m", "stream": True, "stream_options": {"include_usage": True}, "cache_salt": "s"}
    assert built(EVERYTHING) == EVERYTHING.options | {"messages": EVERYTHING.messages} | ours


def test_what_the_client_leaves_open_stays_open() -> None:
    plain = ChatRequest("m", [{"role": "user", "content": "hi"}], {"stop": [], "tools": []})
    assert set(built(plain)) == {"model", "stream", "stream_options", "messages", "cache_salt"}


def test_max_tokens_is_capped_by_the_context() -> None:
    assert built(chat(max_tokens=10**6))["max_tokens"] == 2048


def test_a_member_outside_the_profile_is_refused_by_name() -> None:
    assert refused(chat(reasoning_effort="low"), "xllamacpp") == "reasoning_effort"
    assert refused(chat(min_p=0.1, top_k=3), "ollama") == "min_p"


def test_images_go_to_engines_that_may_see_and_are_refused_by_name_elsewhere() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
    seen = ChatRequest("m", [{"role": "user", "content": parts}])
    assert built(seen)["messages"] == [{"role": "user", "content": parts}]
    assert {refused(seen, name) for name in ("xllamacpp", "ollama")} == {"image_url"}


@pytest.mark.parametrize("name", ["tools", "response_format"])
def test_what_engines_compile_is_bounded(name: str) -> None:
    large = {"type": "object", "description": "x" * request.MAX_SCHEMA}
    members = {
        "tools": [{"type": "function", "function": {"name": "look", "parameters": large}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": large}},
    }
    assert refused(chat(**{name: members[name]}), "vllm") == name


@pytest.mark.parametrize(
    "name",
    [
        "cache_salt",
        "priority",
        "prompt_logprobs",
        "echo",
        "grammar",
        "lora",
        "id_slot",
        "cache_prompt",
        "extra_args",
        "chat_template",
        "chat_template_kwargs",
        "mm_processor_kwargs",
    ],
)
def test_members_that_reach_into_an_engine_cannot_be_said(name: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], name: 1}
    with pytest.raises(Malformed, match=name):
        decode_chat(json.dumps(body).encode())
    assert all(name not in profile.fields for profile in PROFILES.values())


def test_slots_are_named_and_reused_as_the_lease_says() -> None:
    isolation = Isolation(LOCAL)
    assert isolation.fields(b"a" * 32, Lease(3, reuse=True)) == {"id_slot": 3, "cache_prompt": True}
    assert isolation.fields(b"a" * 32, Lease(0, reuse=False)) == {"id_slot": 0, "cache_prompt": False}


def test_nothing_is_reused_in_an_engine_that_embeds() -> None:
    isolation = Isolation(LOCAL)
    isolation.embeds = True
    assert isolation.fields(b"a" * 32, Lease(3, reuse=True)) == {"id_slot": 3, "cache_prompt": False}


@pytest.mark.parametrize("profile", ["vllm", "sglang"])
def test_a_salt_is_64_hex_digits_of_one_owner_and_one_boot(profile: str) -> None:
    isolation, lease = Isolation(PROFILES[profile]), Lease(0, reuse=True)

    def salt(owner: bytes, of: Isolation = isolation) -> str:
        found = of.fields(owner, lease)
        assert list(found) == ["cache_salt"]
        return str(found["cache_salt"])

    first = salt(b"a" * 32)
    assert len(first) == 64
    assert bytes.fromhex(first).hex() == first
    assert salt(b"a" * 32) == first
    assert salt(b"b" * 32) != first
    assert salt(b"a" * 32, Isolation(PROFILES[profile])) != first
    assert first != (b"a" * 32).hex()


def test_an_owner_has_32_bytes() -> None:
    with pytest.raises(AssertionError):
        EngineRequest(b"short", chat())


def test_what_was_said_is_in_no_representation() -> None:
    assert "canary" not in repr(EngineRequest(b"a" * 32, chat("canary")))
