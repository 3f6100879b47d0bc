"""The public documents and the page, as Starlette routes. Source: specs/discovery.md."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from privity_protocol import canonical
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_service.asgi import ANY_ORIGIN
from privity_service.landing import CONTENT_SECURITY_POLICY, page
from privity_service.publication import Document, Publication

Endpoint = Callable[[Request], Awaitable[Response]]
BARE: Final[dict[str, str]] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
PAGE: Final = BARE | {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
FOR_ANYONE: Final = BARE | {name.decode(): value.decode() for name, value in ANY_ORIGIN}
A_WHILE: Final = "public, max-age=60"
SHORTLY: Final = "public, max-age=10"


def serve(request: Request, document: Document | None, headers: Mapping[str, str], caching: str) -> Response:
    """Return `document` with its entity tag, 304 when the client holds it, 404 when there is none."""
    if document is None:
        return Response(status_code=404, headers={**headers, "cache-control": "no-store"})
    own = {**headers, "etag": document.etag, "cache-control": caching}
    held = request.headers.get("if-none-match", "")
    if document.etag in {tag.strip().removeprefix("W/") for tag in held.split(",")}:
        return Response(status_code=304, headers=own)
    return Response(document.data, media_type=document.media_type, headers=own)


def node_routes(publication: Publication) -> list[Route]:
    """Return the routes of bulletin, directory and bundles, open to any origin."""

    async def bulletin(request: Request) -> Response:
        return serve(request, publication.bulletin, FOR_ANYONE, SHORTLY)

    async def directory(request: Request) -> Response:
        return serve(request, publication.directory, FOR_ANYONE, SHORTLY)

    async def bundle(request: Request) -> Response:
        return serve(request, publication.bundles.get(request.path_params["nd"]), FOR_ANYONE, A_WHILE)

    return [
        Route("/v1/bulletin", _with_preflight(bulletin), methods=["GET", "OPTIONS"]),
        Route("/v1/nodes/directory", _with_preflight(directory), methods=["GET", "OPTIONS"]),
        Route("/v1/nodes/{nd}", _with_preflight(bundle), methods=["GET", "OPTIONS"]),
    ]


def own_routes(publication: Publication, origin: str) -> list[Route]:
    """Return the routes of the service origin alone, closed to other origins; `/` is a page in words."""

    async def home(_request: Request) -> Response:
        body = page(nodes=len(publication.bundles), simulated=publication.simulated, origin=origin)
        return Response(body, media_type="text/html; charset=utf-8", headers=PAGE)

    async def discovery(request: Request) -> Response:
        return serve(request, publication.discovery, BARE, SHORTLY)

    return [Route("/", home), Route("/.well-known/privity", discovery), health_route(publication)]


def health_route(publication: Publication) -> Route:
    """Return the route that says whether requests can be carried: 200 when a node is listed, else 503."""

    async def health(_request: Request) -> Response:
        nodes = len(publication.bundles)
        body = canonical.encode({"nodes": nodes, "status": "ready" if nodes else "waiting"})
        status = 200 if nodes else 503
        return Response(body, status, {**BARE, "cache-control": "no-store"}, media_type="application/json")

    return Route("/healthz", health)


def _with_preflight(endpoint: Endpoint) -> Endpoint:
    async def either(request: Request) -> Response:
        if request.method == "OPTIONS":
            allowed = {"access-control-allow-methods": "GET", "access-control-max-age": "86400"}
            return Response(status_code=204, headers={**FOR_ANYONE, **allowed})
        return await endpoint(request)

    return either
