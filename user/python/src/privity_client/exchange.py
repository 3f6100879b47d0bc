"""One request from the first byte to CLOSE, without I/O: which node, which session, what after a failure.

Source: specs/ec1.md (errors, resume), specs/application.md. An exchange is a generator: it yields commands and is sent
results, so every driver behaves the same. Rules that hold on every path: the payload of all tries is the same bytes,
so the request id and the padded size are kept; a node is used only when it was verified; an answer counts as complete
only after END was authenticated.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Final

from privity_protocol import xwing
from privity_protocol.errors import Malformed
from privity_protocol.hello import begin_hello
from privity_protocol.limits import MAX_TRIES
from privity_protocol.line_reader import LineReader
from privity_protocol.response import Close, Data, End, Error, ResponseReader
from privity_protocol.run import begin_run
from privity_protocol.session import Session

from privity_client.chain import Chain
from privity_client.choice import Entropy, choose
from privity_client.commands import (
    Accepted,
    Chunk,
    Command,
    Complete,
    Deliver,
    Event,
    FindNodes,
    Heard,
    Line,
    Nodes,
    Opened,
    Paid,
    Pause,
    Pay,
    Receive,
    Reply,
    Restarted,
    Result,
    Resuming,
    Retrying,
    SendHello,
    SendRun,
)
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.reaction import NO_RESPONSE, react
from privity_client.request import Request, inner_reason

OK: Final = 200
NOT_PAID: Final = frozenset({"token_spent", "token_expired"})
"""Reasons after which the request goes out once more, with other tokens."""
Flow = Generator[Command, Result, None]


class _Failed(Exception):
    """A try ended with this outer status; 0 when no response came."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail


class _NotPaid(Exception):
    """The node took the tokens for spent or expired, and did nothing else."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(error.reason)
        self.error = error


class _Cut(Exception):
    """The response ended before CLOSE."""


class _Gone(Exception):
    """The rest of the answer cannot be had; `reason` is what the user reads if it does not begin anew."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Exchange:
    """The state of one request. `pinned` is for what only the node that holds an answer can do: stop it."""

    def __init__(
        self,
        request: Request,
        chain: Chain,
        *,
        clock: Callable[[], int],
        entropy: Entropy,
        restart: bool,
        pinned: VerifiedNode | None = None,
    ) -> None:
        self._request = request
        self._chain = chain
        self._clock = clock
        self._entropy = entropy
        self._restart = restart
        self._pinned = pinned
        self._lines = LineReader()
        self._avoid: set[str] = set()
        self._search = False
        self._holder: VerifiedNode | None = None
        self._ended = False
        self._not_paid: ClientError | None = None

    def run(self) -> Flow:
        """Drive the request to its end. Raises PrivityError when it fails; what was delivered until then is partial."""
        sent = 0
        while True:
            sent += 1
            try:
                yield from self._attempt()
            except _Failed as failure:
                again = react(failure.status, sent=sent, entropy=self._entropy, detail=failure.detail)
                if again.elsewhere and self._holder is not None:
                    self._avoid.add(self._holder.digest)
                self._search = again.search
                yield Deliver(Retrying(again.reason, again.wait))
                yield Pause(again.wait)
            except _NotPaid as refused:
                if self._not_paid is not None:
                    raise refused.error from None
                self._not_paid = refused.error
                sent -= 1
                yield Deliver(Retrying(refused.error.reason, 0.0))
            except _Gone as gone:
                if not self._restart or sent >= MAX_TRIES:
                    raise ClientError(gone.reason) from None
                yield from self._start_over()
            else:
                return

    def _attempt(self) -> Flow:
        node, session, began = yield from self._session()
        request = yield from self._paid(node)
        try:
            yield from self._send(node, session, began, request.payload())
        except _Cut:
            if not self._request.resume:
                raise ClientError("answer_cut") from None
            yield from self._resume(node)

    def _paid(self, node: VerifiedNode) -> Generator[Command, Result, Request]:
        """The request with what it costs at this node: the same tokens at every try, others once they were refused."""
        price = node.prices.get(self._request.op, 0)
        if not price:
            return self._request
        paid = yield Pay(self._request.rid, price, self._not_paid is not None)
        assert isinstance(paid, Paid)
        return replace(self._request, tok=paid.tokens)

    def _resume(self, node: VerifiedNode) -> Flow:
        for sent in range(1, MAX_TRIES + 1):
            yield Deliver(Resuming())
            try:
                session = yield from self._hello(node)
                yield from self._send(node, session, self._clock(), self._request.resume_payload(self._lines.received))
            except (_Cut, _Failed) as failure:
                status = failure.status if isinstance(failure, _Failed) else NO_RESPONSE
            else:
                return
            if sent < MAX_TRIES:
                yield Pause(react(status, sent=sent, entropy=self._entropy).wait)
        raise _Gone("answer_cut")

    def _start_over(self) -> Flow:
        self._lines = LineReader()
        self._ended = False
        yield Deliver(Restarted())

    def _session(self) -> Generator[Command, Result, tuple[VerifiedNode, Session, int]]:
        held = self._chain.take(self._request.model, now=self._clock())
        if held is not None:
            self._holder = held[0]
            return held
        node = self._pinned or (yield from self._choose())
        self._holder = node
        session = yield from self._hello(node)
        return node, session, self._clock()

    def _choose(self) -> Generator[Command, Result, VerifiedNode]:
        try:
            found = yield FindNodes(self._request.model, self._search)
        except ClientError as error:
            if error.reason == "unreachable":
                raise _Failed(NO_RESPONSE, error.detail) from error
            raise
        assert isinstance(found, Nodes)
        self._search = False
        fresh = [node for node in found.nodes if node.digest not in self._avoid]
        return choose(fresh or found.nodes, entropy=self._entropy)

    def _hello(self, node: VerifiedNode) -> Generator[Command, Result, Session]:
        sent, body = begin_hello(
            node_key=node.key, node_document=node.document, encapsulate=xwing.encapsulate, ephemeral=xwing.generate()
        )
        reply = yield SendHello(node, body)
        assert isinstance(reply, Reply)
        if reply.status != OK:
            raise _Failed(reply.status)
        return sent.finish(reply.body)

    def _send(self, node: VerifiedNode, session: Session, began: int, payload: bytes) -> Flow:
        sent, body = begin_run(session, payload, entropy=self._entropy)
        opened = yield SendRun(node, body)
        assert isinstance(opened, Opened)
        if opened.status != OK:
            raise _Failed(opened.status)
        yield Deliver(Accepted(node))
        reader = sent.response()
        if (yield from self._read(reader)):
            following = reader.next_session()
            if following is not None:
                self._chain.renew(node, following, began=began, now=self._clock())
        yield from self._finish()

    def _read(self, reader: ResponseReader) -> Generator[Command, Result, bool]:
        """Take the response to its end; return whether CLOSE came. Raises _Cut when it ended before END."""
        while True:
            chunk = yield Receive()
            assert isinstance(chunk, Chunk)
            if chunk.data is None:
                return self._closed(reader)
            for event in reader.feed(chunk.data):
                if isinstance(event, Close):
                    continue
                if isinstance(event, Error):
                    raise self._inner(event)
                if isinstance(event, Data):
                    yield from self._take(event)

    def _closed(self, reader: ResponseReader) -> bool:
        try:
            reader.eof()
        except Malformed as error:
            if error.reason != "truncated":
                raise
            if not self._ended:
                raise _Cut from None
            return False
        return True

    def _take(self, event: Data) -> Flow:
        if self._request.receipt:
            yield Deliver(Heard(event.data))
        for value in self._lines.feed(event.data):
            yield Deliver(Line(value))
        if isinstance(event, End):
            self._ended = True

    def _finish(self) -> Flow:
        # Whoever only says stop waits for no answer; all else is whole with its done line, and not before.
        if self._request.op != "stop":
            self._lines.finish()
        yield Deliver(Complete())

    def _inner(self, event: Error) -> Exception:
        reason = inner_reason(event.code)
        if reason in NOT_PAID:
            return _NotPaid(ClientError(reason, event.text))
        return _Gone(reason) if reason == "answer_gone" else ClientError(reason, event.text)


__all__ = ["Event", "Exchange", "Flow"]
