"""The node's listening socket and its server: uvicorn without its log, its headers and its signal handlers."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn

from privity_enclave.connection import Connection
from privity_enclave.failure import StartFailed
from privity_enclave.http import application
from privity_enclave.node import Node

BACKLOG: Final = 1024
UNSENT: Final = 16384  # bytes of a connection that the kernel takes beyond what its peer has room for
KEEP_ALIVE: Final = 75  # seconds an idle connection of a relay is kept
_CLOSING: Final = 2  # seconds for connections to end once the answers are over


class Server(uvicorn.Server):
    """A server whose process handles signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def make_server(node: Node) -> Server:
    """Return the server of a node, not yet serving."""
    return Server(
        uvicorn.Config(
            application(node),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=_CLOSING,
        )
    )


def bind(address: str) -> socket.socket:
    """Return a socket bound to `tcp:HOST:PORT` or `unix:PATH`. Raises StartFailed `arguments`, `listen`."""
    kind, _, rest = address.partition(":")
    try:
        if kind == "unix" and rest.startswith("/"):
            Path(rest).unlink(missing_ok=True)  # of an earlier run; two nodes on one path would fight over it
            return _bound(socket.AF_UNIX, rest)
        host, _, port = rest.rpartition(":")
        if kind == "tcp" and host and port.isdecimal() and int(port) < 65536:
            bare = host.removeprefix("[").removesuffix("]")
            return _bound(socket.AF_INET6 if ":" in bare else socket.AF_INET, (bare, int(port)))
    except OSError as error:
        raise StartFailed("listen", f"{address}: {error.strerror}") from error
    raise StartFailed("arguments", "--listen is tcp:HOST:PORT or unix:/absolute/path")


def _bound(family: socket.AddressFamily, address: str | tuple[str, int]) -> socket.socket:
    listener = socket.socket(family)
    if family != socket.AF_UNIX:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by connections; otherwise the kernel takes megabytes for a reader that stopped, and they are lost.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
