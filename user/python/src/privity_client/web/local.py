"""Local mode as an application: the page from this disk at one address, the server behind it.

Source: specs/web-delivery.md. Only this machine's browser may come: by the name `localhost`, from this page. Another
name is a page of somebody else that a name server points here, or an address, which cannot hold passkeys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final

import httpx
from privity_protocol import canonical
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from privity_client.relayed.relay import Relay
from privity_client.trust import pins
from privity_client.trust.pins import Pin
from privity_client.web.bundle import INDEX, Bundle
from privity_client.web.forward import QUIET, Forwarder
from privity_client.web.headers import headers_for

STATEMENT: Final = "/.well-known/privity-local"
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Local:
    """What is served: a build, for a server, at a port of this machine; `pin` says which logs count there.

    `relay` carries what names no account, None for none.
    """

    bundle: Bundle
    server: str
    port: int
    pin: Pin | None
    relay: Relay | None = None

    @property
    def origin(self) -> str:
        """Return the address that a person opens."""
        return f"http://localhost:{self.port}"

    def statement(self) -> bytes:
        """Return what the page reads at an address that no server answers."""
        pin = None if self.pin is None else canonical.base64url_encode(pins.encode(self.pin))
        relay = None if self.relay is None else _origin(self.relay.url)
        return canonical.encode({"v": 1, "server": self.server, "pin": pin, "relay": relay})


def _origin(url: str) -> str:
    """The origin of an address as browsers write it."""
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode('ascii')}"


def application(local: Local, forwarder: Forwarder) -> Any:
    """Return the ASGI application of local mode. Raises ClientError `web_unusable`."""
    files = local.bundle.files()
    headers = headers_for(files[INDEX], [])

    async def statement(_request: Request) -> Response:
        return Response(local.statement(), media_type="application/json", headers=QUIET)

    async def page(request: Request) -> Response:
        name = request.path_params["path"]
        if name == INDEX or name not in files:
            name = INDEX if _opens_the_page(name) else ""
        if not name:
            return Response(status_code=404, headers=headers)
        # A new version of the package is another page at the same address: nothing of the last may stay.
        own = {**headers, "cache-control": "no-cache", "etag": f'"{sha256(files[name]).hexdigest()[:32]}"'}
        if request.headers.get("if-none-match") == own["etag"]:
            return Response(status_code=304, headers=own)
        return Response(files[name], media_type=TYPES.get(PurePosixPath(name).suffix), headers=own)

    routes = [
        Route(STATEMENT, statement),
        Route(f"{STATEMENT}/run", forwarder.run),
        Route("/.well-known/privity", forwarder.hints),
        Route("/v1/{path:path}", forwarder.service, methods=METHODS),
        Route("/ec1/{name}", forwarder.channel, methods=["POST"]),
        Route("/logs/{number:int}/{path:path}", forwarder.log),
        Route("/{path:path}", page),
    ]
    made = Starlette(routes=routes)
    made.router.redirect_slashes = False
    return guarded(made, local)


def guarded(inner: Any, local: Local) -> Any:
    """Return `inner` for requests by its own name and from its own page alone."""
    host = f"localhost:{local.port}"
    addresses = {f"127.0.0.1:{local.port}", f"[::1]:{local.port}"}

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        named, origin = request.headers.get("host", ""), request.headers.get("origin")
        if named in addresses:
            refused: Response = RedirectResponse(f"{local.origin}{request.url.path}", 308, headers=QUIET)
        elif named != host or (origin is not None and origin != local.origin):
            refused = Response(status_code=403, headers=QUIET)
        else:
            await inner(scope, receive, send)
            return
        await refused(scope, receive, send)

    return guard


def _opens_the_page(name: str) -> bool:
    return name in {"", "devices", "link"} or (name.startswith("s/") and name.count("/") == 1)
