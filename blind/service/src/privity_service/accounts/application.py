"""The routes of the account service as Starlette routes."""

from collections import defaultdict
from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_service.accounts import openapi
from privity_service.accounts.events import EventStream
from privity_service.accounts.exchange import HEADERS, Exchange, refusal
from privity_service.accounts.house import House
from privity_service.accounts.operations import OPERATIONS
from privity_service.accounts.problem import Problem

Endpoint = Callable[[Request], Awaitable[Response]]
ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


def routes(house: House) -> list[Route]:
    """Every route, fixed paths before those with parameters."""
    by_path: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
    for operation in OPERATIONS:
        by_path[operation.path][operation.method] = Exchange(operation, house)
    by_path["/v1/events"]["GET"] = EventStream(house)
    by_path[openapi.PATH]["GET"] = _fixed(openapi.document(), "application/json")
    by_path["/.well-known/webauthn"]["GET"] = _fixed({"origins": list(house.origins)}, "application/json")
    managed = {"enroll": f"{house.origins[0]}/devices", "manage": f"{house.origins[0]}/devices"}
    by_path["/.well-known/passkey-endpoints"]["GET"] = _fixed(managed, "application/json")
    # A path with parameters would swallow the fixed ones beside it.
    ordered = sorted(by_path.items(), key=lambda one: ("{" in one[0].rpartition("/")[2], one[0]))
    return [Route(path, _by_method(methods), methods=[*methods, "OPTIONS"]) for path, methods in ordered]


def application(house: House) -> Starlette:
    """The account service alone, as tests and the process mount it."""
    handlers: dict[int | type[Exception], ErrorHandler] = {
        404: _answering("request.unknown"),
        405: _answering("request.method"),
        500: _answering("service.failed"),
    }
    made = Starlette(routes=routes(house), exception_handlers=handlers)
    made.router.redirect_slashes = False
    return made


def _fixed(value: object, media_type: str) -> Endpoint:
    body = msgspec.json.encode(value)

    async def serve(_request: Request) -> Response:
        return Response(body, 200, HEADERS, media_type)

    return serve


def _by_method(methods: dict[str, Endpoint]) -> Endpoint:
    allowed = ", ".join(sorted(methods))
    preflight = {
        **HEADERS,
        "access-control-allow-methods": allowed,
        "access-control-allow-headers": "authorization, content-type, if-match, idempotency-key",
        "access-control-max-age": "86400",
    }

    async def either(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=preflight)
        endpoint = methods.get(request.method)
        if endpoint is None:
            refused = refusal(Problem("request.method", allowed))
            refused.headers["allow"] = allowed
            return refused
        return await endpoint(request)

    return either


def _answering(reason: str) -> ErrorHandler:
    async def answer(_request: Request, error: Exception) -> Response:
        refused = refusal(Problem(reason))
        allow = (getattr(error, "headers", None) or {}).get("Allow")
        if allow:
            refused.headers["allow"] = allow
        return refused

    return answer
