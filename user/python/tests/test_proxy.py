"""The proxy answers programs: whole and streamed, several choices, responses, conversations, models, evidence."""

import asyncio
import json
from dataclasses import replace

import pytest
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.nodes import VerifiedNode
from privity_client.proxy.asking import MOST
from privity_client.proxy.verified import VerifiedNodes
from privity_client.testing.fake_node import FakeNode, Script
from privity_client.testing.proxy_stand import FACTS, MODEL, asked, events_of, standing
from privity_protocol.lines import Done, Embedding, Text, Tool, Usage


class Source:
    """A node source that says what a test tells it to."""

    def __init__(self, *nodes: VerifiedNode) -> None:
        self.listed = list(nodes)
        self.failure: Exception | None = None
        self.searches = 0
        self.refreshed = 0

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        self.searches += 1
        self.refreshed += refresh
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.listed

    async def contradicted(self, node: VerifiedNode) -> None:
        self.failure = ClientError("view_conflict", node.digest)


def test_a_whole_answer_says_what_was_said_and_who_answered() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            answer = await stand.chat(user="somebody")
            told = answer.json()
            assert told["choices"][0]["message"]["content"] == "Hello you."
            assert told["choices"][0]["finish_reason"] == "stop"
            assert told["usage"]["total_tokens"] == 7
            headers = answer.headers
            assert headers["x-privity-node"] == stand.node.digest
            assert headers["x-privity-release"] == "privity-enclave 0.1.0"
            assert headers["x-privity-verified-at"] == "1970-01-01T00:16:40+00:00"
            assert headers["x-privity-simulated"] == "true"
            assert headers["x-privity-not-sent"] == "user"
            assert "access-control-allow-origin" not in headers
            (run,) = stand.node.runs
            assert run.header.rid.hex() not in str(headers)
            assert json.loads(run.body) == asked(stream=True)

    asyncio.run(scenario())


def test_a_streamed_answer_ends_with_its_reason_usage_and_mark() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            answer = await stand.chat(stream=True, stream_options={"include_usage": True})
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.content.endswith(b"data: [DONE]\n\n")
            chunks = events_of(answer.content)
            said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
            assert said == "Hello you."
            assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[-2:-1]] == ["stop"]
            assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]) == ([], 7)

    asyncio.run(scenario())


def test_several_choices_are_several_requests_in_one_answer() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            whole = (await stand.chat(n=3, seed=1)).json()
            assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]
            assert whole["usage"]["completion_tokens"] == 6
            assert sorted(json.loads(run.body)["seed"] for run in stand.node.runs) == [1, 2, 3]
            assert len({run.header.rid for run in stand.node.runs}) == 3
            chunks = events_of((await stand.chat(n=2, stream=True)).content)
            ended = [choice["index"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
            assert sorted(ended) == [0, 1]

    asyncio.run(scenario())


def test_one_choice_that_fails_is_the_failure_of_all() -> None:
    async def scenario() -> None:
        async with standing(FakeNode(script=Script(inner=[None, (6, "gone")]))) as stand:
            answer = await stand.chat(n=3)
            assert (answer.status_code, answer.json()["error"]["code"]) == (502, "internal")
            assert stand.asking.running == 0

    asyncio.run(scenario())


def test_a_conversation_goes_on_with_its_session_and_another_one_begins_its_own() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            first = await stand.chat("One")
            said = first.json()["choices"][0]["message"]
            more = [{"role": "user", "content": "One"}, said, {"role": "user", "content": "Two"}]
            await stand.http.post("/v1/chat/completions", json=asked(messages=more))
            assert len(stand.node.hellos) == 1
            await stand.chat("Another")
            assert len(stand.node.hellos) == 2

    asyncio.run(scenario())


def test_two_at_once_never_share_a_session() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            await stand.chat("One")
            answers = await asyncio.gather(*(stand.chat("One") for _ in range(4)))
            assert [answer.status_code for answer in answers] == [200] * 4
            assert len({run.wire[16:32] for run in stand.node.runs}) == 5
            assert len(stand.network.requests) == len(stand.node.hellos) + 5

    asyncio.run(scenario())


def test_a_response_is_built_upon_from_this_machine_unless_it_was_not_to_be_kept() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            first = (await stand.http.post("/v1/responses", json={"model": "demonstration", "input": "One"})).json()
            assert first["output"][0]["content"][0]["text"] == "Hello you."
            more = {"model": "demonstration", "input": "Two", "previous_response_id": first["id"], "store": False}
            second = (await stand.http.post("/v1/responses", json=more)).json()
            said = [message["content"] for message in json.loads(stand.node.runs[-1].body)["messages"]]
            assert said == ["One", "Hello you.", "Two"]
            assert first["id"].encode() not in stand.node.runs[-1].body
            assert len(stand.node.hellos) == 1
            assert (await stand.http.get(f"/v1/responses/{first['id']}")).json() == first
            assert (await stand.http.get(f"/v1/responses/{second['id']}")).status_code == 404
            assert (await stand.http.delete(f"/v1/responses/{first['id']}")).json()["deleted"] is True
            refused = await stand.http.post("/v1/responses", json=more)
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "previous_response_id")

    asyncio.run(scenario())


def test_a_streamed_response_is_kept_once_it_is_complete() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            body = {"model": "demonstration", "input": "One", "stream": True}
            events = events_of((await stand.http.post("/v1/responses", json=body)).content)
            assert events[0]["type"] == "response.created"
            whole = events[-1]["response"]
            assert (events[-1]["type"], whole["status"]) == ("response.completed", "completed")
            assert (await stand.http.get(f"/v1/responses/{whole['id']}")).json() == whole

    asyncio.run(scenario())


def test_calls_of_tools_are_told() -> None:
    lines = [Tool(0, "c1", "look", '{"at"'), Tool(0, "", "", ":1}"), Usage(5, 0, 2), Done("tool_calls")]

    async def scenario() -> None:
        async with standing(FakeNode(script=Script(lines=lines))) as stand:
            tools = [{"type": "function", "function": {"name": "look"}}]
            (choice,) = (await stand.chat(tools=tools)).json()["choices"]
            assert choice["finish_reason"] == "tool_calls"
            assert choice["message"]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at":1}'}
            assert choice["message"]["content"] is None

    asyncio.run(scenario())


def test_models_evidence_and_page_tell_what_was_verified_and_nothing_that_was_asked() -> None:
    async def scenario() -> None:
        async with standing(aliases={"gpt": "demonstration"}) as stand:
            await stand.chat("canary")
            listed = (await stand.http.get("/v1/models")).json()["data"]
            assert [one["id"] for one in listed] == ["demonstration", "gpt"]
            assert (await stand.http.get("/v1/models/gpt")).json()["id"] == "gpt"
            assert (await stand.http.get("/v1/models/none")).json()["error"]["code"] == "model_not_found"
            evidence = (await stand.http.get("/v1/privity/evidence")).json()
            assert evidence["nodes"][0]["record"]["outcome"] == "accepted_as_simulated"
            page = await stand.http.get("/")
            assert "Test enclave" in page.text
            assert stand.node.digest[:16] in page.text
            assert "script" not in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
            assert "canary" not in page.text + json.dumps(evidence)

    asyncio.run(scenario())


def test_a_browser_without_the_key_is_asked_for_it_and_told_nothing_else() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            page = await stand.http.get("/", headers={"authorization": ""})
            assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
            # A browser passes over a list of challenges, and would never ask.
            assert page.headers["www-authenticate"] == 'Basic realm="privity proxy"'
            assert "PRIVITY_HOME/proxy/key" in page.text
            assert FACTS.server not in page.text + str(page.headers)
            assert stand.node.digest[:16] not in page.text
            other = await stand.http.get("/", headers={"origin": "https://evil.example"})
            assert (other.status_code, "PRIVITY_HOME" in other.text) == (403, False)
            assert "www-authenticate" not in other.headers
            program = await stand.http.get("/v1/models", headers={"authorization": ""})
            assert (program.status_code, program.headers["www-authenticate"]) == (401, "Bearer")

    asyncio.run(scenario())


def test_the_name_that_a_program_asks_for_may_stand_for_a_model() -> None:
    async def scenario() -> None:
        async with standing(aliases={"gpt": "demonstration"}) as stand:
            answer = (await stand.chat(model="gpt")).json()
            assert answer["model"] == "demonstration"
            assert json.loads(stand.node.runs[0].body)["model"] == "demonstration"

    asyncio.run(scenario())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "failure",
    [EvidenceRefused("release_revoked", {}), ClientError("log_outdated"), ClientError("unreachable", "server")],
    ids=lambda failure: failure.reason,
)
def test_when_verification_fails_in_mid_life_nothing_is_sent(failure: ClientError, stream: bool) -> None:
    """Also in a conversation that has a session: what was verified has run out."""
    now = [1000]

    async def scenario() -> None:
        node = FakeNode()
        source = Source(replace(node.verified(), valid_until=1100))
        async with standing(node, source=source, clock=lambda: now[0]) as stand:
            assert (await stand.chat("One")).status_code == 200
            now[0], source.failure = 1101, failure
            sent = len(stand.network.requests)
            refused = await stand.chat("One", stream=stream)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == failure.reason
            assert refused.headers["content-type"] == "application/json"
            assert len(stand.network.requests) == sent
            page = await stand.http.get("/")
            assert (page.status_code, "Nothing is sent now." in page.text) == (503, True)

    asyncio.run(scenario())


def test_errors_of_the_node_have_their_status_also_when_a_stream_was_asked_for() -> None:
    async def scenario() -> None:
        script = Script(inner=[(9, "bad_request: top_k is not from 0 to 5"), (5, "full")])
        async with standing(FakeNode(script=script)) as stand:
            refused = await stand.chat(stream=True)
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "top_k")
            busy = await stand.chat(stream=True)
            assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")

    asyncio.run(scenario())


@pytest.mark.parametrize("stream", [False, True])
def test_a_member_that_the_node_refuses_has_the_name_that_the_responses_api_gives_it(stream: bool) -> None:
    async def scenario() -> None:
        refusal = (9, "The engine does not accept the member reasoning_effort.")
        async with standing(FakeNode(script=Script(inner=[refusal]))) as stand:
            asked = {"model": MODEL, "input": "Hello", "reasoning": {"effort": "low"}, "stream": stream}
            refused = await stand.http.post("/v1/responses", json=asked)
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "reasoning.effort")

    asyncio.run(scenario())


def test_no_more_answers_at_once_than_the_bound() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            stand.asking._running = MOST - 1
            refused = await stand.chat(n=2)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_at_once")
            assert (await stand.chat()).status_code == 200
            stand.asking._running = 0

    asyncio.run(scenario())


def test_those_who_wait_for_a_search_take_what_it_found() -> None:
    async def scenario() -> None:
        source = Source(FakeNode().verified())
        nodes = VerifiedNodes(source)
        await asyncio.gather(*(nodes.nodes("", refresh=True) for _ in range(5)))
        assert source.refreshed == 1
        source.failure, source.searches = ClientError("unreachable"), 0
        failed = await asyncio.gather(*(nodes.nodes("", refresh=True) for _ in range(5)), return_exceptions=True)
        assert [type(one) for one in failed] == [ClientError] * 5
        assert source.searches == 1
        with pytest.raises(ClientError):
            await nodes.nodes("", refresh=False)
        assert source.searches == 2

    asyncio.run(scenario())


def test_words_of_a_long_answer_come_in_order() -> None:
    words = [Text(f"{number} ") for number in range(400)]

    async def scenario() -> None:
        async with standing(FakeNode(script=Script(lines=[*words, Done("stop")], chunk=97))) as stand:
            chunks = events_of((await stand.chat(stream=True)).content)
            said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
            assert said == "".join(f"{number} " for number in range(400))

    asyncio.run(scenario())


def test_vectors_come_from_a_node_that_embeds_and_else_its_refusal_does() -> None:
    lines = [Embedding(0, "AACAPw"), Usage(3, 0, 0), Done("stop")]

    async def scenario() -> None:
        async with standing(FakeNode(script=Script(lines=lines))) as stand:
            body = {"model": "demonstration", "input": "a", "encoding_format": "float"}
            told = (await stand.http.post("/v1/embeddings", json=body)).json()
            assert told["data"] == [{"object": "embedding", "index": 0, "embedding": [1.0]}]
            assert stand.node.runs[0].header.op == "embed"
            stand.node.script.inner = [(9, "bad_request: this node does not offer the operation")]
            refused = await stand.http.post("/v1/embeddings", json=body)
            assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")

    asyncio.run(scenario())


def test_a_new_conversation_finds_a_session_that_was_made_ahead() -> None:
    async def scenario() -> None:
        async with standing(ahead=True) as stand:
            await stand.chat("One")
            await stand.asking._spare.settled()
            assert len(stand.node.hellos) == 2
            sent = len(stand.network.requests)
            await stand.chat("Another")
            assert stand.network.requests[sent].url.path == "/ec1/run"
            await stand.asking._spare.settled()
            assert len(stand.node.hellos) == 3

    asyncio.run(scenario())


def test_a_session_made_ahead_is_not_used_beyond_its_time_or_the_verification_of_its_node() -> None:
    now = [1000]

    async def scenario() -> None:
        node = FakeNode()
        source = Source(replace(node.verified(), valid_until=1100))
        async with standing(node, source=source, clock=lambda: now[0], ahead=True) as stand:
            await stand.chat("One")
            await stand.asking._spare.settled()
            now[0], source.failure = 1101, ClientError("log_outdated")
            sent = len(stand.network.requests)
            assert (await stand.chat("Another")).status_code == 503
            assert len(stand.network.requests) == sent
            source.failure = ClientError("unreachable")
            assert (await stand.chat("One")).status_code == 503

    asyncio.run(scenario())
