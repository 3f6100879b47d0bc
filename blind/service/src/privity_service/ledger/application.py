"""The ledger's routes. Source: specs/ledger.md, sections "Call" and "Issuers"."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from privity_protocol.canonical import base64url_decode
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes, Signed
from privity_service.ledger.refusal import Refused
from privity_service.ledger.states import Row, State
from privity_service.ledger.writer import Writer

MAX_BODY: Final = 16_384
HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
Text = Annotated[str, msgspec.Meta(min_length=2, max_length=8192)]


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed call."""

    node: Text
    call: Text
    signature: Text


class Told(msgspec.Struct, frozen=True):
    """Where the token is now; `lease` in seconds left while it is reserved."""

    state: Literal["reserved", "spent", "released"]
    lease: int | None
    tries: int


class ProblemBody(msgspec.Struct, frozen=True):
    """Why a call came to nothing."""

    reason: str
    detail: str
    retry_after: int | None


@dataclass(frozen=True)
class Ledger:
    """What the routes need."""

    nodes: Nodes
    issuers: Issuers
    writer: Writer
    clock: Callable[[], int]

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        try:
            call = self.nodes.believed(_signed(await _body(request)), self.clock())
            row, now = await asyncio.wrap_future(self.writer.submit(call))
        except Refused as refused:
            return _refusal(refused)
        except ClientDisconnect:
            return Response(status_code=400)
        return Response(msgspec.json.encode(_told(row, now)), 200, HEADERS, "application/json")

    async def listed(self, _request: Request) -> Response:
        """The newest list of issuer keys that was logged."""
        leaf = self.issuers.leaf()
        if leaf is None:
            return Response(status_code=404, headers=HEADERS)
        return Response(leaf, 200, HEADERS, "application/json")


def application(ledger: Ledger) -> Starlette:
    """The ledger as an ASGI application."""
    endpoint: Callable[[Request], Awaitable[Response]] = ledger.__call__
    made = Starlette(
        routes=[
            Route("/v1/ledger", endpoint, methods=["POST"]),
            Route("/v1/issuers", ledger.listed, methods=["GET"]),
            Route("/health", _health),
        ]
    )
    made.router.redirect_slashes = False
    return made


async def _health(_request: Request) -> Response:
    return Response(status_code=200, headers=HEADERS)


async def _body(request: Request) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > MAX_BODY:
            raise Refused("request.too_large", f"at most {MAX_BODY} bytes")
    return bytes(parts)


def _signed(data: bytes) -> Signed:
    try:
        sent = msgspec.json.decode(data, type=Sent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("request.malformed", "not a signed call") from error
    parts = [base64url_decode(one) for one in (sent.node, sent.call, sent.signature)]
    if any(one is None for one in parts):
        raise Refused("request.malformed", "not base64url in its one spelling")
    return Signed(*(one or b"" for one in parts))


def _told(row: Row, now: int) -> Told:
    match row.state:
        case State.RESERVED:
            return Told("reserved", max(row.lease - now, 0), row.tries)
        case State.SPENT:
            return Told("spent", None, row.tries)
        case State.RELEASED:
            return Told("released", None, row.tries)


def _refusal(refused: Refused) -> Response:
    headers = dict(HEADERS)
    if refused.retry_after is not None:
        headers["retry-after"] = str(refused.retry_after)
    body = msgspec.json.encode(ProblemBody(refused.reason, refused.detail, refused.retry_after))
    return Response(body, refused.status, headers, "application/problem+json")
