"""What local mode carries to a server and back: the account service, the channel, the logs' public files, unread.

The page reaches its own origin only, and this process the server; bodies are streamed, and of headers only those travel
that the protocols name.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx
from privity_protocol import canonical
from privity_protocol.errors import Malformed
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from privity_client import fetch, wellknown
from privity_client.errors import ClientError
from privity_client.wellknown import WellKnown

MAX_BODY: Final = 288 * 2**20
"""Bytes of one request: the largest of the channel, with room for what seals it."""
ASKED: Final = ("authorization", "content-type", "accept", "if-match", "if-none-match", "idempotency-key")
ANSWERED: Final = (
    "content-type",
    "content-length",
    "etag",
    "cache-control",
    "retry-after",
    "www-authenticate",
    "allow",
)
PUBLIC: Final = ("/v1/bulletin", "/v1/nodes/")
ROUTES: Final = frozenset({"hello", "run", "challenge"})
QUIET: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Forwarder:
    """One server. `origin` is where the page is."""

    def __init__(
        self, client: httpx.AsyncClient, server: str, origin: str, *, relayed: httpx.AsyncClient | None = None
    ) -> None:
        """`relayed` carries what names no account, through a relay; what names one goes to the server by `client`."""
        self._client = client
        self._relayed = relayed or client
        self._server = server.rstrip("/")
        self._origin = origin
        self._told: WellKnown | None = None
        self._run: str | None = None

    async def hints(self, _request: Request) -> Response:
        """Answer for `/.well-known/privity`: the server's own, with the channel and the logs behind this origin."""
        try:
            data = await self._hints()
        except ClientError:
            return Response(status_code=502, headers=QUIET)
        return Response(data, media_type="application/json", headers=QUIET)

    async def run(self, _request: Request) -> Response:
        """Answer with the run origin by which tokens know the server, which is asked once, not with each question."""
        if self._run is None:
            address = f"{self._server}/.well-known/privity"
            try:
                told = wellknown.decode(await fetch.get(self._client, address, limit=wellknown.MAX_WELL_KNOWN))
            except (ClientError, Malformed):
                return Response(status_code=502, headers=QUIET)
            self._run = told.run
        return Response(canonical.encode({"v": 1, "run": self._run}), media_type="application/json", headers=QUIET)

    async def service(self, request: Request) -> Response:
        """Carry a request below `/v1/`."""
        public = request.url.path.startswith(PUBLIC)
        return await self._carry(
            request, f"{self._server}{_target(request)}", self._relayed if public else self._client
        )

    async def channel(self, request: Request) -> Response:
        """Carry HELLO, RUN or a challenge to the run origin."""
        name = request.path_params["name"]
        if name not in ROUTES:
            return Response(status_code=404, headers=QUIET)
        told = await self._known()
        return await self._carry(request, None if told is None else f"{told.run}/ec1/{name}", self._relayed)

    async def log(self, request: Request) -> Response:
        """Carry a question for a log's public file."""
        told, number = await self._known(), request.path_params["number"]
        addresses = [] if told is None else list(told.logs.values())
        if told is not None and number >= len(addresses):
            return Response(status_code=404, headers=QUIET)
        address = f"{addresses[number]}/{request.path_params['path']}" if addresses else None
        return await self._carry(request, address, self._relayed)

    async def _known(self) -> WellKnown | None:
        if self._told is None:
            try:
                await self._hints()
            except ClientError:
                return None
        return self._told

    async def _hints(self) -> bytes:
        """Return the rewritten hints. Raises ClientError."""
        address = f"{self._server}/.well-known/privity"
        data = await fetch.get(self._relayed, address, limit=wellknown.MAX_WELL_KNOWN)
        try:
            self._told = wellknown.decode(data)
            value = canonical.decode(data, max_bytes=wellknown.MAX_WELL_KNOWN)
        except Malformed as error:
            raise ClientError("not_privity", address) from error
        assert isinstance(value, dict)
        logs = [{"origin": one, "url": f"{self._origin}/logs/{at}"} for at, one in enumerate(self._told.logs)]
        return canonical.encode({**value, "run": self._origin, "logs": logs, "relays": []})

    async def _carry(self, request: Request, address: str | None, client: httpx.AsyncClient) -> Response:
        if address is None:
            return Response(status_code=502, headers=QUIET)
        headers = {name: request.headers[name] for name in ASKED if name in request.headers}
        has_body = request.method in {"POST", "PUT", "PATCH", "DELETE"}
        asked = client.build_request(
            request.method,
            address,
            headers={**headers, "accept-encoding": "identity"},
            content=_bounded(request) if has_body else None,
        )
        try:
            answer = await client.send(asked, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, ClientError):
            return Response(status_code=502, headers=QUIET)
        return StreamingResponse(_pieces(answer), answer.status_code, headers=_kept(answer.headers))


def _target(request: Request) -> str:
    """The path and query exactly as they came: a name inside may be escaped."""
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("ascii")


async def _bounded(request: Request) -> AsyncIterator[bytes]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise httpx.WriteError("more than a request of the protocol")
        yield part


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_raw():
            yield part
    finally:
        await answer.aclose()


def _kept(headers: httpx.Headers) -> Mapping[str, str]:
    return {**QUIET, **{name: headers[name] for name in ANSWERED if name in headers}}
