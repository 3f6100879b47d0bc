"""From an HTTP request to a handler and back: scope, then body, then handler, the last two in one thread."""

from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from privity_service.accounts import tokens
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House
from privity_service.accounts.operations import MAX_NUMBER, Octets, Operation, most_sent
from privity_service.accounts.problem import Problem
from privity_service.accounts.tokens import Caller
from privity_service.accounts.wire import ProblemBody
from privity_service.asgi import ANY_ORIGIN
from privity_service.prefix import network_prefix

HEADERS: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "access-control-expose-headers": "retry-after",
    **{name.decode(): value.decode() for name, value in ANY_ORIGIN},
}
SMALL: Final = 65_536
"""Bytes of a body that are read before the token is looked at, so that one thread does everything after them."""
_encoder = msgspec.json.Encoder()


class Exchange:
    """The endpoint of one operation."""

    def __init__(self, operation: Operation, house: House) -> None:
        self._operation = operation
        self._house = house
        takes = operation.takes
        self._decoder = None if takes is None or isinstance(takes, Octets) else msgspec.json.Decoder(takes, strict=True)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self._response(await self._answer(request))
        except Problem as problem:
            return refusal(problem)
        except ClientDisconnect:
            return Response(status_code=400)

    async def _answer(self, request: Request) -> Answer:
        operation, house = self._operation, self._house
        most = most_sent(operation)
        large = declared_length(request) > min(SMALL, most)
        early = await house.database.run(lambda: self._established(request), writes=False) if large else None
        raw = await read(request, most)

        def work() -> tuple[Caller | None, Answer]:
            who = early if large else self._established(request)
            call = Call(
                who=who,
                prefix=prefix_of(house, request),
                body=None if self._decoder is None else self._decoded(raw),
                raw=raw,
                path={name: str(value) for name, value in request.path_params.items()},
                query=self._query(request),
                headers=request.headers,
            )
            return who, operation.handler(house, call)

        who, answer = await house.database.run(work, writes=operation.writes)
        if operation.tells and who is not None:
            house.news.tell(who.account)
        return answer

    def _established(self, request: Request) -> Caller | None:
        """Who asks, None where nobody needs to say. Raises Problem."""
        scope, database = self._operation.scope, self._house.database
        if scope is None:
            return None
        with database.looking() as connection:
            who = tokens.caller(connection, self._house, request.headers.get("authorization"))
        tokens.demand(who, scope)
        return who

    def _decoded(self, raw: bytes) -> msgspec.Struct:
        assert self._decoder is not None
        try:
            body: msgspec.Struct = self._decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The text names members and types, never what was sent.
            raise Problem("request.malformed", str(error)[:200] or "not JSON") from error
        return body

    def _query(self, request: Request) -> dict[str, int]:
        given = request.query_params
        values: dict[str, int] = {}
        for name, number in self._operation.query.items():
            text = given.get(name, str(number.default))
            if not (text.isascii() and text.isdigit() and len(text) <= 16 and len(given.getlist(name)) <= 1):
                raise Problem("request.malformed", f"{name} is a number")
            values[name] = int(text)
            if not number.least <= values[name] <= number.most:
                raise Problem("request.malformed", f"{name} is {number.least} to {number.most}")
        if set(given) - set(values):
            raise Problem("request.malformed", "a query parameter that is not listed")
        return values

    def _response(self, answer: Answer) -> Response:
        match answer.value:
            case None:
                return Response(status_code=answer.status, headers=HEADERS)
            case bytes() as data:
                return Response(data, answer.status, HEADERS, "application/octet-stream")
            case value:
                return Response(_encoder.encode(value), answer.status, HEADERS, "application/json")


def declared_length(request: Request) -> int:
    """The bytes that will come; more than anything may have when the request does not say."""
    text = request.headers.get("content-length")
    if text is None:
        return MAX_NUMBER if "transfer-encoding" in request.headers else 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else MAX_NUMBER


async def read(request: Request, most: int) -> bytes:
    """The body, which is refused as soon as it is too large. Raises Problem `request.too_large`."""
    if "transfer-encoding" not in request.headers and declared_length(request) > most:
        raise Problem("request.too_large", f"at most {most} bytes")
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > most:
            raise Problem("request.too_large", f"at most {most} bytes")
    return bytes(parts)


def prefix_of(house: House, request: Request) -> bytes:
    """The blinded network prefix of whoever asks; without one, everybody counts as one."""
    if house.settings.believe_forwarded_for:
        prefix = network_prefix(request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip())
        return house.blinded(prefix)
    return house.blinded(request.scope.get("state", {}).get("prefix", b""))


def refusal(problem: Problem) -> Response:
    """The answer to a refused request. The connection ends when a body may be unread."""
    body = _encoder.encode(ProblemBody(problem.reason, problem.detail, problem.retry_after))
    headers = dict(HEADERS)
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    if problem.status in (401, 403, 413):
        headers["connection"] = "close"
    return Response(body, problem.status, headers, "application/problem+json")
