"""HTTP with bounds: every body has a limit before the first byte is read. No cookies, no redirects, no credentials."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from privity_client.errors import ClientError

CONNECT_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 30.0
"""Seconds without a byte after which a paced stream counts as cut: its clock ticks ten times a second."""
QUIET_UNPACED_SECONDS: Final = 180.0
"""The same for profile p0, where a long prompt is read in silence."""
CONNECTIONS: Final = 1024
"""At most so many at once: each stream of an answer holds one, and `privity proxy` carries many of them."""
IDLE: Final = 16
"""Connections above which one that is done is closed: the pool walks all that it has at each request."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def quiet_seconds(profile: str) -> float:
    """Return the silence after which a stream of this traffic profile counts as cut."""
    return QUIET_UNPACED_SECONDS if profile == "p0" else QUIET_SECONDS


def new_client(url: str, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Return the HTTP client of one run. It follows nothing, keeps no cookie, uses a proxy only for other machines."""
    try:
        host = urlsplit(url).hostname
    except ValueError as error:
        raise ClientError("misuse", "--url is not an address") from error
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(QUIET_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=IDLE),
        follow_redirects=False,
        headers={"user-agent": "privity"},
        trust_env=host not in LOOPBACK,
        transport=transport,
    )

    async def forget(_response: httpx.Response) -> None:
        # A cookie would let a relay recognise the same client behind two requests.
        client.cookies.clear()

    client.event_hooks = {"response": [forget]}
    return client


async def get(client: httpx.AsyncClient, url: str, *, limit: int) -> bytes:
    """Return the body of `url`, at most `limit` bytes.

    Raises ClientError: `unreachable`, `not_privity` (any status but 200), `too_much`.
    """
    try:
        async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
            if response.status_code != 200:
                raise ClientError("not_privity", f"{url} answered {response.status_code}")
            return await read_bounded(response, limit)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ClientError("unreachable", f"{url} ({type(error).__name__})") from error


async def read_bounded(response: httpx.Response, limit: int) -> bytes:
    """Return the body unless it exceeds `limit` bytes, in which case the rest is never read. Raises `too_much`."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise ClientError("too_much", f"more than {limit} bytes")
    return bytes(body)
