"""Receipts: what the node signs holds for whoever reads the answer, and for nothing else."""

import json
import os
from typing import Any

import pytest
from enclave_fakes import MODEL, Reply, Rig, chat_body, run, settle
from privity_enclave.engine.interface import EngineError
from privity_enclave.models import document
from privity_protocol import canonical, evidence, receipt
from privity_protocol.application import RequestHeader
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Done, Embedding, Reasoning, SignedReceipt, Text, Usage
from privity_protocol.receipt import Receipt, ReceiptFile, Shown
from privity_protocol.request import encode_request
from privity_protocol.run import begin_run

RID = bytes(range(16))
HI = [Text("Hi"), Usage(3, 0, 1), Done("stop")]


def checked(rig: Rig, application: bytes, body: bytes, rid: bytes = RID) -> Receipt:
    """What the receipt of an answer says, once all checks that need no clock have passed."""
    lines = LineReader().feed(application)
    signed = lines[-2]
    assert isinstance(signed, SignedReceipt)
    before = b"".join(application.splitlines(keepends=True)[:-2])
    bundle = rig.keys.find(rig.kid).bundle
    file = ReceiptFile(signed, bundle, Shown(receipt.salt_of(rid), body, before))
    found = receipt.check_file(receipt.decode_file(receipt.encode_file(file)))
    assert lines[-1] == Done(found.reason)
    return found


async def asked(rig: Rig, body: bytes, **header: Any) -> Reply:
    return await rig.ask(await rig.hello(), body=body, rid=RID, receipt=True, **header).read()


@pytest.mark.parametrize("profile", ["p0", "p1"])
def test_a_receipt_is_signed_over_request_and_answer(profile: str) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Reasoning("hm"), 0.3, Text("H"), 0.3, Text("i"), 0.2, *HI]
        question = chat_body("Why?")
        reply = await asked(rig, question, prof=profile)
        found = checked(rig, reply.application, question)
        assert (found.op, found.model, found.weights) == ("chat", MODEL, (bytes.fromhex("ab" * 32),))
        assert (found.usage, found.egress, found.reason) == (Usage(3, 0, 1), "none", "stop")
        assert RID.hex() not in repr(reply.lines)

    run(body())


def test_nobody_who_did_not_ask_gets_one() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert [type(line) for line in reply.lines] == [Text, Usage, Done]

    run(body())


def test_it_holds_for_no_other_question_answer_or_request_id() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        question = chat_body("Why?")
        application = (await asked(rig, question)).application
        checked(rig, application, question)
        for changed, rid in ((chat_body("How?"), RID), (question, os.urandom(16))):
            with pytest.raises(Malformed, match="member_value: request"):
                checked(rig, application, changed, rid)
        with pytest.raises(Malformed, match="member_value: response"):
            checked(rig, application.replace(b"Hi", b"No"), question)

    run(body())


def test_it_is_signed_by_the_key_of_the_node_document_and_of_no_other() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        (signed,) = [one for one in (await asked(rig, chat_body())).lines if isinstance(one, SignedReceipt)]
        models = document([rig.engine.model])
        receipt.check(signed, node_document=rig.document, models=models)
        other = Rig()
        with pytest.raises(NotAuthentic):
            receipt.check(signed, node_document=other.document, models=models)

    run(body())


def test_a_stopped_answer_has_one_over_what_was_said() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("one"), 500, *HI]
        question = chat_body()
        reply = rig.ask(await rig.hello(), body=question, rid=RID, receipt=True)
        await settle(0.35)
        await rig.ask(await rig.hello(), op="stop", rid=RID).read()
        found = checked(rig, (await reply.read()).application, question)
        assert (found.reason, found.usage) == ("stopped", None)

    run(body())


def test_an_answer_that_fails_has_none() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("one"), EngineError("crashed")]
        reply = await asked(rig, chat_body())
        assert reply.error is not None
        assert reply.lines == [Text("one")]

    run(body())


def test_a_resumed_answer_has_one_over_the_whole_though_its_beginning_is_forgotten() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("x" * 6000), 1, *([Text("y" * 6000)] * 60), *HI]
        question = chat_body()
        first = rig.ask(await rig.hello(), body=question, rid=RID, receipt=True, resume=True, prof="p0")
        await settle(0.5)
        first.exchange.disconnect()
        await first.read(whole=False)
        again = await rig.ask(await rig.hello(), op="resume", rid=RID, from_=len(first.application), prof="p0").read()
        checked(rig, first.application + again.application, question)

    run(body())


def test_an_answer_that_outlives_its_key_is_signed_by_it_all_the_same() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 2, *HI]
        bundle = rig.keys.find(rig.kid).bundle
        reply = rig.ask(await rig.hello(), body=chat_body(), rid=RID, receipt=True)
        await settle(0.5)
        rig.skip(7500)
        await rig.turn()
        items = evidence.decode(bundle).items
        signed = (await reply.read(whole=False)).lines[-2]
        assert isinstance(signed, SignedReceipt)
        receipt.check(signed, node_document=items["node-document"].data, models=items["models"].data)

    run(body())


@pytest.mark.parametrize("wanted", [True, False])
def test_a_key_that_ends_while_a_request_arrives_signs_nothing(wanted: bool) -> None:
    """The session still opens the request; only what would have to be signed is turned away, before it begins."""

    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        header = RequestHeader(rid=RID, op="chat", prof="p1", receipt=wanted)
        _, request = begin_run(await rig.hello(), encode_request(header, chat_body()), entropy=os.urandom)
        exchange = rig.open("POST", "/ec1/run")
        exchange.send(request[:4000], more=True)
        await settle()
        rig.skip(7600)
        rig.node.sweep()
        exchange.send(request[4000:])
        await exchange.done()
        assert exchange.status == (410 if wanted else 200)
        assert len(rig.engine.requests) == (0 if wanted else 1)

    run(body())


def test_vectors_are_signed_too() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Embedding(0, "AACAPw"), Usage(3, 0, 0), Done("stop")]
        question = json.dumps({"model": MODEL, "input": "the sky"}).encode()
        reply = await asked(rig, question, op="embed")
        assert reply.lines[0] == Embedding(0, "AACAPw")
        assert checked(rig, reply.application, question).op == "embed"
        assert rig.engine.requests[0].body.input == ["the sky"]

    run(body())


def test_a_receipt_tells_no_time_and_no_request_id() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        signed = (await asked(rig, chat_body())).lines[-2]
        assert isinstance(signed, SignedReceipt)
        said = canonical.decode(signed.document.encode(), max_bytes=8192)
        assert isinstance(said, dict)
        assert sorted(said) == [
            "egress", "model", "node", "op", "reason", "request", "response", "typ", "usage", "v"
        ]  # fmt: skip

    run(body())
