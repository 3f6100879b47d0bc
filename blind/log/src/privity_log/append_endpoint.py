"""Appending over HTTP, for those who know the token: `POST /<log>/append`, the body is the entry.

The answer is the entry's tlog-proof, once a quorum of witnesses has cosigned a head that holds it. Asking again is
harmless: the same entry keeps its place. Source: specs/log-service.md.
"""

import hmac
from collections.abc import Mapping
from typing import Final

from privity_tlog.limits import MAX_ENTRY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_log.bodies import BARE, bounded, plain
from privity_log.errors import LogError
from privity_log.live import LiveLog

STATUS: Final = {"entry_size": 413, "busy": 503, "not_witnessed": 504}
_SCHEME: Final = "Bearer "


def application(logs: Mapping[str, LiveLog], token: str) -> Starlette:
    """Return the application that appends to the logs, named by the last part of their origin."""

    async def append(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"{_SCHEME}{token}".encode()):
            return plain(401, "token")
        log = logs.get(request.path_params["log"])
        if log is None:
            return plain(404, "no such log")
        entry = await bounded(request, MAX_ENTRY)
        if entry is None:
            return plain(413, "entry_size")
        try:
            proof = await log.append(entry)
        except LogError as error:
            return plain(STATUS.get(error.reason, 500), str(error))
        return Response(proof, 200, BARE, media_type="text/plain; charset=utf-8")

    return Starlette(routes=[Route("/{log}/append", append, methods=["POST"])])
