"""The web client as an ASGI application: one look-up in memory for each request. Source: specs/web-delivery.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from privity_service.asgi import App, Receive, Scope, Send
from privity_service.configuration import Configuration, ConfigurationRefused, WebPlace
from privity_service.web_client import NEVER, File, Unusable, WebClient

METHODS: Final = ("GET", "HEAD")
_DOCUMENTS: Final = ("/v1/", "/ec1/", "/.well-known/")
_HEALTH: Final = "/healthz"


def open_web(configuration: Configuration, place: WebPlace) -> App:
    """Return the web client of the folder that is configured. Raises ConfigurationRefused."""
    try:
        client = WebClient.read(Path(place.folder))
    except Unusable as error:
        raise ConfigurationRefused(str(error)) from error
    logs = {_origin(log.url) for log in configuration.logs}
    # Through one of these a person may ask instead; a page cannot use Oblivious HTTP.
    relays = {offer.url for offer in configuration.relays if offer.kind == "forward"}
    return web_application(client, [configuration.public_run_origin, *sorted(logs | relays)])


def around(documents: App, web: App) -> App:
    """Return the service origin with a web client: the documents where they are, the client everywhere else."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        await (documents if path.startswith(_DOCUMENTS) or path == _HEALTH else web)(scope, receive, send)

    return either


def web_application(client: WebClient, reached: Sequence[str]) -> App:
    """Return the application that serves `client`, whose page may reach these origins beside its own."""
    headers = client.headers(reached)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(Request(scope), client, headers)(scope, receive, send)

    return serve


def _answer(request: Request, client: WebClient, headers: Mapping[str, str]) -> Response:
    if request.method not in METHODS:
        return Response(status_code=405, headers={**headers, "allow": ", ".join(METHODS), "cache-control": NEVER})
    file = client.at(request.url.path)
    if file is None:
        return Response(status_code=404, headers={**headers, "cache-control": NEVER})
    return _sent(request, file, headers)


def _sent(request: Request, file: File, headers: Mapping[str, str]) -> Response:
    own = {**headers, "cache-control": file.caching, "etag": file.etag, "vary": "accept-encoding"}
    held = request.headers.get("if-none-match", "")
    if file.etag in {tag.strip().removeprefix("W/") for tag in held.split(",")}:
        return Response(status_code=304, headers=own)
    if file.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(file.compressed, media_type=file.media_type, headers={**own, "content-encoding": "gzip"})
    return Response(file.data, media_type=file.media_type, headers=own)


def _takes_gzip(accepted: str) -> bool:
    """Whether a request names gzip, and not to refuse it."""
    for one in accepted.lower().split(","):
        name, *terms = (part.strip() for part in one.split(";"))
        if name == "gzip":
            return not any(term.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for term in terms)
    return False


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
