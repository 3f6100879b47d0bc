"""One HTTP/1.1 connection: uvicorn's, with the bounds that uvicorn leaves to a proxy in front of it.

A head must be whole in time and small, connections are counted, a refusal has no text, and the peer's address never
reaches the application: where accounts are limited by network, its prefix does, to be counted in memory.
"""

import asyncio
import socket
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from privity_service.prefix import network_prefix

MAX_HEAD: Final = 16384  # bytes from request line to empty line
UNACKNOWLEDGED: Final = 30_000  # milliseconds after which a peer that confirms no byte counts as gone
HEAD_SECONDS: Final = 10.0  # from a connection's or head's first byte to its last
WRITE_BUFFER: Final = 16384  # bytes waiting for a slow reader before the stream stops being read


class Connection(HttpToolsProtocol):
    """A connection of one of the two listeners."""

    head_seconds = HEAD_SECONDS
    most_connections = 8000
    tells_prefix = False

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._framing = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection, or close it when there are too many."""
        super().connection_made(transport)
        if self.tells_prefix:
            self.app_state = self.app_state | {"prefix": network_prefix(self.client[0] if self.client else "")}
        self.client = None
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        _notice_silence(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; close when what is not body (head, chunk sizes, trailers) outgrows its bound."""
        self._framing += len(data)
        super().data_received(data)
        if self._framing > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin to time a head."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Stop timing the head; hand the request over."""
        self._stop_head_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take body bytes out of the count, once for themselves and once to pay for their chunk's framing."""
        self._framing -= 2 * len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Count the next head from nothing."""
        self._framing = 0
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, without a text."""
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()

    def _expect_head(self) -> None:
        self._stop_head_timer()
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_late(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def _notice_silence(transport: asyncio.Transport) -> None:
    # A peer whose machine vanished sends no goodbye; without this the kernel goes on trying for a quarter of an hour.
    connected = transport.get_extra_info("socket")
    if connected is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED)


def bounded(most_connections: int, *, tells_prefix: bool = False) -> type[Connection]:
    """Return the protocol class for listeners with at most `most_connections` connections each."""
    own = {"most_connections": most_connections, "tells_prefix": tells_prefix}
    return type("BoundedConnection", (Connection,), own)
