"""uvicorn's HTTP connection with what it leaves open: bounds on the head of a request, and a way to cut a reader off.

Source: specs/node-http.md, "Limits".
"""

from asyncio import TimerHandle
from asyncio.transports import Transport
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD: Final = 16384  # bytes of request line and headers; clients of ours send a few hundred
HEAD_SECONDS: Final = 20  # from the connection, or the first byte of a request, to the end of its headers
_REFUSED: Final = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One connection of the node's listener."""

    _head: int | None = 0  # bytes of the head so far; None while a body is read or an answer is sent
    _piece = 0  # bytes that came last
    _patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the time in which a first request must come."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what came while the head was not whole: the parser keeps all of it."""
        self._piece = len(data)
        if self._head is not None:
            self._head += self._piece
        super().data_received(data)
        if self._head is not None and self._head > MAX_HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Begin to count, and give the application a way to cut the connection."""
        super().on_message_begin()
        self._head = self._piece
        self.scope["extensions"] = {"privity.abort": self.transport.abort}  # type: ignore[dict-item]
        self._wait()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head = None
        self._wait_no_more()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, without a word: the library's words tell its name."""
        self.transport.write(_REFUSED)
        self.transport.close()

    def _wait(self) -> None:
        self._wait_no_more()
        self._patience = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _too_late(self, *_: Any) -> None:
        self.transport.abort()
