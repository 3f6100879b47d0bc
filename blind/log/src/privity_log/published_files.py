"""The read side: `checkpoint` and `tile/...` of each log as plain files, and nothing else. Source: C2SP tlog-tiles.

Any web server can do the same from the folder `public`; what it must add is in docs/operating/log.md.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_log.bodies import plain

_NUMBER: Final = r"(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
_TILE: Final = re.compile(rf"tile/(?:entries|[0-9]|[1-5][0-9]|6[0-3])/{_NUMBER}")
CHECKPOINT: Final = "checkpoint"
FOREVER: Final = "public, max-age=31536000, immutable"
SHORTLY: Final = "public, max-age=1"
_HEADERS: Final = {"x-content-type-options": "nosniff", "access-control-allow-origin": "*"}
NOWHERE: Final = {**_HEADERS, "cache-control": "no-store"}
"""Readable from a page of any origin: a partial tile that has become a full one is no failed connection."""


def application(logs: Mapping[str, Path]) -> Starlette:
    """Return the application that serves, under each log's last path part, the files of its public folder."""

    async def file(request: Request) -> Response:
        folder, path = logs.get(request.path_params["log"]), request.path_params["path"]
        if folder is None or not (path == CHECKPOINT or _TILE.fullmatch(path)):
            return plain(404, "no such file", NOWHERE)
        data = await asyncio.to_thread(_read, folder / path)
        if data is None:
            return plain(404, "no such file", NOWHERE)
        if path == CHECKPOINT:
            headers = {**_HEADERS, "cache-control": SHORTLY, "content-type": "text/plain; charset=utf-8"}
        else:
            headers = {**_HEADERS, "cache-control": FOREVER, "content-type": "application/octet-stream"}
        return Response(data, 200, headers)

    made = Starlette(routes=[Route("/{log}/{path:path}", file, methods=["GET"])])
    made.router.redirect_slashes = False
    return made


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
