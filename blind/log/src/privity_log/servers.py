"""HTTP servers of one process: listening sockets by address, uvicorn without signals, logs or a name."""

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette

from privity_log.errors import LogError

BACKLOG: Final = 512
CONNECTIONS: Final = 1000  # beyond it: 503
DRAIN_SECONDS: Final = 5
_UNIX: Final = "unix:"


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process."""

    def __init__(self, application: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                limit_concurrency=CONNECTIONS,
                backlog=BACKLOG,
            )
        )
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and let those who wait know."""
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing: several servers share one process."""
        yield


def bind(address: str) -> socket.socket:
    """Return a listening socket for `host:port`, `[v6]:port` or `unix:PATH` (mode 0600). Raises LogError `listen`."""
    try:
        if address.startswith(_UNIX):
            return _bind_unix(Path(address.removeprefix(_UNIX)))
        host, _, port = address.rpartition(":")
        bare = host.strip("[]")
        family = socket.AF_INET6 if ":" in bare else socket.AF_INET
        return socket.create_server((bare, int(port)), family=family, backlog=BACKLOG)
    except (OSError, ValueError, OverflowError) as error:
        raise LogError("listen", f"{address}: {error}") from error


def shown(bound: socket.socket) -> str:
    """Return the address to print of a listening socket."""
    if bound.family == socket.AF_UNIX:
        return f"{_UNIX}{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(servers: Sequence[tuple[Server, socket.socket]]) -> None:
    """Serve until every server was told to stop (`should_exit`)."""
    await asyncio.gather(*(each.serve([bound]) for each, bound in servers))


def _bind_unix(path: Path) -> socket.socket:
    if path.is_socket():
        path.unlink()
    before = os.umask(0o177)
    try:
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(path))
    finally:
        os.umask(before)
    bound.listen(BACKLOG)
    return bound
