"""The ASGI types of this package and the answers that every route may give; their headers are built, never copied."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from privity_protocol.admission import OuterError

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

NO_STORE: Final = (b"cache-control", b"no-store, no-transform")
NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
ANY_ORIGIN: Final[tuple[Header, ...]] = (
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
EXPOSED: Final = (NO_STORE, NO_SNIFF, *ANY_ORIGIN)


async def answer(send: Send, status: int, headers: Iterable[Header] = (), body: bytes = b"") -> None:
    """Send one whole answer."""
    length = (b"content-length", str(len(body)).encode())
    sized = [] if status in (204, 304) else [length]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *sized]})
    await send({"type": "http.response.body", "body": body})


async def preflight(send: Send, method: bytes) -> None:
    """Answer a cross-origin preflight: any origin, one method, one header, no credentials."""
    allowed = (
        (b"access-control-allow-methods", method),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"86400"),
    )
    await answer(send, 204, (NO_SNIFF, *ANY_ORIGIN, *allowed))


async def method_not_allowed(send: Send, allowed: bytes) -> None:
    """Refuse a method; nothing of the body is read."""
    await answer(send, 405, (*EXPOSED, (b"allow", allowed), (b"connection", b"close")))


async def refuse(send: Send, error: OuterError, before_closing: Callable[[], Awaitable[None]]) -> None:
    """Send an outer error: a status, an empty body. Then the connection ends, since its body may be unread.

    `before_closing` may take what is still arriving, so that the answer is not lost in a reset.
    """
    headers = [*EXPOSED, (b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.value, "headers": headers})
    await before_closing()
    await send({"type": "http.response.body", "body": b""})
