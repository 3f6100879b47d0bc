"""A node that speaks EC1 with the real protocol code, behind an httpx transport.

`Script` says what goes wrong and when. Everything the client sent is kept, so that a test can look at it.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
from privity_protocol import xwing
from privity_protocol.application import RequestHeader, decode_request
from privity_protocol.chain import ChainKey
from privity_protocol.hello_answer import answer_hello
from privity_protocol.lines import Done, Line, Text, Usage, encode_line
from privity_protocol.request_reader import RequestReader
from privity_protocol.response_writer import ResponseWriter

from privity_client.nodes import OfferedModel, VerifiedNode

RECORD = 512
ORIGIN = "http://relay.test"


@dataclass
class Script:
    """What the node does: outer statuses to give first, an inner error, after how many records each response is cut."""

    lines: list[Line] = field(default_factory=lambda: [Text("Hello "), Text("you."), Usage(5, 0, 2), Done("stop")])
    hello_statuses: list[int] = field(default_factory=list)
    run_statuses: list[int] = field(default_factory=list)
    cuts: list[int | None] = field(default_factory=list)
    inner: list[tuple[int, str] | None] = field(default_factory=list)
    chunk: int = 700
    tamper_hello: bool = False
    tamper_record: int | None = None


@dataclass(frozen=True)
class Seen:
    """One RUN as the node saw it: bytes on the wire, header and body."""

    size: int
    wire: bytes
    header: RequestHeader
    body: bytes


class FakeNode:
    """One key of one node. `runs` and `hellos` record what arrived."""

    def __init__(self, name: str = "node", script: Script | None = None, *, exp: int = 10_000) -> None:
        self.script = script or Script()
        self.document = f'{{"name":"{name}"}}'.encode()
        self.digest = hashlib.sha256(self.document).hexdigest()
        self.runs: list[Seen] = []
        self.hellos: list[bytes] = []
        self._exp = exp
        self._key = xwing.generate()
        self._sessions: dict[bytes, ChainKey] = {}
        self._handles = 0

    def verified(self, *, weight: int = 1, simulated: bool = True) -> VerifiedNode:
        """Return what appraisal would establish about this node."""
        return VerifiedNode(
            digest=self.digest,
            document=self.document,
            key=self._key.public_key,
            profiles=("p0", "p1", "p2"),
            models=(OfferedModel("demonstration", "Privity demonstration", 2048, demonstration=True),),
            release="privity-enclave 0.1.0",
            kind="simulated",
            simulated=simulated,
            valid_until=self._exp,
            appraised_at=1000,
            expires=self._exp,
            weight=weight,
            origin=ORIGIN,
            record={"outcome": "accepted_as_simulated", "simulated": True, "checks": [], "claims": {}, "reasons": []},
        )

    def hello(self, body: bytes) -> httpx.Response:
        """Answer a HELLO."""
        self.hellos.append(body)
        if self.script.hello_statuses and (status := self.script.hello_statuses.pop(0)) != 200:
            return httpx.Response(status)
        sid = self._handle()
        answer, chain = answer_hello(
            body, key=self._key, node_document=self.document, sid=sid, ttl=120, encapsulate=xwing.encapsulate
        )
        self._sessions[sid] = chain
        if self.script.tamper_hello:
            answer = answer[:-1] + bytes([answer[-1] ^ 1])
        return httpx.Response(200, stream=_Pieces(answer, self.script.chunk))

    def run(self, body: bytes) -> httpx.Response:
        """Answer a RUN, once per session handle."""
        chain = self._sessions.pop(body[16:32], None)
        if self.script.run_statuses and (status := self.script.run_statuses.pop(0)) != 200:
            return httpx.Response(status)
        if chain is None:
            return httpx.Response(404)
        reader = RequestReader(chain, body[:32])
        reader.feed(body[32:])
        received = reader.finish()
        header, content = decode_request(received.payload)
        self.runs.append(Seen(len(body), body, header, content))
        writer, opening = received.response(record_size=RECORD, entropy=lambda count: bytes(count))
        records = self._records(header, writer)
        cut = self.script.cuts.pop(0) if self.script.cuts else None
        if self.script.tamper_record is not None:
            records[self.script.tamper_record] = bytes(RECORD)
        stream = opening + b"".join(records if cut is None else records[:cut])
        return httpx.Response(200, stream=_Pieces(stream, self.script.chunk))

    def _records(self, header: RequestHeader, writer: ResponseWriter) -> list[bytes]:
        failure = self.script.inner.pop(0) if self.script.inner else None
        if failure is not None:
            return [writer.error(*failure), writer.close()]
        said = b"" if header.op == "stop" else b"".join(encode_line(line) for line in self.script.lines)
        rest = said[header.from_ or 0 :]
        pieces = [rest[at : at + writer.capacity] for at in range(0, len(rest), writer.capacity)] or [b""]
        records = [writer.data(piece) for piece in pieces[:-1]] + [writer.end(pieces[-1])]
        sid = self._handle()
        records.append(writer.next(sid, 600))
        self._sessions[sid] = writer.next_chain()
        return [*records, writer.pad(), writer.close()]

    def forget_sessions(self) -> None:
        """Do as after a restart."""
        self._sessions.clear()

    def _handle(self) -> bytes:
        self._handles += 1
        return self._handles.to_bytes(16, "big")


class FakeNetwork:
    """Routes by key id, as a relay does. `down` names nodes that do not answer at all."""

    def __init__(self, *nodes: FakeNode) -> None:
        self.nodes = list(nodes)
        self.down: set[str] = set()
        self.requests: list[httpx.Request] = []

    def transport(self) -> httpx.MockTransport:
        """Return the transport for an httpx client."""
        return httpx.MockTransport(self._handle)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = await request.aread()
        kid = body[6:14].hex()
        node = next((node for node in self.nodes if node.digest.startswith(kid)), None)
        if node is None:
            return httpx.Response(410)
        if node.digest in self.down:
            raise httpx.ConnectError("down", request=request)
        return node.hello(body) if request.url.path == "/ec1/hello" else node.run(body)


class FixedSource:
    """A node source with a fixed list; counts how often it was asked anew."""

    def __init__(self, *nodes: VerifiedNode) -> None:
        self.listed = list(nodes)
        self.refreshed = 0
        self.contradictions: list[VerifiedNode] = []

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        """Return the list."""
        self.refreshed += refresh
        return self.listed

    async def contradicted(self, node: VerifiedNode) -> None:
        """Keep the node."""
        self.contradictions.append(node)


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), self._size):
            yield self._data[at : at + self._size]
