"""A stand for the gateway: one scripted upstream, the gateway before it, a relay before that, and a sealing client.

async with standing() as s:
    s.upstream.script["/ec1/run"] = stream_of([b"a" * 512] * 3)
    told = await s.ask(post("/ec1/run", run_request(KID)))
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import Sent
from privity_protocol.ohttp.forms import CHUNKED, WHOLE, Form
from privity_service.asgi import App
from privity_service.forwarding import Deadlines
from privity_service.gateway.oblivious import PATH, Gateway
from privity_service.gateway.ring import Ring
from privity_service.listening import bind, server
from privity_service.relay.application import State, application
from privity_service.relay.settings import RelaySettings
from relay_stand import PUBLIC, settings
from scripted_node import Answer, FakeNode, post_request, read_answer

KEY = X25519PrivateKey.from_private_bytes(b"\x07" * 32)
RING = Ring({9: KEY})
CONFIGURATION = keys.Configuration(9, KEY.public_key().public_bytes_raw())


@dataclass
class Told:
    """What came out of an answer: whether it was whole, and what was inside."""

    status: int
    content: bytes
    fields: dict[bytes, bytes]


@dataclass
class Stand:
    """The running gateway, a relay, and the upstream."""

    upstream: FakeNode
    state: State
    port: int
    relay_port: int

    async def raw(self, body: bytes, kind: str, *headers: str, relayed: bool = False) -> Answer:
        """Post bytes as they are."""
        port = self.relay_port if relayed else self.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        try:
            writer.write(post_request(PATH, body, f"content-type: {kind}", *headers))
            return await read_answer(reader)
        finally:
            writer.close()

    async def get(self, path: str, *, relayed: bool = False) -> Answer:
        """A plain question."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.relay_port if relayed else self.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            return await read_answer(reader)
        finally:
            writer.close()

    async def ask(self, message: bytes, form: Form = CHUNKED, *, relayed: bool = False, aead: int = 1) -> Told:
        """Seal a message, send it, and open the answer. Raises PrivityError, AssertionError for an outer refusal."""
        configuration = keys.Configuration(9, CONFIGURATION.public, (aead,))
        sent = Sent(configuration, form, entropy=os.urandom)
        body = sent.chunks(message) if form is CHUNKED else sent.whole(message)
        answer = await self.raw(body, form.request_type, relayed=relayed)
        assert (answer.status, answer.headers["content-type"]) == (200, form.response_type), answer
        return opened(sent, form, answer.body)


def opened(sent: Sent, form: Form, body: bytes) -> Told:
    """What an encapsulated answer holds. Raises PrivityError."""
    reader = Reader(response=True)
    if form is WHOLE:
        content = reader.feed(sent.open_whole(body))
    else:
        chunks = sent.open_chunks()
        content = reader.feed(chunks.feed(body)) + reader.feed(chunks.finish())
    head = reader.finish()
    assert isinstance(head, Response)
    return Told(head.status, content, dict(head.fields))


def post(path: str, body: bytes, *fields: tuple[bytes, bytes], method: bytes = b"POST") -> bytes:
    """A request inside."""
    return binary_http.encode_request(Request(method, b"https", b"run.example", path.encode(), fields), body)


def get(path: str) -> bytes:
    """A question inside."""
    return post(path, b"", method=b"GET")


@asynccontextmanager
async def listening(app: App) -> AsyncIterator[int]:
    """Serve an application; yield its port."""
    bound = bind(settings(1).listen)
    running = server(app, 100)
    serving = asyncio.create_task(running.serve([bound]))
    await running.listening.wait()
    try:
        yield bound.getsockname()[1]
    finally:
        running.should_exit = running.force_exit = True
        for connection in list(running.server_state.connections):
            connection.transport.abort()
        await serving


@asynccontextmanager
async def standing(*, deadlines: Deadlines | None = None) -> AsyncIterator[Stand]:
    """Run the upstream, the gateway and a relay."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(FakeNode().listen())
        state = State.of(settings(upstream.port), PUBLIC, lambda: 0.0)
        state.deadlines = deadlines or Deadlines()
        stack.push_async_callback(state.close)
        port = await stack.enter_async_context(listening(Gateway(RING, application(state), state.counts)))
        plain = settings(upstream.port)
        origin = f"http://127.0.0.1:{port}"
        chosen = RelaySettings(
            v=1, listen=plain.listen, public=None, service=plain.service, run=plain.run, logs=[], gateway=origin
        )
        before = State.of(chosen, PUBLIC, lambda: 0.0)
        stack.push_async_callback(before.close)
        yield Stand(upstream, state, port, await stack.enter_async_context(listening(application(before))))
