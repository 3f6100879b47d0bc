"""The two applications of the process: the service origin and the relay (run) origin."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_service.asgi import App
from privity_service.configuration import Configuration, parse_address
from privity_service.forwarding import CHALLENGE_ROUTE, HELLO, RUN, Deadlines, Forwarder
from privity_service.public_files import BARE, health_route, node_routes, own_routes
from privity_service.publication import Publication
from privity_service.registry import Entry, Registry
from privity_service.streams import Streams
from privity_service.upstream import Upstreams
from privity_service.web_routes import around

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


@dataclass
class State:
    """What both applications and the poller share."""

    registry: Registry
    publication: Publication
    upstreams: Upstreams
    streams: Streams
    counts: Counter[str] = field(default_factory=Counter)
    deadlines: Deadlines = field(default_factory=Deadlines)

    @classmethod
    def of(cls, configuration: Configuration, earlier_directory: bytes | None) -> "State":
        """Return the state of a fresh process."""
        return cls(
            registry=Registry([Entry(parse_address(node)) for node in configuration.nodes]),
            publication=Publication(configuration, earlier_directory),
            upstreams=Upstreams(),
            streams=Streams(configuration.limits.streams),
        )


def service_application(state: State, origin: str, web: App | None = None) -> App:
    """Return the application of the service origin: discovery, nodes, health, and `web` or a page in words."""
    documents = _application([*own_routes(state.publication, origin), *node_routes(state.publication)])
    return documents if web is None else around(documents, web)


def relay_application(state: State) -> App:
    """Return the application of the relay origin: the three forwarded routes, nodes, health."""
    forwarded = [
        Route(
            f"/ec1/{route.name}",
            Forwarder(route, state.registry, state.upstreams, state.counts, state.streams, state.deadlines),
        )
        for route in (HELLO, RUN, CHALLENGE_ROUTE)
    ]
    return _application([*forwarded, *node_routes(state.publication), health_route(state.publication)])


def _application(routes: list[Route]) -> App:
    handlers: dict[int | type[Exception], ErrorHandler] = {404: _bare, 405: _bare}
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False
    return application


async def _bare(_request: Request, error: Exception) -> Response:
    status: int = getattr(error, "status_code", 500)
    allow = {name: value for name, value in (getattr(error, "headers", None) or {}).items() if name.lower() == "allow"}
    return Response(status_code=status, headers={**BARE, **allow, "cache-control": "no-store"})
