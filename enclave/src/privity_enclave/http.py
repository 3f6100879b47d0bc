"""The routes of a node: outer errors exactly as the specification lists them, with an empty body.

Source: specs/node-http.md; statuses in specs/admission.md. A message is read strictly, used up once, and answered the
same way whatever was wrong with its cryptography.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from typing import Final, cast

from privity_protocol import limits, xwing
from privity_protocol.bundle import MEDIA_TYPE as BUNDLE_TYPE
from privity_protocol.chain import ChainKey
from privity_protocol.envelope import MEDIA_TYPE, parse_hello_header, parse_run_header
from privity_protocol.errors import Malformed, NotAuthentic, PrivityError
from privity_protocol.hello_answer import answer_hello
from privity_protocol.outer_error import OuterError
from privity_protocol.request_reader import RequestReader, RunReceived
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from privity_enclave import events
from privity_enclave.gate import Place, Turned
from privity_enclave.hardware import HardwareFailed
from privity_enclave.keys import UnknownKey
from privity_enclave.node import Node
from privity_enclave.sessions import Open, TableFull, UnknownSession

CHALLENGE: Final = limits.KID + 32  # bytes: key id and nonce
LONGEST_RUN: Final = limits.MAX_REQUEST_RECORDS * limits.REQUEST_RECORD + limits.RUN_HEADER + 32
_NO_STORE: Final = {"cache-control": "no-store, no-transform"}
_DOCUMENTED: Final = (Turned, UnknownKey, UnknownSession, TableFull, PrivityError, TimeoutError, HardwareFailed)


def application(node: Node) -> Starlette:
    """Return the ASGI application of a node."""
    routes = Routes(node)
    return Starlette(
        routes=[
            Route("/ec1/hello", _refusing("hello", routes.hello), methods=["POST"]),
            Route("/ec1/run", Run(node), methods=["POST"]),
            Route("/ec1/challenge", _refusing("challenge", routes.challenge), methods=["POST"]),
            Route("/ec1/node", routes.node, methods=["GET"]),
            Route("/ec1/bundle/{digest}", _refusing("bundle", routes.bundle), methods=["GET"]),
            Route("/healthz", routes.health, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _no_route, Exception: _fault},
    )


class Routes:
    """Everything but RUN."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def hello(self, request: Request) -> Response:
        """Answer a HELLO by a new session."""
        node = self._node
        node.gate.require_open()
        message = await self._exactly(request, limits.HELLO_REQUEST)
        header = parse_hello_header(message[: limits.HELLO_HEADER])
        window = node.keys.find(header.kid)
        sid = os.urandom(limits.SID)
        answer, chain = answer_hello(
            message,
            key=window.key,
            node_document=window.node_document,
            sid=sid,
            ttl=limits.SESSION_TTL,
            encapsulate=xwing.encapsulate,
        )
        node.begin_session(sid, chain, header.kid, window.ends)
        return Response(answer, media_type=MEDIA_TYPE, headers=_NO_STORE)

    async def challenge(self, request: Request) -> Response:
        """Answer a caller's nonce by fresh evidence for a living key."""
        message = await self._exactly(request, CHALLENGE)
        kid, nonce = message[: limits.KID], message[limits.KID :]
        self._node.keys.find(kid)
        self._node.gate.challenge()
        bundle = await asyncio.to_thread(self._node.keys.challenge, kid, nonce)
        return Response(bundle, media_type=BUNDLE_TYPE, headers=_NO_STORE)

    async def node(self, _request: Request) -> Response:
        """List the keys in use."""
        return Response(self._node.keys.publish(), media_type="application/json", headers=_NO_STORE)

    async def bundle(self, request: Request) -> Response:
        """Return the evidence bundle of one key."""
        try:
            digest = bytes.fromhex(request.path_params["digest"])
        except ValueError:
            raise UnknownKey from None
        return Response(self._node.keys.bundle(digest), media_type=BUNDLE_TYPE, headers=_NO_STORE)

    async def health(self, _request: Request) -> Response:
        """Say whether new work is taken on."""
        return Response(status_code=OuterError.BUSY.value if self._node.gate.draining else 200, headers=_NO_STORE)

    async def _exactly(self, request: Request, size: int) -> bytes:
        message = b""
        async with asyncio.timeout(self._node.configuration.limits.request_seconds):
            async for chunk in request.stream():
                message += chunk
                if len(message) > size:
                    break
        if len(message) != size:
            raise Malformed("size", f"expected {size} bytes")
        return message


class Run:
    """RUN: reads one request, then hands it to the node, which answers for as long as it takes."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        try:
            with ExitStack() as stack:
                async with asyncio.timeout(self._node.configuration.limits.request_seconds):
                    chunks = Request(scope, receive).stream()
                    header, rest = await _head(chunks)
                    place = stack.enter_context(self._node.gate.run())
                    received, session = await self._read(header, rest, chunks, place)
                await self._node.answer(received, session, scope, receive, send)
        except ClientDisconnect:
            return
        except _DOCUMENTED as why:
            await _refuse("run", why)(scope, receive, send)

    async def _read(
        self, header: bytes, rest: bytes, chunks: AsyncIterator[bytes], place: Place
    ) -> tuple[RunReceived, Open[ChainKey]]:
        named = parse_run_header(header)
        self._node.keys.find(named.kid)
        session = self._node.take_session(named.sid, named.kid)
        reader = RequestReader(session.chain, header)
        size = limits.RUN_HEADER
        chunk = rest
        try:
            while True:
                size += len(chunk)
                place.hold(len(chunk))
                reader.feed(chunk)
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return reader.finish(), session
        except (Malformed, NotAuthentic):
            # Reading on makes the answer come when the sender is done, whichever record was wrong.
            async for chunk in chunks:
                size += len(chunk)
                if size > LONGEST_RUN:
                    break
            raise
        finally:
            reader.abandon()


async def _head(chunks: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= limits.RUN_HEADER:
            break
    return head[: limits.RUN_HEADER], head[limits.RUN_HEADER :]


def _outer(why: Exception) -> OuterError:
    match why:
        case Turned():
            return why.error
        case UnknownKey():
            return OuterError.UNKNOWN_KEY
        case UnknownSession():
            return OuterError.UNKNOWN_SESSION
        case TableFull() | HardwareFailed():
            return OuterError.BUSY
        case Malformed(reason="too_large"):
            return OuterError.TOO_LARGE
        case _:
            return OuterError.MALFORMED


def _refuse(route: events.Route, why: Exception) -> Response:
    error = _outer(why)
    slow = isinstance(why, TimeoutError)
    events.write(events.Refused(route, "too_slow" if slow else cast(events.Refusal, error.reason)))
    # A slow sender would go on sending into a connection that nobody reads.
    return Response(status_code=error.value, headers=_NO_STORE | ({"connection": "close"} if slow else {}))


def _refusing(
    route: events.Route, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ClientDisconnect:
            return Response(status_code=OuterError.MALFORMED.value)
        except _DOCUMENTED as why:
            return _refuse(route, why)

    return guarded


async def _no_route(_request: Request, error: Exception) -> Response:
    return Response(status_code=error.status_code if isinstance(error, HTTPException) else 404, headers=_NO_STORE)


async def _fault(_request: Request, error: Exception) -> Response:
    # A fault of ours looks like a busy node: a new kind of answer would tell a stranger where we fail.
    events.write(events.Fault(events.place(error)))
    return Response(status_code=OuterError.BUSY.value, headers=_NO_STORE)
