"""What a request asks for, and the answer that begins.

Source: specs/application.md; specs/node-http.md, "Operations". Whatever is wrong with a request from here on is said
inside the sealed response, in the shape of any other answer.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_protocol.application import InnerError, RequestHeader, decode_request
from privity_protocol.chat import decode_chat, decode_embed
from privity_protocol.errors import Malformed
from privity_protocol.lines import Done, Text
from privity_protocol.receipt_writer import ReceiptWriter

from privity_enclave.answer import Answer, Failed
from privity_enclave.answers import Answers, Entry
from privity_enclave.configuration import Configuration
from privity_enclave.engine.interface import EngineRequest
from privity_enclave.engine.serving import Engine
from privity_enclave.events import ViewConflict, write
from privity_enclave.generation import generate
from privity_enclave.keys import KeyRing
from privity_enclave.metering import LEAST_STOPPED, Meter
from privity_enclave.sessions import Lineage

LEAST_BODY: Final = 262144  # bytes that a request may always have
BYTES_PER_TOKEN: Final = 64  # of a body, per token of the longest context: beyond it no model could read it


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer to carry to the client, from byte `offset` on, at `profile`. `model` is None where none speaks."""

    answer: Answer
    profile: str
    rid: bytes | None = None
    entry: Entry | None = None
    offset: int = 0
    model: str | None = None


class Operations:
    """Turns the application bytes of a request into an answer. `boot` is 32 secret bytes of this boot.

    `meter` is None where requests cost nothing.
    """

    def __init__(
        self,
        configuration: Configuration,
        engines: Mapping[str, Engine],
        answers: Answers,
        keys: KeyRing,
        *,
        models_item: bytes,
        boot: bytes,
        meter: Meter | None = None,
    ) -> None:
        self._configuration = configuration
        self._engines = engines
        self._answers = answers
        self._keys = keys
        self._models_item = models_item
        self._boot = boot
        self._meter = meter
        self._most = max(LEAST_BODY, BYTES_PER_TOKEN * max(model.context for model in configuration.models))

    def begin(self, payload: bytes, lineage: Lineage) -> Begun:
        """Begin what `payload` asks for; what is wrong with it is said inside. `lineage` is its chain of sessions'.

        Raises UnknownKey when a receipt is asked for and the key of the request is gone by now.
        """
        profile = "p1" if "p1" in self._configuration.profiles else self._configuration.profiles[0]
        try:
            header, body = decode_request(payload)
            if header.prof not in self._configuration.profiles:
                raise Malformed("bad_request", "this node does not offer the traffic profile")
            profile = header.prof
            return self._operation(header, body, lineage)
        except Malformed as fault:
            return Begun(_failed(InnerError.BAD_REQUEST, f"{fault.reason}: {fault.detail}"), profile)

    def _operation(self, header: RequestHeader, body: bytes, lineage: Lineage) -> Begun:
        price = self._meter.price(header.op) if self._meter else 0
        if len(header.tok) != price:
            return Begun(_failed(InnerError.TOKEN_INVALID, f"This request costs {price} tokens here."), header.prof)
        for mine in self._keys.anchors():
            place = (mine.origin, mine.size)
            if any((one.origin, one.size) == place and one.root != mine.root for one in header.seen):
                write(ViewConflict(mine.size))
                return Begun(
                    _failed(InnerError.VIEW_CONFLICT, "You and this node saw two histories of one log."), header.prof
                )
        if header.receipt and header.op not in ("chat", "embed"):
            raise Malformed("bad_request", "receipt is for answers of a model")
        match header.op:
            case "chat" | "embed":
                return self._chat(header, body, lineage)
            case "resume":
                return self._resume(header)
            case "stop":
                self._stop(header.rid)
                return Begun(_complete(Done("stopped")), header.prof)
            case "models":
                return Begun(_complete(Done("stop"), Text(self._models_item.decode("ascii"))), header.prof)
            case _:
                raise Malformed("bad_request", "this node does not offer the operation")

    async def close(self) -> None:
        """Tell the ledger what it has still to hear."""
        if self._meter:
            await self._meter.close()

    def _chat(self, header: RequestHeader, body: bytes, lineage: Lineage) -> Begun:
        if len(body) > self._most:
            raise Malformed("bad_request", f"the body has {len(body)} bytes, this node's models read {self._most}")
        request = decode_chat(body) if header.op == "chat" else decode_embed(body)
        engine = self._engines.get(request.model)
        if engine is None:
            return Begun(_failed(InnerError.MODEL_UNAVAILABLE, "This node does not have that model."), header.prof)
        asked = EngineRequest(owner=hmac.digest(self._boot, lineage.origin, "sha256"), body=request)
        receipt = self._receipt(header, body, engine, lineage) if header.receipt else None
        answer = Answer(header.resume, receipt)
        seconds = self._configuration.limits.answer_seconds
        work = generate(engine, asked, answer, seconds=seconds)
        if self._meter and header.tok:
            bill = self._meter.bill(header)
            answer.settle = bill.settle
            work = bill.carry(answer, work)
        task = asyncio.create_task(work)

        def stop() -> None:
            task.cancel()
            answer.settle(False)

        entry = Entry(answer, stop)
        self._answers.begin(header.rid, entry)
        return Begun(answer, header.prof, header.rid, entry, model=request.model)

    def _receipt(self, header: RequestHeader, body: bytes, engine: Engine, lineage: Lineage) -> ReceiptWriter:
        # Of the key, only what signs lives on with the answer: what opens messages is destroyed on time.
        window = self._keys.find(lineage.kid)
        known = {
            "node": hashlib.sha256(window.node_document).hexdigest(),
            "op": header.op,
            "model": {"id": engine.model.id, "sha256": engine.model.sha256},
            "egress": window.document.egress,
        }
        return ReceiptWriter(known, rid=header.rid, body=body, sign=window.signer.sign)

    def _resume(self, header: RequestHeader) -> Begun:
        offset = header.from_ or 0
        entry = self._answers.find(header.rid)
        if entry is None or not entry.answer.resumable or not entry.answer.holds(offset):
            return Begun(_failed(InnerError.RESUME_GONE, "This answer is not kept any more."), header.prof)
        entry.attach()
        return Begun(entry.answer, header.prof, header.rid, entry, offset)

    def _stop(self, rid: bytes) -> None:
        entry = self._answers.find(rid)
        if entry is None:
            return
        if entry.answer.pieces >= LEAST_STOPPED:
            entry.answer.settle(True)
        entry.stop()
        entry.answer.complete(Done("stopped"))
        if entry.lost is not None:
            self._answers.forget(rid)


def _failed(code: InnerError, text: str) -> Answer:
    answer = Answer(resumable=False)
    answer.end(Failed(code, text.encode()[:200].decode("utf-8", "ignore")))
    return answer


def _complete(done: Done, *lines: Text) -> Answer:
    answer = Answer(resumable=False)
    for line in lines:
        answer.add(line)
    answer.complete(done)
    return answer
