"""What a relay hands out of the operator's public files: a closed list of paths, bounded, fetched once for all who ask.

Source: specs/relay-forwarder.md, "Public files". Nothing of a client's request travels but which of these files it is:
no header, no query, no entity tag, by which an operator could know somebody again.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from privity_protocol import canonical
from privity_protocol.errors import PrivityError
from privity_protocol.limits import MAX_BUNDLE

from privity_service.relay.settings import Place, Settings, split
from privity_service.upstream import Upstreams

DISCOVERY: Final = "/.well-known/privity"
GATEWAY: Final = "/.well-known/ohttp-gateway"
"""Where a gateway is asked, and where its keys are (RFC 9540)."""
MAX_KEYS: Final = 4096  # bytes
MAX_DISCOVERY: Final = 16_384  # bytes
MAX_BULLETIN: Final = 1_048_576
MAX_DIRECTORY: Final = 65_535
MAX_CHECKPOINT: Final = 65_536
MAX_TILE: Final = 256 * 32
MAX_ENTRIES: Final = 256 * (2 + 65_535)
ANSWER_SECONDS: Final = 15.0  # for a file that is kept, whole
SHORTLY: Final = 10.0  # seconds for which a file that changes is handed out without asking again
A_WHILE: Final = 60.0
LONG: Final = 3600.0  # tiles never change
_JSON: Final = b"application/json"
_BUNDLE: Final = re.compile("/v1/nodes/([0-9a-f]{64})")
_LOG: Final = re.compile(
    r"/logs/([0-7])/(checkpoint|tile/(?:entries|[0-6])/(?:x[0-9]{3}/){0,5}[0-9]{3}(?:\.p/[0-9]{1,3})?)"
)


class Unavailable(Exception):
    """The file cannot be had; `status` is what the client is answered."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True, slots=True)
class File:
    """One file: where it is, how large it may be in bytes, and for how many seconds it is kept; 0: passed through."""

    place: Place
    path: str
    most: int
    media_type: bytes
    seconds: float


class Files:
    """The closed list of files, by the path that a client asks for."""

    def __init__(self, settings: Settings) -> None:
        self._service = Place(settings.service)
        self._run = Place(settings.run)
        gateway = getattr(settings, "gateway", None)
        self._gateway = None if gateway is None else Place(gateway)
        self._logs = [split(log.url) for log in settings.logs]

    def at(self, path: str) -> File | None:
        """Return the file behind `path`, None when it is none that a relay hands out."""
        match path:
            case "/.well-known/privity":
                return File(self._service, DISCOVERY, MAX_DISCOVERY, _JSON, SHORTLY)
            case "/v1/bulletin":
                return File(self._run, path, MAX_BULLETIN, _JSON, SHORTLY)
            case "/v1/nodes/directory":
                return File(self._run, path, MAX_DIRECTORY, _JSON, SHORTLY)
        if path == GATEWAY and self._gateway is not None:
            return File(self._gateway, path, MAX_KEYS, b"application/ohttp-keys", A_WHILE)
        if _BUNDLE.fullmatch(path):
            return File(self._run, path, MAX_BUNDLE, b"application/cmw+json", A_WHILE)
        return self._of_a_log(path)

    def _of_a_log(self, path: str) -> File | None:
        found = _LOG.fullmatch(path)
        if found is None or int(found[1]) >= len(self._logs):
            return None
        (place, prefix), name = self._logs[int(found[1])], found[2]
        if name == "checkpoint":
            return File(place, f"{prefix}/{name}", MAX_CHECKPOINT, b"text/plain; charset=utf-8", SHORTLY)
        if name.startswith("tile/entries/"):
            return File(place, f"{prefix}/{name}", MAX_ENTRIES, b"application/octet-stream", 0.0)
        return File(place, f"{prefix}/{name}", MAX_TILE, b"application/octet-stream", LONG)


@asynccontextmanager
async def asked(upstreams: Upstreams, file: File) -> AsyncIterator[aiohttp.ClientResponse]:
    """Ask for a file and yield the answer, whose status is 200 and whose end can be told. Raises Unavailable."""
    session = upstreams.session(file.place)
    try:
        async with session.get(f"{file.place.base}{file.path}", allow_redirects=False) as response:
            if response.status != 200:
                raise Unavailable(404 if response.status in {404, 410} else 503)
            yield response
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unavailable(503) from error


async def whole(upstreams: Upstreams, file: File) -> bytes:
    """Return a whole file. Raises Unavailable: also for one that is larger than such a file may be."""
    data = bytearray()
    async with asked(upstreams, file) as response:
        async for part in response.content.iter_any():
            data += part
            if len(data) > file.most:
                raise Unavailable(503)
    return bytes(data)


def rewritten(data: bytes, settings: Settings, public: str) -> bytes:
    """Return a discovery document in which channel and logs are behind this relay. Raises Unavailable.

    Where they really are comes from the relay's own configuration: an operator's document moves it nowhere.
    """
    try:
        value = canonical.decode(data, max_bytes=MAX_DISCOVERY)
    except PrivityError as error:
        raise Unavailable(503) from error
    if not isinstance(value, dict):
        raise Unavailable(503)
    logs = [{"origin": log.origin, "url": f"{public}/logs/{at}"} for at, log in enumerate(settings.logs)]
    return canonical.encode({**value, "run": public, "logs": logs, "relays": []})
