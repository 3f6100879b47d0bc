"""Bodies of requests, bounded while they arrive, and the plainest answers."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

BARE: Final = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


async def bounded(request: Request, most: int) -> bytes | None:
    """Return a request's body, None as soon as it is longer than `most` bytes or the client is gone."""
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > most:
                return None
    except ClientDisconnect:
        return None
    return bytes(data)


def plain(status: int, text: str, headers: Mapping[str, str] = BARE) -> Response:
    """Return a short text that nobody caches."""
    return Response(f"{text}\n", status, dict(headers), media_type="text/plain; charset=utf-8")
