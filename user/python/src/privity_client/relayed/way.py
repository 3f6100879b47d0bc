"""Leads every request of a client to its relay. There is no other way: not when the relay fails, nor when it says so.

Source: specs/relay-forwarder.md, "What a client does".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from privity_client import fetch
from privity_client.errors import ClientError
from privity_client.relayed.oblivious import Oblivious
from privity_client.relayed.relay import Relay

_PUBLIC: Final = ("/.well-known/privity", "/v1/bulletin", "/v1/nodes/")
"""What is asked of the server's own address without an account."""
_PERSONAL: Final = ("authorization", "cookie", "if-match", "if-none-match", "idempotency-key", "origin", "referer")
"""Headers that nothing without an account needs."""


def open_client(url: str, relay: Relay | None, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Return the HTTP client for a server's public files and its channel, through `relay` if there is one.

    Raises ClientError `misuse`.
    """
    if relay is not None and relay.kind == "ohttp":
        return fetch.new_client(relay.url, Oblivious(relay, fetch.new_client(relay.url, transport)))
    client = fetch.new_client(url if relay is None else relay.url, transport)
    if relay is not None:
        hooks = client.event_hooks
        hooks["request"] = [Way(url, relay).turn]
        client.event_hooks = hooks
    return client


class Way:
    """The way from one client to one server through one relay."""

    def __init__(self, url: str, relay: Relay) -> None:
        self._server = _origin(httpx.URL(url))
        self._relay = httpx.URL(relay.url)

    async def turn(self, request: httpx.Request) -> None:
        """Turn a request for the server to the relay, without what could name anybody.

        Raises ClientError `relay_bypassed` for any other place.
        """
        for name in _PERSONAL:
            request.headers.pop(name, None)
        asked = _origin(request.url)
        if asked == _origin(self._relay):
            return
        if asked != self._server or not request.url.path.startswith(_PUBLIC):
            raise ClientError("relay_bypassed", request.url.host)
        place = self._relay
        request.url = request.url.copy_with(scheme=place.scheme, host=place.host, port=place.port, query=None)
        request.headers["host"] = place.netloc.decode("ascii")


@contextmanager
def through(relay: Relay | None) -> Iterator[None]:
    """Let a failure to reach the server name the relay that stands between."""
    try:
        yield
    except ClientError as error:
        if relay is None or error.reason not in ("unreachable", "not_privity"):
            raise
        raise ClientError(error.reason, f"{error.detail}, through relay {relay.name}") from error


def hides(url: str, relay: Relay | None) -> bool:
    """Whether the operator of `url` does not see who asks, as far as addresses tell: not if both are one host."""
    return relay is not None and httpx.URL(url).host != httpx.URL(relay.url).host


def words(url: str, relay: Relay | None) -> str:
    """Return one sentence about the person's network address."""
    if relay is None:
        return "Address not hidden: the operator sees from where you ask."
    if not hides(url, relay):
        return f"Address not hidden: relay {relay.name} is on the server's own host."
    by = f"relay {relay.name}" if relay.kind == "forward" else f"relay {relay.name} (Oblivious HTTP)"
    return f"Address hidden from the operator by {by}, which sees it and cannot read."


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
